"""Line checks, the two chains, and what happens after a break."""

import msgspec

from hotline_protocol.events import Escalated, EscalationKind
from hotline_protocol.ledger import Entry, EntryKind, Head, agreement_id_of
from hotline_protocol.line import (
    CallOutcome,
    Entered,
    Entries,
    HangUp,
    LineCheck,
    LineChecked,
    Reason,
    Reconcile,
    Release,
)
from hotline_protocol.message import digest_of
from hotline_protocol.signature import CHARS
from hotline_services.conformance.examination.air import AS_WANTED, Air
from hotline_services.conformance.examination.bargaining import Bargain, settle
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step

SEAL = "seal" + "A" * (CHARS - 4)
"""No signature of ours: a copy of our chain need not check it."""


def _nobodys(case: Case) -> str:
    """The digest of an agreement that nobody has: each examination's own, for what is known need not be told again."""
    return digest_of(("an agreement that nobody has", case.brief.epoch))


def check_line(case: Case, *, agreement: str | None = None) -> Taking[LineChecked | None]:
    """Ask for a line check in the call that we are in, or in a new one."""
    if case.call_id is None:
        yield from case.call(Reason.LINE_CHECK)
    heads = case.peer.books.heads
    case.say(LineCheck, call_id=str(case.call_id), agreement=agreement or case.rules.digest, heads=heads)
    return (yield from case.hear(LineChecked, within_s=case.timing.silence_s, where=case.in_call))


def must_check_line(case: Case) -> Taking[LineChecked]:
    """The same. Raises NotTestedError when it is not answered."""
    return case.needed((yield from check_line(case)), "it does not answer a line check")


@scene(
    "A line check",
    same=step("We ring and check the line: it answers with the digest of the agreement.", "DIG-1"),
    heard=step("It tells the last that it has heard of us.", "DIG-3", "WIRE-5"),
    other=step("We check the line again, with the digest of another agreement.", "DIG-2"),
    own=step("It has answered that with the digest of its own agreement, not with ours.", "DIG-1"),
)
def line_check(case: Case) -> Script:
    """Whether both sides go by the same text."""
    case.step("same")
    heard = yield from check_line(case)
    case.check("DIG-1", heard and heard.agreement == case.rules.digest, _wanted(case), _told(heard))
    checked = case.needed(heard, "it does not answer a line check")
    check = next(m for m in reversed(case.peer.said.values()) if isinstance(m, LineCheck))
    case.step("heard")
    case.check("DIG-3", checked.heard_seq == check.seq, f"heard_seq {check.seq}", checked.heard_seq)
    case.check("WIRE-5", checked.cause == check.id, f"cause {check.id}", checked.cause)
    case.step("other")
    heard = yield from check_line(case, agreement=_nobodys(case))
    incident = yield from case.hear(
        Escalated, within_s=case.offer_s, where=lambda m: m.kind is EscalationKind.AGREEMENT_MISMATCH
    )
    case.check("DIG-2", incident, "escalated: agreement-mismatch", incident)
    case.step("own")
    case.check("DIG-1", heard and heard.agreement == case.rules.digest, _wanted(case), _told(heard))


def _wanted(case: Case) -> str:
    return f"{case.rules.digest}, the digest of {case.rules.name!r}: load the centre with the same agreement"


def _told(checked: LineChecked | None) -> str | None:
    return None if checked is None else checked.agreement


