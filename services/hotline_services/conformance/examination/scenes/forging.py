"""What somebody else says in our name."""

import msgspec

from hotline_protocol.events import InputRejected
from hotline_protocol.line import Reason, Ring
from hotline_protocol.topics import address_of, encode
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step
from hotline_services.conformance.examination.seals import SignedBy

BAD_SIGNATURE = "bad-signature"


@scene(
    "Forged",
    signed=True,
    call=step("We ring, to see that it answers, and hang up."),
    unsigned=step("We ring without a signature.", "SIGN-2"),
    stranger=step("We ring with the signature of somebody whom it does not know.", "SIGN-3"),
    elsewhere=step("We ring with a signature of ours that was made for another message.", "SIGN-3"),
    changed=step("We ring with a number that we have used for another ring.", "SIGN-4"),
    after=step("We ring as we should, with the next number: it answers.", "SIGN-5"),
)
def forged(case: Case) -> Script:
    """Nothing comes of it but a word that it was refused."""
    case.step("call")
    yield from case.call()
    case.hang_up()
    genuine = case.needed(next((m for m in case.peer.said.values() if isinstance(m, Ring)), None), "it was not rung")
    yield from case.pause(2 * case.brief.slack_s)
    case.step("unsigned")
    yield from _refused(case, "SIGN-2", _ring(case), SignedBy.NOBODY, BAD_SIGNATURE)
    case.step("stranger")
    yield from _refused(case, "SIGN-3", _ring(case), SignedBy.STRANGER, BAD_SIGNATURE)
    case.step("elsewhere")
    yield from _refused(case, "SIGN-3", _ring(case), SignedBy.ANOTHER, BAD_SIGNATURE)
    case.step("changed")
    again = msgspec.structs.replace(_ring(case), seq=genuine.seq, id=case.peer.next_id("again"))
    yield from _refused(case, "SIGN-4", again, SignedBy.ITSELF, "")
    case.step("after")
    answer = yield from case.answer_to(case.ring())
    case.check("SIGN-5", answer, "an answer, or busy", answer)
    case.hang_up()


def _ring(case: Case) -> Ring:
    """A ring that is not counted: its number is that of the next that is."""
    case.peer.calls += 1
    call_id = f"{case.brief.us}-{case.brief.epoch}-c{case.peer.calls}"
    return case.peer.forgery(Ring, call_id=call_id, reason=Reason.ROUTINE, tier=case.rules.tiers[0].tier)


def _refused(case: Case, requirement: str, ring: Ring, by: SignedBy, code: str) -> Taking[None]:
    topic = address_of(ring)
    case.peer.utter(topic, encode(ring), signed_by=by)
    patience_s = case.brief.real(5)
    told = yield from case.hear(InputRejected, within_s=patience_s, where=lambda m: m.topic == topic)
    right = told is not None and code in {"", told.problem.code}
    shown = f"{told.problem.code}: {told.problem.reason}" if told else None
    if not case.check(requirement, right, f"input-rejected of {topic}{f', {code}' * bool(code)}", shown):
        return
    answer = yield from case.answer_to(ring)
    case.check(requirement, answer is None, "no answer to it", answer)
    receipts = case.peer.receipted.get(ring.id, 0)
    case.check(requirement, receipts == 0, "no receipt for it", f"{receipts} receipts")
