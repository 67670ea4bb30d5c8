"""What is told and asks for no air."""

from datetime import timedelta

from hotline_protocol.injection import Advice, AdviceKind, SightingKind
from hotline_protocol.line import Advise, Affirm, Mail, MailRead, Noted, Protest, ReadBack, Reason
from hotline_services.conformance.examination.air import Air
from hotline_services.conformance.examination.case import Case, Taking
from hotline_services.conformance.examination.scene import Script, scene, step


@scene(
    "What we tell it",
    protest=step("We ring and protest; if it reads that back, we affirm it.", "TALK-1", "WIRE-5"),
    advise=step("We tell it of an operation; if it reads that back, we affirm it.", "TALK-2"),
    mail=step("We write to it.", "TALK-4"),
)
def told(case: Case) -> Script:
    """By phone and by mail."""
    spot = Air(case.peer).contested
    yield from case.call(Reason.PROTEST)
    case.step("protest")
    call, seen = str(case.call_id), case.now - timedelta(minutes=5)
    protest = case.say(Protest, call_id=call, kind=SightingKind.SHOW_OF_FORCE, at=spot, seen_at=seen)
    noted = yield from _noted(case, protest)
    case.check("TALK-1", noted, f"noted, of {protest.id}", noted)
    if noted is not None:
        case.check("WIRE-5", noted.cause == protest.id, f"cause {protest.id}", noted.cause)
    case.step("advise")
    start = case.now + timedelta(hours=3)
    advice = Advice(kind=AdviceKind.OPERATION, at=spot, start=start, end=start + timedelta(hours=1))
    said = case.say(Advise, call_id=call, advice=advice)
    noted = yield from _noted(case, said)
    case.check("TALK-2", noted, f"noted, of {said.id}", noted)
    case.hang_up()
    case.step("mail")
    mail = case.say(Mail, about=case.peer.next_id("mail"), advice=advice)
    read = yield from case.hear(MailRead, within_s=case.timing.negotiation_s, where=lambda m: m.about == mail.about)
    read = case.needed(read, "nobody there has read the mail in the time that a negotiation may take")
    case.check("TALK-4", read.cause == mail.id, f"mail-read, with the cause {mail.id}", read.cause)


def _noted(case: Case, said: Protest | Advise) -> Taking[Noted | None]:
    """That it is noted, after it has been read back perhaps."""
    for _ in range(3):
        heard = yield from case.hear(Noted, ReadBack, within_s=case.timing.silence_s, where=case.in_call)
        if not isinstance(heard, ReadBack):
            return heard if isinstance(heard, Noted) else None
        at = said.at if isinstance(said, Protest) else said.advice.at
        case.say(Affirm, call_id=heard.call_id, at=at, cause=heard.id)
    return None
