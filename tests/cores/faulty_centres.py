"""A family of centres that are ours but for one fault each, and the requirements that each of them breaks."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from hotline_protocol.core import Core
from hotline_protocol.events import (
    CallEnded,
    Escalated,
    EscalationKind,
    InputRejected,
    NegotiationEnded,
    PlanStatus,
)
from hotline_protocol.flightplan import PlanState
from hotline_protocol.ledger import Entry, EntryKind, Head
from hotline_protocol.line import (
    Affirm,
    Answer,
    Busy,
    CallOutcome,
    Concur,
    Confirm,
    Counter,
    Decline,
    Entered,
    Entries,
    HangUp,
    Lapsed,
    LineCheck,
    LineChecked,
    MailRead,
    Noted,
    Propose,
    Reason,
    Reconcile,
    Release,
    Ring,
    Withdraw,
)
from hotline_protocol.message import Author, Message
from hotline_protocol.seal import without_seal
from hotline_services.aoc.centre import Centre
from hotline_services.simulation.chance import Chance

from .faulty import SCENARIO, Fault, Hear, Say, changed, never
from .faulty_lines import LINE_FAULTS
from .faulty_shells import (
    BelievesAnySignature,
    BelievesAnything,
    BelievesTheUnsigned,
    DeafToReceipts,
    DiesOfWhatItDoesNotKnow,
    ForbidsUnknownFields,
    HealthOnce,
    KnowsNoEpochs,
    Mumbles,
    NeverStops,
    NoReceipts,
    NotRetained,
    OneReceipt,
    SaysOnce,
    SignsNothing,
    TakesNumbersTwice,
    TakesTwice,
)

SIGNED: Final = ("SIGN-2", "SIGN-3", "SIGN-4")
ANOTHER: Final = "0123456789abcdef" * 4
FALSE: Final = Author("ru", "false")


# Faults of a core that remembers -------------------------------------------------------------------------------


class AnswersOnce:
    """After its first call the line is busy for ever."""

    def __init__(self) -> None:
        self._over = False

    def __call__(self, message: Message) -> Message | None:
        if isinstance(message, Answer) and self._over:
            return FALSE.say(Busy, message.time, to="us", call_id=message.call_id, cause=message.cause)
        self._over = self._over or isinstance(message, Busy)
        return message


class EntersTwice:
    """A confirmation that comes again makes another entry."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, heard: Message, said: list[Message], now: datetime) -> Iterable[Message]:
        entered = [m for m in said if isinstance(m, Entered) and m.entry.kind is EntryKind.GRANTED]
        self._count = self._count + 1 if isinstance(heard, Confirm) and entered else 0
        if self._count > 1:
            again = msgspec.structs.replace(entered[0].entry, entered_at=now)
            yield FALSE.say(Entered, now, to="us", entry=again)


class GivesUpWhenBusy:
    """Told that we are busy, it does not ring about that any more."""

    def __init__(self) -> None:
        self._told = False

    def __call__(self, message: Message) -> Message | None:
        self._told = self._told or (isinstance(message, CallEnded) and message.outcome is CallOutcome.BUSY)
        gives_up = self._told and isinstance(message, Ring) and message.reason is Reason.ADVICE
        return None if gives_up else message


def _passes_over_losses(message: Message) -> Message:
    return msgspec.structs.replace(message, lost=msgspec.UNSET) if isinstance(message, Reconcile) else message


class IgnoresWhatOvertakes:
    """An entry that comes before its time it neither keeps nor asks for."""

    def __init__(self) -> None:
        self._length = 0

    def __call__(self, message: Message) -> Message | None:
        if isinstance(message, Entries):
            self._length = max(self._length, *(entry.index for entry in message.entries))
        if isinstance(message, Entered) and message.entry.index == self._length + 1:
            self._length += 1
        elif isinstance(message, Entered):
            return None
        return message


class UsesNamesTwice:
    """All its answers bear one name."""

    def __call__(self, message: Message) -> Message:
        return msgspec.structs.replace(message, id="ru-answer") if isinstance(message, CallEnded) else message


