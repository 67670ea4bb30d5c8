"""The officer's seat: the automatic officer has it until a person takes it, and again when their lease is over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, assert_never

from hotline_protocol.airspace import Volume4D
from hotline_protocol.line import OnCallMessage, Ring
from hotline_protocol.orders import DecisionAwaited, Sitting, Verdict

from .negotiation import Accept, Answer, GiveUp, Offer
from .officer import Offered, Officer
from .picture import Picture
from .state import Lease, SeatState
from .uses import plan_of
from .voice import Voice


class PersonOrdering:
    """A person decides: nothing is answered until they order it, and each offer is laid before them."""

    has_one_ear: Final = True

    def __init__(self, party: str, picture: Picture, voice: Voice) -> None:
        self._party = party
        self._picture = picture
        self._voice = voice

    def picks_up_in_s(self, _ring: Ring, _now: datetime) -> float | None:
        """See :class:`~.officer.Officer`: when they say so."""
        return None

    def grasp_s(self, _message: OnCallMessage) -> float:
        """See :class:`~.officer.Officer`: they do the thinking."""
        return 0.0

    def judge(self, offered: Offered) -> Answer | None:
        """See :class:`~.officer.Officer`: say what there is to decide, and what would have been said by ourselves."""
        facts = offered.laid_out()
        meets = self._own_plans_met(facts)
        self._voice.say(DecisionAwaited, **facts, meets=meets, **_advice(offered.weigh(), facts))
        return None

    def _own_plans_met(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        volumes: tuple[Volume4D, ...] = facts["menu"].volumes(facts["choice"])
        met = self._picture.met(volumes, but=facts["plan_id"] or "")
        return tuple(dict.fromkeys(plan_of(use.ref) for use in met if use.user == self._party))


def _advice(answer: Answer, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The automatic officer's answer, as it stands in a message."""
    match answer:
        case Accept():
            return {"officer": Verdict.CONCUR}
        case Offer(outcome=outcome):
            return {"officer": Verdict.COUNTER, "officer_choice": facts["menu"].choice(outcome)}
        case GiveUp():
            return {"officer": Verdict.DECLINE}
        case _:
            assert_never(answer)


class Seat:
    """An :class:`~.officer.Officer`: whoever sits there now."""

    def __init__(self, automatic: Officer, person: Officer) -> None:
        self._automatic: Final = automatic
        self._person: Final = person
        self.state = SeatState()

    @property
    def lease(self) -> Lease | None:
        """Whose the seat is, if a person has it."""
        return self.state.lease

    @property
    def _sits(self) -> Officer:
        return self._automatic if self.lease is None else self._person

    def take(self, by: Sitting, until: datetime) -> None:
        """A person has the seat until then, in the place of whoever had it."""
        self.state.lease = Lease(by=by, until=until)

    def give_back(self) -> None:
        """The automatic officer has it again."""
        self.state.lease = None

    @property
    def has_one_ear(self) -> bool:
        """See :class:`~.officer.Officer`."""
        return (self._automatic if self.state.lease is None else self._person).has_one_ear

    def picks_up_in_s(self, ring: Ring, now: datetime) -> float | None:
        """See :class:`~.officer.Officer`."""
        return self._sits.picks_up_in_s(ring, now)

    def grasp_s(self, message: OnCallMessage) -> float:
        """See :class:`~.officer.Officer`."""
        return self._sits.grasp_s(message)

    def judge(self, offered: Offered) -> Answer | None:
        """See :class:`~.officer.Officer`."""
        return self._sits.judge(offered)
