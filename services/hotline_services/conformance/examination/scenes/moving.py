"""The line is reviewed, and moved by a few metres and back: after an examination it runs as it did before."""

from typing import Any, Final

import msgspec

from hotline_protocol.agreement import DeconflictionLine, LineReviewRule
from hotline_protocol.airspace import Position
from hotline_protocol.events import InputRejected, LineMoved
from hotline_protocol.line import Amend, ConcurTrace, CounterTrace, DeclineTrace, ProposeTrace
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.linereview import LineReview, ring_about_the_line
from hotline_services.conformance.examination.scene import Script, scene, step

from .ledger import check_line

A_HAIR_DEG: Final = 5e-5
"""5 m: two programs may draw a line so differently, and what is said counts."""
FAR_DEG: Final = 0.01
AHEAD_SLACKS: Final = 4

Offer = ProposeTrace | CounterTrace


@scene(
    "We ask for another line",
    open=step("We ring about the line and propose to move it as far as agreed: it answers while that stands.", "REV-1"),
    names=step("Its answer names what it answers, and what it offers itself.", "REV-1", "REV-2"),
    insist=step("We offer the same again, once more than agreed: it offers no more than agreed, and ends it.", "REV-3"),
)
def another_line(case: Case) -> Script:
    """What nobody need agree to."""
    line, rule = yield from ring_about_the_line(case)
    case.step("open")
    review = LineReview(case, line, rule)
    far = review.trace(rule.furthest_nm if line.right == case.brief.us else -rule.furthest_nm)
    ours = review.offer(far)
    heard = yield from review.reply()
    case.check("REV-1", heard, f"an answer in {case.offer_s:g} s", heard)
    case.step("names")
    heard = case.needed(heard, "it does not answer an offer of a line")
    offers = 0
    while isinstance(heard, CounterTrace):
        offers += 1
        _judge(case, review, rule, heard, ours)
        if review.rounds > rule.rounds:
            break
        ours = review.offer(far, heard)
        heard = yield from review.reply()
    if isinstance(heard, (ConcurTrace, DeclineTrace)):
        _names(case, heard.offer if isinstance(heard, ConcurTrace) else heard.answers, ours)
    case.step("insist")
    ended = isinstance(heard, (ConcurTrace, DeclineTrace)) and offers <= rule.rounds
    case.check("REV-3", ended, f"concur or decline, after {rule.rounds} offers at most", f"{offers} offers, no end")


def _names(case: Case, named: str, ours: Offer) -> None:
    case.check("REV-1", named == ours.offer, f"an answer to {ours.offer}", f"to {named}")


def _judge(case: Case, review: LineReview, rule: LineReviewRule, counter: CounterTrace, ours: Offer) -> None:
    """One offer of its. Raises NotTestedError when it is not what it says: then it could not tell what we answer."""
    _names(case, counter.answers, ours)
    trace = counter.trace
    of_this_line = trace.base == review.arc.digest and review.arc.takes_hold_at(trace.control)
    in_reach = len(trace.offsets_nm) == len(trace.control) and max(map(abs, trace.offsets_nm)) <= rule.furthest_nm
    sound = case.check(
        "REV-2",
        of_this_line and in_reach and counter.offer == review.name(trace),
        f"{review.name(trace)}: line {review.arc.digest} moved by {rule.furthest_nm:g} NM at most",
        f"{counter.offer}: line {trace.base} moved by {trace.offsets_nm}",
    )
    case.needed(sound or None, "what it offers is not what it says")


@scene(
    "We offer what is no line",
    digest=step("We propose one line and name another: it declines.", "REV-4"),
    base=step("We propose to move a line that does not run: the same.", "REV-4"),
    far=step("We propose to move it further than agreed: the same.", "REV-4"),
)
def no_line(case: Case) -> Script:
    """Whose offers nobody could draw."""
    line, rule = yield from ring_about_the_line(case)
    for name in ("digest", "base", "far"):
        case.step(name)
        review = LineReview(case, line, rule)
        trace = review.trace(2 * rule.furthest_nm if name == "far" else 0.0)
        if name == "base":
            trace = msgspec.structs.replace(trace, base="0" * 16)
        wrong: dict[str, Any] = {"offer": "0" * 16} if name == "digest" else {}
        review.offer(trace, **wrong)
        heard = yield from review.reply()
        case.check("REV-4", isinstance(heard, DeclineTrace), "decline-trace", heard)