# What it says besides ------------------------------------------------------------------------------------------


def _concurs(heard: Message, offer: str, now: datetime) -> Concur:
    return FALSE.say(
        Concur,
        now,
        to="us",
        call_id=heard.call_id,  # type: ignore[attr-defined]
        negotiation_id=heard.negotiation_id,  # type: ignore[attr-defined]
        offer=offer,
        hold_until=now + timedelta(seconds=30),
    )


def concurs_with_any_counter(heard: Message, _: list[Message], now: datetime) -> Iterable[Message]:
    if isinstance(heard, Counter):
        yield _concurs(heard, heard.offer, now)


def checks_line_outside_calls(heard: Message, said: list[Message], now: datetime) -> Iterable[Message]:
    if isinstance(heard, LineCheck) and any(isinstance(m, HangUp) for m in said):
        yield FALSE.say(
            LineChecked, now, to="us", call_id=heard.call_id, agreement=heard.agreement, heads={}, cause=heard.id
        )


def accepts_on_a_confirm(_: Message, said: list[Message], now: datetime) -> Iterable[Message]:
    if any(isinstance(m, Confirm) for m in said):
        yield FALSE.say(PlanStatus, now, plan_id=ASKED[-1], callsign="EXAM1", plan="0" * 16, state=PlanState.ACCEPTED)


ASKED: list[str] = []


def _remembers_plans(message: Message) -> Message:
    plan = getattr(message, "plan", None)
    if plan is not None:
        ASKED.append(plan.plan_id)
    return message


def _entered(lapsed: Message) -> Message:
    """An entry in place of what has lapsed."""
    if not isinstance(lapsed, Lapsed):
        return lapsed
    entry = Entry(
        granter="ru",
        user="us",
        index=900,
        previous="0" * 64,
        kind=EntryKind.GRANTED,
        agreement_id=f"{lapsed.negotiation_id}.{lapsed.offer[:8]}",
        offer=lapsed.offer,
        entered_at=lapsed.time,
    )
    return FALSE.say(Entered, lapsed.time, to="us", entry=entry)


class EntersWhatItHeld:
    """A hold that is taken up too late is entered; what never was one, is not."""

    def __init__(self) -> None:
        self._held: set[str] = set()

    def __call__(self, message: Message) -> Message:
        if isinstance(message, Concur):
            self._held.add(message.offer)
        return _entered(message) if isinstance(message, Lapsed) and message.offer in self._held else message


def _concur_in_place_of(*kinds: type[Message]) -> Say:
    def say(message: Message) -> Message:
        ours = isinstance(message, kinds) and message.negotiation_id.startswith("us")  # type: ignore[attr-defined]
        return _concurs(message, message.answers, message.time) if ours else message  # type: ignore[attr-defined]

    return say


def _both(*parts: Hear) -> Hear:
    def change(message: Message) -> Message | None:
        changed: Message | None = message
        for part in parts:
            changed = part(changed) if changed is not None else None
        return changed

    return change


def _impatient() -> Core:
    """It hangs up after a third of the agreed silence, and says that it has the agreement, until the line is moved."""
    rules = SCENARIO.agreement
    short = msgspec.structs.replace(rules, timing=msgspec.structs.replace(rules.timing, silence_s=22.0))
    return Centre("ru", SCENARIO.parties["ru"], short, epoch="0", chance=Chance(1))


_TRUE_DIGEST: Final = _both(
    changed(LineChecked, agreement=SCENARIO.agreement.digest), changed(Reconcile, agreement=SCENARIO.agreement.digest)
)


def _is(kind: EscalationKind) -> Callable[[Escalated], bool]:
    return lambda event: event.kind is kind


def _released(message: Entered) -> bool:
    return message.entry.kind is EntryKind.RELEASED


def _for_consent(ring: Ring) -> bool:
    return ring.reason in {Reason.ROUTINE, Reason.SHORT_NOTICE}


def _unusable(rejection: InputRejected) -> bool:
    return rejection.problem.code == "bad-proposal"


