"""What there is to be talked over, named for a person: calls, and what waits, bear no more than its references."""

from typing import Final, NamedTuple

from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected, NegotiationEnded
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice, SightingKind
from hotline_protocol.line import Advise, MailRead, Noted, Protest
from hotline_protocol.message import Message
from hotline_protocol.orders import CallOnDesk, DecisionAwaited, DeskTaken, LodgeProtest, Waiting
from hotline_services.monitor.wording import offer, printable, words
from hotline_services.monitor.worldlog import place

REMEMBERED: Final = 1_000
NAMED_AT_ONCE: Final = 3
NAMES: Final = {
    AdviceKind.INQUIRY: "a question",
    AdviceKind.WARNING: "a warning",
    AdviceKind.OPERATION: "an operation",
    AdviceKind.STOP_REQUEST: "a stop request",
}


class Open(NamedTuple):
    """Something that is to be talked over with ``peer``, and in what manner, where that has been told."""

    peer: str
    name: str
    manner: str = ""


class Agenda:
    """Remembers what each reference stands for, as far as the desk of ``party`` has been told; ``open`` is what was to
    be talked over when the desk last told, and what has come to it since, without what is over."""

    def __init__(self, party: str) -> None:
        self._party: Final = party
        self._names: Final[dict[str, str]] = {}
        self._said: dict[str, str] = {}
        self.open: dict[str, Open] = {}

    def hear(self, message: Message) -> None:
        """Take in what this tells of anything that is to be talked over."""
        match message:
            case DeskTaken(source=self._party):
                self._said.clear()
                self.open = {item.ref: self._waits(item) for item in message.waiting}
            case PassAdvice(to=self._party) | LodgeProtest(to=self._party):
                self.open[message.id] = Open(message.peer, self._learn(message.id, _name(message)))
            case Advise(source=self._party) | Protest(source=self._party):
                self._said[message.id] = _name(message)
            case Noted(to=self._party):
                self._noted(message)
            case DecisionAwaited(source=self._party):
                self._learn(message.negotiation_id, _wanted(message))
            case NegotiationEnded(source=self._party):
                self.open.pop(message.negotiation_id, None)
            case MailRead(to=self._party):
                self.open.pop(message.about, None)
            case InputRejected(source=self._party):
                self.open.pop(message.evidence or "", None)
            case _:
                pass

    def about(self, call: CallOnDesk) -> str:
        """`` about`` what this call is, most pressing first, as far as that is known; else nothing."""
        known = [self._names[ref] for ref in call.about if ref in self._names][:NAMED_AT_ONCE]
        others = len(call.about) - len(known)
        if not known:
            return ""
        return f" about {'; '.join(known)}" + (f"; and {others} more" if others else "")

    def lines(self) -> list[str]:
        """What is to be talked over, a line each."""
        return [
            printable(f"To be talked over with {each.peer.upper()}: {each.name}{each.manner and f' ({each.manner})'}.")
            for each in self.open.values()
        ]

    def _waits(self, item: Waiting) -> Open:
        name = self._learn(item.ref, _waiting(item)) or self._names.get(item.ref, item.ref)
        return Open(item.peer, name, f"{words(item.reason.value)}, {words(item.tier.value)}")

    def _learn(self, ref: str, name: str) -> str:
        if name:
            self._names[ref] = name
        if len(self._names) > REMEMBERED:
            del self._names[next(iter(self._names))]
        return name

    def _noted(self, noted: Noted) -> None:
        """What has been said so, and is understood, need not be said again."""
        name = self._said.pop(noted.cause or "", None)
        ref = next((ref for ref, each in self.open.items() if each.name == name), "")
        self.open.pop(ref, None)


def _wanted(asked: DecisionAwaited) -> str:
    what = (
        f"your {asked.plan_id}"
        if asked.plan_id
        else f"the {words(asked.kind.value)} that {asked.peer.upper()} asks for"
    )
    return f"{what} ({offer(asked.menu, asked.choice)})"


def _waiting(item: Waiting) -> str:
    if item.plan_id is not None:
        return f"your {item.plan_id}, {item.ref}"
    if item.advice is None:
        return ""
    if item.protests is not None:
        return _protest(item.protests, item.advice.at, item.advice.statement)
    return _advice(item.advice)


def _name(said: PassAdvice | LodgeProtest | Advise | Protest) -> str:
    if isinstance(said, PassAdvice | Advise):
        return _advice(said.advice)
    return _protest(said.kind, said.at, said.statement)


def _advice(advice: Advice) -> str:
    return _quoted(f"{NAMES[advice.kind]} at {place(advice.at)}", advice.statement)


def _protest(kind: SightingKind, at: Position, statement: str) -> str:
    return _quoted(f"a protest against {words(kind.value)} at {place(at)}", statement)


def _quoted(what: str, statement: str) -> str:
    return f'{what}: "{statement}"' if statement else what
