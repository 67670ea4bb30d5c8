"""What `hotline doctor` makes of what was seen at a broker, without a broker."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from hotline_protocol.agreement import read_agreement
from hotline_protocol.message import Message
from hotline_protocol.service import WAITS, Clock, Health, Presence
from hotline_protocol.topics import address_of, encode
from hotline_services.delivery.payloads import NEEDED
from hotline_services.doctor.diagnosis.clocks import SHORTEST_DEADLINE_S
from hotline_services.doctor.diagnosis.findings import findings
from hotline_services.doctor.diagnosis.kinds import NO_CONNECTION, Finding, Kind
from hotline_services.doctor.diagnosis.observations import Heard, NoConnection, Observations
from hotline_services.doctor.diagnosis.retained import MOST
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.resources import scenarios_folder
from hotline_services.runtime.clock import wall_clock
from hotline_services.runtime.notes import Notes
from hotline_services.runtime.pace import Pace

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
START = datetime(2017, 6, 18, 12, 30, tzinfo=UTC)
SPEED = 60.0
NAMES = ("director", "monitor", "ru", "us")


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def clock(**other: Any) -> Clock:
    fields: dict[str, Any] = {"simulated_start": START, "real_start": ago(60), "speed": SPEED}
    return Clock(id="c", source="director", seq=0, time=START, **fields | other)


def sign(name: str, seconds: float = 5.0, *, session: str = "1-a", **other: Any) -> Health:
    """A sign of life of so long ago."""
    sent = ago(seconds)
    time = START + timedelta(seconds=60 - seconds) * SPEED
    fields: dict[str, Any] = {"presence": Presence.UP, "session": session, "sent": sent, "lag_ms": 2.0}
    return Health(id=f"{name}-{session}-{seconds}", source=name, seq=0, time=time, **fields | other)


def kept(message: Message, **other: Any) -> Heard:
    return msgspec.structs.replace(
        Heard(topic=address_of(message), payload=encode(message), retained=True, at=ago(1)), **other
    )


def fresh(message: Health, late: timedelta = timedelta()) -> Heard:
    """It arrives when it was sent, or as much later as our clock says."""
    sent = message.sent if isinstance(message.sent, datetime) else NOW
    return kept(message, retained=False, at=sent + late)


def seen(*heard: Heard, healthy: bool = True, **other: Any) -> Observations:
    """A broker of which everything is well, but for this."""
    well = [kept(clock()), *(kept(sign(name)) for name in NAMES)] if healthy else []
    fields: dict[str, Any] = {"broker": "mqtt://b:1883", "user": "observer", "connected_to": "mqtt://b:1883"}
    fields |= {"until": NOW, "packet_limit": NEEDED, "program": "1", "protocol": "a"}
    return Observations(heard=(*well, *heard), **fields | other)


def the_one(found: Sequence[Finding]) -> Finding:
    assert len(found) == 1, found
    return found[0]


def only(kind: Kind, about: str, observations: Observations) -> str:
    """The sentence of the only finding."""
    found = the_one(findings(observations))
    assert (found.kind, found.about) == (kind, about)
    assert found.sentence.endswith(".")
    assert found.remedy.endswith(".")
    return found.sentence


def test_of_a_healthy_stack_nothing_is_found() -> None:
    again = [fresh(sign(name, 0.5)) for name in NAMES]
    assert findings(seen()) == []
    assert findings(seen(*again, packet_limit=None, echoes_sent=2, echoes_s=(0.001, 0.002))) == []


@pytest.mark.parametrize("kind", NO_CONNECTION)
def test_without_a_connection_only_its_reason_is_found(kind: Kind) -> None:
    none = NoConnection(node="mqtt://b:1883", kind=kind, reason="why")
    nothing = seen(healthy=False, connected_to=None, no_connection=(none,))
    assert "at mqtt://b:1883: why." in only(kind, "mqtt://b:1883", nothing)


def test_a_dead_node_of_a_cluster_is_found_where_another_one_answers() -> None:
    none = NoConnection(node="mqtt://a:1883", kind=Kind.UNREACHABLE, reason="why")
    only(Kind.UNREACHABLE, "mqtt://a:1883", seen(no_connection=(none,)))


def test_a_topic_that_the_user_may_not_hear_is_found() -> None:
    refused = seen(not_subscribed=("hotline/v1/#",))
    assert "does not let observer hear" in only(Kind.RIGHTS, "hotline/v1/#", refused)


@pytest.mark.parametrize("said", ["Not authorized", ""])
def test_an_echo_that_is_refused_or_lost_is_found(said: str) -> None:
    echo = seen(user="us", echoes_sent=1, echo_refused=said)
    assert (said or "does not come back") in only(Kind.RIGHTS, "hotline/v1/control/us/us", echo)


def test_a_packet_limit_below_the_largest_message_is_found() -> None:
    assert f"{NEEDED - 1:,} bytes" in only(Kind.PACKET_LIMIT, "broker", seen(packet_limit=NEEDED - 1))


@pytest.mark.parametrize("garbage", [None, b"{", encode(clock())[:-20]])
def test_a_clock_that_is_not_there_or_cannot_be_read_is_found(garbage: bytes | None) -> None:
    others = [kept(sign(name)) for name in NAMES]
    bad = [] if garbage is None else [kept(clock(), payload=garbage)]
    found = {one.kind for one in findings(seen(*others, *bad, healthy=False))}
    assert found == ({Kind.NO_CLOCK, Kind.RETAINED} if bad else {Kind.NO_CLOCK})


@pytest.mark.parametrize(("ahead_s", "side"), [(5.0, "ahead of"), (-5.0, "behind")])
def test_the_clock_of_this_machine_is_compared_with_fresh_signs_of_life(ahead_s: float, side: str) -> None:
    by = timedelta(seconds=ahead_s)
    heard = [fresh(sign(name, 0.5), by) for name in NAMES]
    assert f"5.0 s {side}" in only(Kind.CLOCK_SKEW, "this machine", seen(*heard, until=NOW + by))


def test_a_machine_an_hour_ahead_is_told_so_and_does_not_take_the_services_for_silent() -> None:
    hour = timedelta(hours=1)
    heard = [fresh(sign(name, 0.5), hour) for name in NAMES]
    only(Kind.CLOCK_SKEW, "this machine", seen(*heard, until=NOW + hour))


@pytest.mark.parametrize("never", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_a_sign_of_life_from_a_time_that_cannot_be_is_no_measure_of_ours(never: datetime) -> None:
    lies = [kept(sign(name, 1.0, sent=never), retained=False) for name in ("us", "ru")]
    assert Kind.CLOCK_SKEW not in {each.kind for each in findings(seen(kept(clock()), *lies))}


def test_a_late_sign_of_life_is_no_skew_where_another_came_at_once() -> None:
    assert findings(seen(fresh(sign("us", 3), timedelta(seconds=3)), fresh(sign("us", 2)))) == []


def test_a_session_that_comes_back_after_another_is_found() -> None:
    in_turn = [fresh(sign("us", 3, session="2-b")), fresh(sign("us", 2, session="1-a"))]
    assert "2 processes say that they are us" in only(Kind.TWO_OF_ONE_NAME, "us", seen(*in_turn))


def test_a_service_that_was_started_again_is_one() -> None:
    will = sign("us", 4, presence=Presence.DOWN)
    assert findings(seen(fresh(will), fresh(sign("us", 3, session="2-b")))) == []


def test_a_session_that_is_heard_twice_by_two_subscriptions_is_one() -> None:
    assert findings(seen(*(kept(sign(name)) for name in NAMES))) == []


@pytest.mark.parametrize("note", ["", "stopped", f"{WAITS}: none is there"])
def test_a_service_that_is_down_is_found_with_its_note(note: str) -> None:
    assert note in only(Kind.DOWN, "ru", seen(fresh(sign("ru", 1, presence=Presence.DOWN, note=note))))


@pytest.mark.parametrize("sent", [ago(45), msgspec.UNSET])
def test_a_service_that_says_nothing_any_more_is_found(sent: Any) -> None:
    silent = [kept(clock()), *(kept(sign(name)) for name in NAMES if name != "ru"), kept(sign("ru", 45, sent=sent))]
    assert "45 s ago" in only(Kind.SILENT, "ru", seen(*silent, healthy=False))


@pytest.mark.parametrize(("gone", "about"), [("us", "centres"), ("monitor", "monitor"), ("director", "director")])
def test_a_service_that_nobody_has_heard_of_is_found(gone: str, about: str) -> None:
    others = [kept(clock()), *(kept(sign(name)) for name in NAMES if name != gone)]
    only(Kind.MISSING, about, seen(*others, healthy=False))


def test_a_broker_without_services_is_told_in_one_sentence() -> None:
    only(Kind.MISSING, "everybody", seen(kept(clock()), healthy=False))


def notes() -> dict[str, Kind]:
    """Notes as the services themselves make them, with what sort of trouble each is."""
    pace = Pace(60.0, lambda: ScaledClock(clock(), wall_clock))
    for _ in range(2):
        pace.judge(3.0)
    counts: Any = SimpleNamespace(refused=2, too_large=1, unshown=0, packet_limit=1_500)
    none: Any = SimpleNamespace(refused=0, too_large=0, unshown=0, packet_limit=None)
    said = Notes(counts, counts, none, []).text.split("; ")
    skew: Any = SimpleNamespace(trouble="this machine's clock is 5,000 ms ahead of director's; that is made up for")
    return {
        pace.trouble: Kind.TOO_SLOW,
        said[0]: Kind.RIGHTS,
        said[1]: Kind.PACKET_LIMIT,
        Notes(none, none, none, [skew]).text: Kind.CLOCK_SKEW,
        "another hotline-us tried to connect at 10:00:00 UTC": Kind.TWO_OF_ONE_NAME,
        "something else": Kind.TROUBLE,
    }


@pytest.mark.parametrize("note", notes())
def test_what_a_service_says_of_itself_is_found_as_what_it_is(note: str) -> None:
    assert note in only(notes()[note], "us", seen(fresh(sign("us", 1, note=note))))


def test_each_clause_of_a_note_is_a_finding() -> None:
    found = findings(seen(fresh(sign("us", 1, note="; ".join(notes())))))
    assert [one.kind for one in found] == list(notes().values())


@pytest.mark.parametrize(
    ("topic", "payload", "reason"),
    [
        ("hotline/v1/inject/us", b"{}", "only health and the clock are retained"),
        ("hotline/v1/nowhere", b"{}", "on no topic of the protocol"),
        ("hotline/v1/health/jp", b"{}", "cannot be used"),
        ("hotline/v1/health/jp", encode(sign("us")), "addressed to hotline/v1/health/us"),
    ],
)
def test_a_retained_message_that_should_not_be_is_found(topic: str, payload: bytes, reason: str) -> None:
    assert reason in only(Kind.RETAINED, topic, seen(Heard(topic=topic, payload=payload, retained=True, at=NOW)))


def test_a_clock_of_somebody_who_may_set_none_is_found() -> None:
    other = msgspec.structs.replace(clock(), source="us")
    assert "us" in only(Kind.RETAINED, "hotline/v1/clock", seen(kept(other)))


def test_a_forged_sign_of_life_is_found_and_not_believed() -> None:
    forged = kept(sign("us", 1, presence=Presence.DOWN), forged="is not that of us")
    assert "is not that of us" in only(Kind.RETAINED, "hotline/v1/health/us", seen(forged))


def test_of_very_many_retained_messages_the_rest_is_counted() -> None:
    garbage = [Heard(topic=f"hotline/v1/x/{n}", payload=b"", retained=True, at=NOW) for n in range(MOST + 5)]
    found = findings(seen(*garbage))
    assert len(found) == MOST + 1
    assert "5 more" in found[-1].sentence


@pytest.mark.parametrize("what", ["protocol", "program"])
def test_versions_that_differ_are_found(what: str) -> None:
    ours = {"program": "1", "protocol": "a"}
    same, other = sign("ru", 1, **ours), sign("us", 1, **ours | {what: "z"})
    assert "z: us" in only(Kind.VERSIONS, what, seen(fresh(same), fresh(other)))


def test_two_late_signs_of_life_in_a_row_are_found_and_one_is_not() -> None:
    late = [fresh(sign("us", seconds, lag_ms=500.0)) for seconds in (2, 1)]
    assert findings(seen(late[0])) == []
    assert "0.5 s" in only(Kind.TOO_SLOW, "us", seen(*late))


def test_our_own_echo_tells_of_a_slow_broker() -> None:
    only(Kind.TOO_SLOW, "this machine", seen(user="us", echoes_sent=3, echoes_s=(0.001, 0.5, 0.6)))


def test_the_shortest_deadline_is_that_of_the_shipped_agreements() -> None:
    agreements = (path for path in scenarios_folder().glob("agreements/*.toml") if path.stem != "conformance")
    shortest = [read_agreement(path.read_text(encoding="utf-8")).shortest_deadline_s for path in agreements]
    assert min(shortest) == SHORTEST_DEADLINE_S


def test_the_page_on_the_doctor_explains_each_finding() -> None:
    page = (ROOT / "docs" / "doctor.md").read_text(encoding="utf-8")
    assert [kind.value for kind in Kind if f"| `{kind.value}` |" not in page] == []