class Echo:
    """It repeats the digest that it has heard."""

    def __init__(self) -> None:
        self._heard = ""

    def hear(self, message: Message) -> Message:
        if isinstance(message, LineCheck):
            self._heard = message.agreement
        return message

    def say(self, message: Message) -> Message:
        return msgspec.structs.replace(message, agreement=self._heard) if isinstance(message, LineChecked) else message


ECHO: Final = Echo()

FAULTS: Final[dict[str, Fault]] = {
    "is not retained by the broker": Fault("HEALTH-1", shell=NotRetained),
    "says its health once": Fault("HEALTH-2", shell=HealthOnce),
    "does not stop when told to": Fault("HEALTH-3", shell=NeverStops),
    "says what cannot be read": Fault("WIRE-1", shell=Mumbles),
    "gives one name to many messages": Fault("WIRE-2", say=UsesNamesTwice),
    "goes by a clock of its own": Fault("WIRE-3", say=changed(CallEnded, time=lambda m: m.time + timedelta(hours=2))),
    "rejects messages with new fields": Fault("WIRE-4", shell=ForbidsUnknownFields),
    "does not say what it answers": Fault("WIRE-5", say=changed(Answer, cause=None)),
    "believes what a message says of its source": Fault("REJ-6", "REJ-7", shell=BelievesAnything),
    "passes rubbish over": Fault("REJ-1", "REJ-2", "REJ-3", "REJ-6", "REV-5", *SIGNED, say=never(InputRejected)),
    "dies of a type that it does not know": Fault("REJ-2", "REJ-4", shell=DiesOfWhatItDoesNotKnow),
    "does not refuse impossible plans": Fault("REJ-5", say=never(PlanStatus, lambda m: m.state is PlanState.REFUSED)),
    "sends no receipts": Fault("RCPT-1", "RCPT-2", shell=NoReceipts),
    "sends one receipt": Fault("DUP-1", shell=OneReceipt),
    "says everything once": Fault("RCPT-3", shell=SaysOnce),
    "is deaf to receipts": Fault("RCPT-4", shell=DeafToReceipts),
    "acts twice on what comes twice": Fault("DUP-2", "DUP-3", shell=TakesTwice),
    "enters twice": Fault("DUP-4", add=EntersTwice),
    "never answers": Fault("CALL-1", say=never(Answer)),
    "is never busy": Fault("CALL-2", say=never(Busy)),
    "goes on talking after a hang-up": Fault("CALL-3", add=checks_line_outside_calls),
    "answers once": Fault("CALL-4", say=AnswersOnce),
    "gives way to nobody": Fault("CALL-5", hear=never(Ring, lambda m: m.reason is Reason.EMERGENCY)),
    "never hangs up": Fault("SIL-1", "SIL-2", "CALL-6", say=never(HangUp)),
    "hangs up with a false outcome": Fault(
        "CALL-6", say=changed(HangUp, lambda m: m.outcome is CallOutcome.COMPLETED, outcome=CallOutcome.DROPPED)
    ),
    "does not tell how calls end": Fault("CALL-7", say=never(CallEnded)),
    "gives up when we are busy": Fault("CALL-8", say=GivesUpWhenBusy),
    "is impatient": Fault("SIL-3", "REV-7", core=_impatient, say=_TRUE_DIGEST),
    "notes nothing": Fault("TALK-1", "TALK-2", say=never(Noted)),
    "affirms nothing": Fault("TALK-3", say=never(Affirm)),
    "reads mail as an answer to nothing": Fault("TALK-4", say=changed(MailRead, cause=None)),
    "does not answer proposals": Fault("NEG-1", "NEG-4", "NEG-5", say=never((Concur, Counter, Decline))),
    "answers an offer that was not made": Fault("NEG-2", say=changed(Concur, offer="0" * 16)),
    "names its offers wrongly": Fault("NEG-3", say=changed(Counter, offer="0" * 16)),
    "accepts unsound menus": Fault(
        "NEG-4", "NEG-5", say=_both(_concur_in_place_of(Decline), never(InputRejected, _unusable))
    ),
    "grants its own air": Fault("NEG-6", say=_concur_in_place_of(Counter)),
    "enters nothing": Fault("NEG-7", "NEG-8", say=never(Entered)),
    "is deaf to our yes": Fault("NEG-8", hear=never(Concur, lambda m: m.negotiation_id.startswith("us"))),
    "enters what was withdrawn": Fault("NEG-9", hear=never(Withdraw)),
    "holds for ever": Fault("NEG-10", say=changed(Concur, hold_until=lambda m: m.time + timedelta(days=30))),
    "concurs with what has lapsed": Fault(
        "STALE-1", hear=changed(Propose, expires_at=lambda m: m.time + timedelta(seconds=60))
    ),
    "enters a hold that has lapsed": Fault("STALE-2", "NEG-9", say=EntersWhatItHeld),
    "enters whatever is confirmed": Fault("STALE-2", "STALE-3", "STALE-5", "NEG-9", say=_entered),
    "concurs with any counter": Fault("STALE-4", "ASK-7", "ASK-8", add=concurs_with_any_counter),
    "forgets its chain": Fault(
        "LEDGER-1",
        "LEDGER-2",
        say=changed(
            Entered, lambda m: not _released(m), entry=lambda m: msgspec.structs.replace(m.entry, previous="0" * 64)
        ),
    ),
    "tells other heads than it has": Fault(
        "LEDGER-2", say=changed(LineChecked, heads=lambda m: {**m.heads, "ru": Head()})
    ),
    "passes forks over": Fault("LEDGER-3", say=never(Escalated, _is(EscalationKind.LEDGER_MISMATCH))),
    "takes nothing back": Fault("LEDGER-4", hear=never(Release)),
    "has another agreement": Fault("DIG-1", "REV-7", say=changed(LineChecked, agreement="0" * 16)),
    "echoes our agreement": Fault("DIG-1", hear=ECHO.hear, say=ECHO.say),
    "passes other agreements over": Fault("DIG-2", say=never(Escalated, _is(EscalationKind.AGREEMENT_MISMATCH))),
    "does not count": Fault("DIG-3", say=changed(LineChecked, heard_seq=0)),
    "never asks for entries": Fault("REC-1", "REC-3", "REC-5", say=never(Reconcile)),
    "is deaf to what we lack": Fault("REC-2", "REC-3", "REC-5", "REC-6", hear=never(Reconcile)),
    "copies nothing": Fault(
        "REC-3", "REC-4", "REC-5", "REC-6", "ASK-5", "ASK-9", "LEDGER-3", hear=never((Entered, Entries))
    ),
    "loses seals": Fault("REC-7", hear=without_seal),
    "passes over that we have lost state": Fault("REC-5", "REC-6", hear=_passes_over_losses),
    "knows numbers and not epochs": Fault("DUP-5", "REC-5", "REC-6", shell=KnowsNoEpochs),
    "ignores what overtakes": Fault("REC-4", hear=IgnoresWhatOvertakes),
    "does not ask": Fault("ASK-1", say=never(Ring, _for_consent)),
    "names its proposals wrongly": Fault("ASK-2", say=changed(Propose, offer="0" * 16)),
    "takes nothing up": Fault("ASK-3", say=never(Confirm)),
    "flies on a hold": Fault("ASK-4", hear=_remembers_plans, add=accepts_on_a_confirm),
    "does not accept": Fault("ASK-5", say=never(PlanStatus, lambda m: m.state is PlanState.ACCEPTED)),
    "does not tell how negotiations end": Fault("ASK-6", say=never(NegotiationEnded)),
    "gives nothing back": Fault("ASK-9", "ASK-10", say=never(Release)),
    "signs nothing": Fault("SIGN-1", shell=SignsNothing),
    "believes what is not signed": Fault("SIGN-2", "SIGN-5", shell=BelievesTheUnsigned),
    "believes any signature": Fault("SIGN-3", "SIGN-5", shell=BelievesAnySignature),
    "passes numbers over that say two things": Fault("SIGN-4", shell=TakesNumbersTwice),
} | LINE_FAULTS