@scene(
    "The line is moved",
    agree=step("We ring about the line and offer that it stays, until it concurs."),
    other=step("We say that it runs elsewhere, and then, by an offer that was never made: it refuses both.", "REV-5"),
    move=step(
        "We say that it runs so, but for 5 m: it says so when the time has come, and not before.", "REV-6", "REV-7"
    ),
    check=step("At a line check it has the agreement with exactly that line.", "REV-7"),
    back=step("In the same way we have the line run as before.", "REV-6", "REV-7"),
)
def moved(case: Case) -> Script:
    """From two times yes to one digest."""
    case.step("agree")
    line, rule = yield from ring_about_the_line(case)
    review = yield from _agreed_to_stay(case, line, rule)
    case.step("other")
    elsewhere = _shifted(line.trace, FAR_DEG)
    yield from _refused(case, review.amend(elsewhere, 0.0))
    yield from _refused(case, review.amend(line.trace, 0.0, offer="f" * 16))
    case.step("move")
    there = msgspec.structs.replace(line, trace=_shifted(line.trace, A_HAIR_DEG))
    case.peer.line_is_off = True
    yield from _moves(case, review, there)
    case.step("check")
    yield from _has(case, there)
    case.step("back")
    review = yield from _agreed_to_stay(case, there, rule)
    yield from _moves(case, review, line)
    case.peer.line_is_off = False
    yield from _has(case, line)


def _agreed_to_stay(case: Case, line: DeconflictionLine, rule: LineReviewRule) -> Taking[LineReview]:
    """A review in which it concurs that the line stays as it is. Raises NotTestedError when it does not."""
    review = LineReview(case, line, rule)
    stays = review.trace(0.0)
    review.offer(stays)
    heard = yield from review.insist(stays, (yield from review.reply()), rule.rounds)
    case.needed(heard if isinstance(heard, ConcurTrace) else None, "it does not concur that the line stays")
    return review


def _shifted(trace: tuple[Position, ...], by_deg: float) -> tuple[Position, ...]:
    """To the east."""
    return tuple(Position(round(at.lon_deg + by_deg, 8), at.lat_deg) for at in trace)


def _refused(case: Case, amend: Amend) -> Script:
    """It is not taken: that is said with the reason, and the line stays."""

    def about_it(message: InputRejected | LineMoved) -> bool:
        return isinstance(message, LineMoved) or message.cause in {None, amend.id}

    told = yield from case.hear(InputRejected, LineMoved, within_s=case.brief.real(5), where=about_it)
    refused = isinstance(told, InputRejected) and bool(told.problem.reason)
    case.check("REV-5", refused, f"input-rejected, of {amend.id}", told)


def _moves(case: Case, review: LineReview, line: DeconflictionLine) -> Script:
    slack_s = case.brief.slack_s

    def of_it(message: LineMoved) -> bool:
        return message.review_id == review.id

    review.amend(line.trace, AHEAD_SLACKS * slack_s)
    early = yield from case.hear(LineMoved, within_s=(AHEAD_SLACKS - 2) * slack_s, where=of_it)
    case.check("REV-6", early is None, "no line-moved before its time", early)
    said = early or (yield from case.hear(LineMoved, within_s=case.offer_s, where=of_it))
    right = said is not None and said.trace == line.trace
    case.check("REV-6", right, f"line-moved of {review.id}, to exactly what was said", said)
    digest = _by(case, line)
    told = said and said.agreement
    case.check("REV-7", told == digest, f"line-moved, with the digest {digest}", told)


def _has(case: Case, line: DeconflictionLine) -> Script:
    """Whether it goes by the agreement with this line."""
    digest = _by(case, line)
    checked = yield from check_line(case, agreement=digest)
    case.check(
        "REV-7", checked and checked.agreement == digest, f"line-checked, with {digest}", checked and checked.agreement
    )


def _by(case: Case, line: DeconflictionLine) -> str:
    return case.rules.with_trace(line.trace).digest