@scene(
    "After a break",
    agree=step("We agree on a flight, so that there is an entry."),
    chain=step("Its entry follows the head that it told before.", "LEDGER-1"),
    heads=step("At a line check it tells its new head.", "LEDGER-2"),
    back=step("We come back with a new session: it says how far it has come.", "REC-1"),
    lacking=step("We lack its last entry, and say so: it sends that, and nothing that we have.", "REC-2"),
    release=step("We give the flight back: it is entered as released.", "LEDGER-4"),
)
def back_again(case: Case) -> Script:
    """Its own chain."""
    case.step("agree")
    yield from must_check_line(case)
    yield from case.pause(case.brief.slack_s)  # what we lack of its chain it sends now
    head = case.peer.books.heads[case.brief.them]
    bargain = Bargain(case, Air(case.peer))
    bargain.propose()
    agreed = yield from settle(bargain, (yield from bargain.reply()))
    entry = case.peer.books.entered(agreement_id_of(bargain.id, agreed[0])) if agreed else None
    follows = False
    if entry is not None:
        case.step("chain")
        follows = (entry.index, entry.previous) == (head.length + 1, head.hash)
        expected = f"entry {head.length + 1} after {head.hash[:16]}"
        case.check("LEDGER-1", follows, expected, f"{entry.index} after {entry.previous[:16]}")
        yield from _heads(case, Head(length=entry.index, hash=entry.hash))
    case.hang_up()
    case.step("back")
    case.peer.come_back()
    reconcile = yield from case.hear(Reconcile, within_s=case.brief.real(10))
    case.check("REC-1", reconcile, "reconcile", reconcile)
    entry = case.needed(entry if follows else None, "nothing was agreed, or its entry does not follow")
    yield from _lacking(case, head)
    case.step("release")
    case.say(Release, agreement_id=entry.agreement_id)
    released = yield from case.hear(
        Entered, within_s=case.timing.silence_s, where=lambda m: m.entry.kind is EntryKind.RELEASED
    )
    right = released is not None and released.entry.agreement_id == entry.agreement_id
    case.check("LEDGER-4", right, f"entered: released, {entry.agreement_id}", released)


def _heads(case: Case, head: Head) -> Script:
    case.step("heads")
    checked = yield from must_check_line(case)
    told = checked.heads.get(case.brief.them)
    case.check(
        "LEDGER-2", told == head, f"{head.length}, {head.hash[:16]}", told and f"{told.length}, {told.hash[:16]}"
    )


def _lacking(case: Case, head: Head) -> Script:
    """As if what it has entered since this head had not reached us."""
    case.step("lacking")
    heads = {case.brief.us: case.peer.books.head, case.brief.them: head}
    case.say(Reconcile, agreement=case.rules.digest, heads=heads)
    before = set(case.peer.heard)
    sent = yield from case.hear(Entries, within_s=case.timing.silence_s, where=lambda m: m.id not in before)
    numbers = [entry.index for entry in sent.entries] if sent else []
    case.check("REC-2", numbers == [head.length + 1], f"entries {[head.length + 1]}", f"entries {numbers}")


@scene(
    "Its copy of our chain",
    claim=step(
        "We have written two entries that it has not got, and say how far we have come: it asks for them.", "REC-3"
    ),
    given=step("What it has not asked for it gives back.", "ASK-9"),
    copied=step("At a line check it has them.", "REC-3"),
    order=step("We send it two more, the second first.", "REC-4"),
    fork=step("We send one that does not follow: it has not copied it, and has put it on record.", "LEDGER-3"),
)
def its_copy(case: Case) -> Script:
    """What we grant, it copies."""
    yield from must_check_line(case)
    case.hang_up()
    case.step("claim")
    air, books = Air(case.peer), case.peer.books
    first = _grants(case, air), _grants(case, air)
    case.say(Reconcile, agreement=case.rules.digest, heads=books.heads)
    asked = yield from case.hear(Reconcile, within_s=case.timing.silence_s)
    if not case.check("REC-3", asked, "reconcile", asked):
        case.say(Entries, entries=first)  # or nothing that we grant from now on would follow what it has
    case.needed(asked, "it does not ask for what it lacks")
    case.step("given")
    given = yield from case.hear(
        Release, within_s=case.offer_s, where=lambda m: m.agreement_id in {entry.agreement_id for entry in first}
    )
    case.check("ASK-9", given, f"release of {first[0].agreement_id}", given)
    case.step("copied")
    yield from _has_copied(case, "REC-3")
    case.step("order")
    pair = _grants(case, air), _grants(case, air)
    for entry in reversed(pair):
        case.say(Entered, entry=entry)
    yield from case.pause(case.offer_s)
    yield from _has_copied(case, "REC-4")
    yield from _forked(case, air)


