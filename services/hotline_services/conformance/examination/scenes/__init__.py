"""All scenes, in the order in which they are played."""

from typing import Final

from hotline_services.conformance.examination.case import Case
from hotline_services.conformance.examination.scene import Scene, Script, scene, step

from . import amending, asking, calls, delivery, forging, granting, ledger, moving, rubbish, stale, talking


@scene(
    "All along",
    read=step("Whatever it says is read by the schemas, and held against the topic that it came on.", "WIRE-1"),
    names=step("Whatever it says is told by its `id` and `seq`.", "WIRE-2"),
    times=step("Whatever it says for the first time is held against the clock.", "WIRE-3"),
    signatures=step("Whatever it says on a signed topic is held against its signature.", "SIGN-1"),
    open=step("Whatever it discloses is held against the tier of the call.", "NEG-11"),
)
def all_along(_case: Case) -> Script:
    """Judged by the examiner from what it has seen, and not played."""
    yield from ()


ALL_ALONG: Final[Scene] = all_along
SCENES: Final[tuple[Scene, ...]] = (
    delivery.presence,
    ledger.line_check,
    calls.a_call,
    calls.silence,
    delivery.said_again,
    delivery.repetitions,
    talking.told,
    granting.a_proposal,
    granting.its_own_air,
    granting.unsound,
    granting.withdrawn,
    stale.lapsed,
    stale.countered,
    ledger.back_again,
    ledger.its_copy,
    rubbish.rubbish,
    rubbish.false_names,
    forging.forged,
    calls.rung,
    calls.nobody_answers,
    calls.both_ring,
    asking.granted,
    asking.wrong_counters,
    asking.declined,
    asking.too_late,
    amending.amended,
    moving.another_line,
    moving.no_line,
    moving.moved,
    ledger.lost_state,
    delivery.stopped,
)
