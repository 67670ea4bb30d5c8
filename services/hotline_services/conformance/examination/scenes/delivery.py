"""Presence, receipts and repetitions."""

from hotline_protocol.injection import AnnouncedState, AnnounceLine
from hotline_protocol.line import Answer, Busy, CallOutcome, HangUp, Reconcile, Ring
from hotline_protocol.service import Health, Presence
from hotline_services.conformance.examination.case import Case
from hotline_services.conformance.examination.scene import Script, scene, step

WITHHELD_S = 6.0
"""Real seconds for which we do not confirm: it is to be said again after two."""


@scene(
    "Its presence",
    retained=step("We look at what the broker has retained of it.", "HEALTH-1"),
    again=step("We wait for its next sign of life.", "HEALTH-2"),
)
def presence(case: Case) -> Script:
    """Births, and that they go on."""
    case.step("retained")
    if not _retained(case):
        yield from case.hear(Health, within_s=case.brief.real(5), where=lambda _: _retained(case))
    found = _retained(case)
    up = bool(found) and found[-1].presence is Presence.UP
    case.check("HEALTH-1", up, "a retained health with up", found[-1] if found else None)
    case.step("again")
    again = yield from case.hear(Health, within_s=case.brief.real(11))
    case.check("HEALTH-2", again, "health within ten real seconds", again)


def _retained(case: Case) -> list[Health]:
    return [sign.health for sign in case.signs if sign.retained]


@scene(
    "What it says, until we confirm it",
    ring=step("We ring and do not confirm its answer: it comes again, the same in every byte that counts.", "RCPT-3"),
    confirm=step("We confirm it: it does not come any more.", "RCPT-4"),
)
def said_again(case: Case) -> Script:
    """Its outbox."""
    case.step("ring")
    case.peer.withholds = lambda message: isinstance(message, Answer)
    yield from case.call()
    answer = next(m for m in case.peer.heard.values() if isinstance(m, Answer) and m.call_id == case.call_id)
    case.hang_up(CallOutcome.COMPLETED)
    yield from case.pause(case.brief.real(WITHHELD_S))
    copies = case.peer.repeated[answer.id]
    same = len(copies) > 1 and len(set(copies)) == 1
    if not case.check(
        "RCPT-3", same, f"{answer.id} again, unchanged", f"{len(copies)} of it, {len(set(copies))} kinds"
    ):
        return
    case.step("confirm")
    case.peer.withholds = lambda _: False
    case.peer.receipt(answer)
    yield from case.pause(case.brief.real(1))
    before = len(copies)
    yield from case.pause(case.brief.real(2 * WITHHELD_S))
    case.check("RCPT-4", len(copies) == before, "nothing of it any more", f"{len(copies) - before} more of {answer.id}")


@scene(
    "What we say, once and twice",
    line=step("We say something on the line: it is receipted.", "RCPT-1"),
    twice=step("We say it again: it is receipted again.", "DUP-1"),
    ring=step("We ring, twice with the same `id`, and hang up: one answer.", "DUP-2", "RCPT-1"),
    inject=step("We have it announce that the line is open: that is receipted.", "RCPT-2"),
)
def repetitions(case: Case) -> Script:
    """Its journal."""
    case.step("line")
    message = case.say(Reconcile, agreement=case.rules.digest, heads=case.peer.books.heads)
    first = yield from case.receipt_of(message)
    case.check("RCPT-1", first, f"a receipt of {message.id}", "nothing" if not first else message.id)
    if first:
        case.step("twice")
        before = case.peer.receipted[message.id]
        case.peer.send(message)
        again = yield from case.receipt_of(message, times=before + 1)
        case.check("DUP-1", again, f"another receipt of {message.id}", "nothing" if not again else message.id)
    yield from _ring_twice(case)
    case.step("inject")
    order = case.inject(AnnounceLine, state=AnnouncedState.OPEN)
    taken = yield from case.receipt_of(order)
    case.check("RCPT-2", taken, f"a receipt of {order.id}", "nothing" if not taken else order.id)


def _ring_twice(case: Case) -> Script:
    case.step("ring")
    yield from case.call()
    ring = next(m for m in case.peer.said.values() if isinstance(m, Ring) and m.call_id == case.call_id)
    case.peer.send(ring)
    second = yield from case.hear(Answer, Busy, within_s=case.timing.ring_s, where=case.in_call)
    case.check("DUP-2", second is None, "one answer", second)
    call_id = str(case.call_id)
    end = case.say(HangUp, call_id=call_id, outcome=CallOutcome.COMPLETED)
    case.call_id = None
    taken = yield from case.receipt_of(end)
    case.check("RCPT-1", taken, f"a receipt of {end.id}", "nothing" if not taken else end.id)


@scene(
    "Stopping",
    stops=True,
    stop=step("We tell it to stop: its health says so, retained.", "HEALTH-3"),
)
def stopped(case: Case) -> Script:
    """Its farewell."""
    case.step("stop")
    case.see_that_it_lives()
    case.peer.tell_to_stop()
    down = yield from case.hear(
        Health, within_s=case.brief.real(10), where=lambda health: health.presence is Presence.DOWN
    )
    case.check("HEALTH-3", down, "health with down", down)