@scene(
    "A loss of ours",
    entry=step("We enter something, and it copies that."),
    lost=step("We have lost that entry, and say so in another epoch: it tells how far it has come.", "REC-5"),
    back=step("It sends us the entry that we have lost.", "REC-6"),
    seal=step("With it comes the seal that we had said it with.", "REC-7"),
    number=step("We ring, under a number that it has heard in our last epoch: it answers.", "DUP-5"),
)
def lost_state(case: Case) -> Script:
    """We go on in another epoch, and know less than it does."""
    yield from must_check_line(case)
    case.hang_up()
    case.step("entry")
    books = case.peer.books
    known = books.heads
    entry = _grants(case, Air(case.peer))
    case.say(Entered, entry=entry, seal=SEAL)
    yield from case.pause(case.offer_s)
    case.step("lost")
    case.peer.lose_state()
    asked = case.say(Reconcile, agreement=case.rules.digest, heads=known, lost=True)
    answer = yield from case.hear(Reconcile, within_s=case.timing.silence_s, where=lambda m: m.cause == asked.id)
    far = answer is not None and answer.heads.get(case.brief.us, Head()).length >= entry.index
    case.check("REC-5", far, f"reconcile, with {entry.index} of our entries or more", answer)
    case.step("back")
    sent = [m for m in case.peer.heard.values() if isinstance(m, Entries) and entry in m.entries]
    if case.check("REC-6", sent, f"entries: {entry.agreement_id}", sent[0] if sent else None):
        case.step("seal")
        given = any(m.seal == SEAL and m.entries[-1] == entry for m in sent)
        case.check("REC-7", given, f"entries that end with {entry.agreement_id}, and the seal {SEAL}", sent[-1])
    case.step("number")
    ring = case.ring(Reason.LINE_CHECK)
    answered = yield from case.answer_to(ring)
    case.check("DUP-5", answered, "answer", answered)
    case.say(HangUp, call_id=ring.call_id, outcome=CallOutcome.COMPLETED)


def _grants(case: Case, air: Air) -> Entry:
    """Write that we have granted it something, without telling."""
    case.peer.negotiations += 1
    negotiation = f"{case.brief.them}-{case.brief.epoch}-n{case.peer.negotiations}"
    menu = air.menu(air.contested, air.window())
    offer = f"{case.peer.negotiations:016x}"
    return case.peer.books.write(f"{negotiation}.{offer[:8]}", menu.volumes(AS_WANTED), offer, case.now)


def _has_copied(case: Case, requirement: str) -> Script:
    """Whether its copy has come as far as our chain, which releases may have made longer meanwhile."""
    checked = yield from must_check_line(case)
    told, ours = checked.heads.get(case.brief.us), case.peer.books.head
    case.check(
        requirement, told == ours, f"{ours.length}, {ours.hash[:16]}", told and f"{told.length}, {told.hash[:16]}"
    )


def _forked(case: Case, air: Air) -> Script:
    case.step("fork")
    head = case.peer.books.head
    window = air.window()
    false = case.peer.books.draft(
        f"{case.brief.them}-{case.brief.epoch}-fork.00000000",
        air.menu(air.contested, window).volumes(AS_WANTED),
        "f" * 16,
        case.now,
    )
    false = msgspec.structs.replace(false, previous="f" * 64)
    case.say(Entered, entry=false)
    incident = yield from case.hear(
        Escalated, within_s=case.offer_s, where=lambda m: m.kind is EscalationKind.LEDGER_MISMATCH
    )
    case.check("LEDGER-3", incident, "escalated: ledger-mismatch", incident)
    checked = yield from must_check_line(case)
    told = checked.heads.get(case.brief.us, Head())
    case.check("LEDGER-3", told.hash != false.hash, f"the head {head.hash[:16]}", told.hash[:16])
