"""A negotiation that we ask for: its menu, its offers, and what comes of them."""

from typing import Any, Final

from hotline_protocol.airspace import Position, Volume4D
from hotline_protocol.flightplan import FlightKind, Priority
from hotline_protocol.ledger import Entry, agreement_id_of
from hotline_protocol.line import Concur, Confirm, Counter, Decline, Disclose, Entered, HangUp, Lapsed, Propose, Reason
from hotline_protocol.menu import Choice, Menu, Window
from hotline_protocol.message import Message

from .air import AS_WANTED, Air, offer_of
from .case import Case, Taking

REPLIES: Final = (Counter, Concur, Decline, Disclose)


class Bargain:
    """One negotiation, in the call that the case is in when it begins: its offers go on bearing the name of that."""

    def __init__(self, case: Case, air: Air, where: Position | None = None, window: Window | None = None) -> None:
        case.peer.negotiations += 1
        self.case: Final = case
        self.call_id: Final = str(case.call_id)
        self.id: Final = f"{case.brief.us}-{case.brief.epoch}-n{case.peer.negotiations}"
        self.menu: Menu = air.menu(where or air.contested, window or air.window())
        self.rounds = 0

    def offer(self, choice: Choice = AS_WANTED) -> str:
        """The digest of this choice, in this call."""
        return offer_of(self.id, self.call_id, self.menu, choice)

    def volumes(self, choice: Choice) -> tuple[Volume4D, ...]:
        """The air that this choice stands for."""
        return self.menu.volumes(choice)

    def propose(self, choice: Choice = AS_WANTED, **changes: Any) -> Propose:
        """Open, or open again; ``changes`` make it another proposal than it should be."""
        self.rounds += 1
        fields: dict[str, Any] = {
            "menu": self.menu,
            "choice": choice,
            "offer": self.offer(choice),
            "expires_at": self.case.peer.later(self.case.offer_s),
        }
        return self.case.say(
            Propose,
            call_id=self.call_id,
            negotiation_id=self.id,
            kind=FlightKind.PATROL,
            priority=Priority.ROUTINE,
            round=self.rounds,
            **(fields | changes),
        )

    def is_ours(self, message: Message) -> bool:
        """Whether this belongs to the negotiation."""
        return getattr(message, "negotiation_id", None) == self.id

    def reply(self, *kinds: type[Message], within_s: float | None = None) -> Taking[Message | None]:
        """The next thing that it says in this negotiation, or that it hangs up."""
        wanted = kinds or REPLIES

        def ours(message: Message) -> bool:
            return (isinstance(message, HangUp) and message.call_id == self.call_id) or self.is_ours(message)

        patience = self.case.offer_s if within_s is None else within_s
        heard = yield from self.case.hear(*wanted, HangUp, within_s=patience, where=ours)
        return None if isinstance(heard, HangUp) else heard

    def concur(self, offer: str) -> Concur:
        """Agree to an offer of its."""
        return self.case.say(
            Concur,
            call_id=self.call_id,
            negotiation_id=self.id,
            offer=offer,
            hold_until=self.case.peer.later(self.case.offer_s),
        )

    def confirm(self, offer: str) -> Confirm:
        """Take up a hold."""
        return self.case.say(Confirm, negotiation_id=self.id, offer=offer)

    def outcome(self, offer: str, *, within_s: float | None = None) -> Taking[Message | None]:
        """Whether this offer is entered, or has lapsed; None if neither is said."""
        agreement_id = agreement_id_of(self.id, offer)

        def ours(message: Entered | Lapsed) -> bool:
            if isinstance(message, Entered):
                return message.entry.agreement_id == agreement_id
            return message.negotiation_id == self.id and message.offer == offer

        wait_s = self.case.timing.silence_s if within_s is None else within_s
        return (yield from self.case.hear(Entered, Lapsed, within_s=wait_s, where=ours))

    def holds(self, entry: Entry, offer: str, choice: Choice) -> bool:
        """Whether this entry grants exactly that offer."""
        brief = self.case.brief
        return (entry.granter, entry.user, entry.offer, entry.volumes) == (
            brief.them,
            brief.us,
            offer,
            self.volumes(choice),
        )


def ask(case: Case, air: Air, choice: Choice = AS_WANTED, **where: Any) -> Taking[tuple[Bargain, Message | None]]:
    """Ring, propose, and hear the answer."""
    yield from case.call(Reason.ROUTINE)
    bargain = Bargain(case, air, **where)
    bargain.propose(choice)
    return bargain, (yield from bargain.reply())


def settle(bargain: Bargain, heard: Message | None) -> Taking[tuple[str, Choice] | None]:
    """Agree to whatever it has answered; the offer and what it stands for, or None if it has not been agreed."""
    match heard:
        case Concur(offer=offer):
            bargain.confirm(offer)
            agreed = AS_WANTED
        case Counter(offer=offer, choice=choice):
            bargain.concur(offer)
            agreed = choice
        case _:
            return None
    entered = yield from bargain.outcome(offer)
    return (offer, agreed) if isinstance(entered, Entered) else None
