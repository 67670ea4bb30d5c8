"""An air operations centre: a core that is a value. It can be cloned, compared, written down and read back."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from hotline_protocol.agreement import Agreement
from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import OVER, PlanState, Priority
from hotline_protocol.forms import Form, Forms, fingerprint
from hotline_protocol.message import Message
from hotline_protocol.slices import read, write
from hotline_services.simulation.chance import Chance

from .config import PartyConfig, Roster
from .filed import Filed
from .ledger import PairLedger
from .officer import OwnOfficer
from .parts import Parts, State
from .questions import Question


class Centre:
    """One side's air operations centre: a :class:`~hotline_protocol.core.Core` that is a value.

    Its clones share its parts, which hold configuration and wiring, and work on the state of one of them at a time.
    """

    def __init__(
        self,
        party: str,
        config: PartyConfig,
        agreement: Agreement,
        *,
        epoch: str,
        chance: Chance,
        roster: Roster = Roster(),  # noqa: B008  frozen
        officer: OwnOfficer | None = None,
    ) -> None:
        self.party: Final = party
        self.peers: Final = tuple(name for name in agreement.parties if name != party)
        self._parts: Final = Parts(party, config, agreement, epoch=epoch, chance=chance, roster=roster, officer=officer)
        self._state = self._parts.state
        self._index = self._parts.reservations.index
        self._deadlines = self._parts.calendar.deadlines
        self._forms = Forms()

    @property
    def parts(self) -> Parts:
        """The parts, at work on the state of this centre."""
        if self._parts.state is not self._state:
            self._parts.work_on(self._state, self._index, self._deadlines)
        return self._parts

    # A core -----------------------------------------------------------------------------------------------

    @property
    def next_deadline(self) -> datetime | None:
        """When the first of the parts wants to be woken; worked out once a turn."""
        return self._state.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        """Deal with one message. See :class:`~hotline_protocol.core.Core`."""
        return self.parts.receive(message, now)

    def lapse(self, now: datetime) -> Sequence[Message]:
        """Do what time has brought about."""
        return self.parts.lapse(now)

    # A value ----------------------------------------------------------------------------------------------

    def clone(self) -> "Centre":
        """See :class:`~hotline_protocol.core.Value`."""
        twin = object.__new__(Centre)
        twin.__dict__ = self.__dict__ | {
            "_state": self._state.copy(),
            "_index": self._index.copy(),
            "_deadlines": self._deadlines.copy(),
            "_forms": self._forms.copy(),
        }
        return twin

    def fingerprint(self, since: datetime | None = None) -> bytes:
        """See :class:`~hotline_protocol.core.Value`."""
        return fingerprint(self.forms(), since)

    def forms(self) -> list[Form]:
        """The form of each slice of the state."""
        state = self._state
        return self._forms.of([(name, getattr(state, name)) for name in State.__struct_fields__])

    def save(self) -> bytes:
        """See :class:`~hotline_protocol.core.Value`."""
        return write(self._state)

    def load(self, saved: bytes) -> None:
        """See :class:`~hotline_protocol.core.Value`."""
        self._state = read(saved, State)
        self._index = self._parts.reservations.indexed(self._state.picture)
        self._deadlines = {}
        self._deadlines.update(self.parts.calendar.asked())

    # What is asked of it ----------------------------------------------------------------------------------

    @property
    def agreement(self) -> Agreement:
        """What is agreed now: the line may have been moved."""
        return self._state.accord.agreement

    @property
    def now(self) -> datetime:
        """The time of its last turn."""
        return self._state.now

    @property
    def plans(self) -> Mapping[str, Filed]:
        """Our plans by id."""
        return self._state.plans.plans

    @property
    def ledgers(self) -> Mapping[str, PairLedger]:
        """The ledger of each pair that we are one of, by the peer."""
        return self.parts.ledgers

    def own_reservations(self) -> Iterator[tuple[str, tuple[Volume4D, ...], Priority]]:
        """Agreements that we rely on now: (id, volumes, priority)."""
        for filed in self.plans.values():
            if filed.state not in OVER and filed.state is not PlanState.NEGOTIATING:
                for agreement_id, _, volumes in filed.agreements:
                    yield agreement_id, volumes, filed.priority

    def open_negotiations(self) -> list[str]:
        """Ids of negotiations that are not over."""
        return self.parts.talks.open_ids()

    def open_reviews(self) -> list[str]:
        """The id of the line review that is not over, if any."""
        return self.parts.reviews.open_ids()

    def open_calls(self) -> list[str]:
        """The ids of the calls in progress."""
        return [call.id for call in self._state.desk.calls]

    def open_questions(self) -> list[Question]:
        """What whoever sits at the desk has not answered yet: rings, and offers about flights."""
        return [*self.parts.desk.incoming.open_questions(), *self.parts.talks.open_questions()]

    def untold(self) -> list[str]:
        """What is yet to be protested against or passed on."""
        return list(self._state.telling.untold)
