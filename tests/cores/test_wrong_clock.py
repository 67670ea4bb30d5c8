"""A centre whose machine has a wrong clock: its silence is on record as unanswered rings, not as the line's failure."""

import msgspec
import pytest

from hotline_protocol.events import ActualState, CallEnded, EscalationKind, LineStateChanged
from hotline_protocol.line import CallOutcome
from hotline_protocol.message import Message
from hotline_protocol.service import MOST_SKEW_MS, Health, Presence
from hotline_services.delivery.presence import Peers

from .joined import DAWN, Joined, plan


def health(presence: Presence, skew_ms: float | msgspec.UnsetType, session: str = "s2") -> Health:
    return Health(
        id=f"{presence.value}-{skew_ms}",
        source="ru",
        seq=0,
        time=DAWN,
        presence=presence,
        session=session,
        skew_ms=skew_ms,
    )


def unheard(message: Message) -> bool:
    return getattr(message, "to", "") == "ru"


def rung_in_vain(*signs: Health) -> Joined:
    """US rings RU, which never answers, after these signs of life of RU."""
    world = Joined()
    for sign in signs:
        world.centres["us"].receive(sign, world.now)
    world.lost = unheard
    world.file("us", plan("p1", hours=2))
    world.run(minutes=60)
    assert sum(call.outcome is CallOutcome.NO_ANSWER for call in world.all(CallEnded)) > 1
    return world


@pytest.mark.parametrize("skew_ms", [MOST_SKEW_MS + 1, -3_600_000.0])
def test_a_peer_whose_clock_is_too_far_off_is_not_recorded_as_a_line_that_is_down(skew_ms: float) -> None:
    world = rung_in_vain(health(Presence.DOWN, skew_ms))
    assert world.escalations(EscalationKind.LINE_DOWN) == []
    assert world.all(LineStateChanged) == []


@pytest.mark.parametrize("skew_ms", [MOST_SKEW_MS, msgspec.UNSET])
def test_a_peer_that_is_silent_with_a_sound_clock_is(skew_ms: float | msgspec.UnsetType) -> None:
    world = rung_in_vain(health(Presence.DOWN, MOST_SKEW_MS + 1), health(Presence.UP, skew_ms, "s3"))
    assert len(world.escalations(EscalationKind.LINE_DOWN)) == 1
    assert [change.state for change in world.all(LineStateChanged)] == [ActualState.SILENT]


def test_that_a_clock_is_found_to_be_off_is_news() -> None:
    peers = Peers()
    assert peers.news(health(Presence.DOWN, msgspec.UNSET))
    assert peers.news(health(Presence.DOWN, MOST_SKEW_MS + 1))
    assert not peers.news(health(Presence.DOWN, MOST_SKEW_MS + 2))
