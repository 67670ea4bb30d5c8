"""What Prometheus is told: the same however often it asks, named as it wants it, and bounded whatever is said."""

import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from hotline_protocol.events import CallEnded, InputRejected, NegotiationEnded
from hotline_protocol.flightplan import Problem
from hotline_protocol.line import Answer, CallOutcome, Reason, Ring, Tier
from hotline_protocol.message import Author
from hotline_protocol.service import Health, Presence
from hotline_services.monitor.measures import MEASURE, MEASURES, Measure
from hotline_services.monitor.metrics import Metrics
from hotline_services.monitor.rows import CallRow
from hotline_services.monitor.tally import OTHER, SERIES_AT_MOST
from hotline_services.monitor.volume import Grouping, call_volume

from .observed import Heard, Reading, base_name, examples, exposition, history_of, valley_day

NOON = datetime(2026, 6, 18, 12, tzinfo=UTC)
DOCUMENT = Path(__file__).parents[2] / "docs" / "observing.md"


def samples(text: bytes) -> Iterator[Sample]:
    for family in text_string_to_metric_families(text.decode()):
        yield from family.samples


def values(text: bytes, name: str, **labels: str) -> list[float]:
    return [s.value for s in samples(text) if s.name == name and labels.items() <= s.labels.items()]


def of(*heard: Heard) -> bytes:
    return Metrics().exposition(history_of(*heard))


def test_every_metric_has_samples_with_the_labels_that_it_declares() -> None:
    found: dict[str, set[frozenset[str]]] = {}
    for sample in samples(exposition()):
        found.setdefault(base_name(sample.name), set()).add(frozenset(sample.labels) - {"le"})
    assert found == {measure.name: {frozenset(measure.labels)} for measure in MEASURES}


def test_calls_are_counted_as_the_monitor_s_tables_count_them() -> None:
    history = history_of(*valley_day())
    text = Metrics().exposition(history)
    period = history.period
    assert period is not None
    calls = history.rows(CallRow)
    for traffic in call_volume(calls, period, Grouping.REASON):
        assert sum(values(text, "hotline_calls_total", reason=traffic.group)) == traffic.calls
    (whole,) = call_volume(calls, period, Grouping.TOTAL)
    assert values(text, "hotline_line_load_erlang") == pytest.approx([whole.erlang])
    assert sum(values(text, "hotline_call_hold_seconds_sum")) == pytest.approx(whole.hold.mean_s * whole.completed)


def test_messages_are_counted_by_the_template_of_their_topic() -> None:
    text = of(*valley_day())
    assert sum(values(text, "hotline_messages_recorded_total")) == len(valley_day())
    assert values(text, "hotline_messages_recorded_total", topic="hotline/v1/line/{source}/{to}") != []


def test_asked_again_and_again_it_says_what_it_says_when_it_is_asked_once() -> None:
    ended_last = sorted(examples(), key=lambda heard: isinstance(heard[1], NegotiationEnded))
    heard = (*valley_day(), *ended_last)  # what has been counted stays, so no tier is to be raised after the end
    history, often = history_of(), Metrics()
    for n, (at, message) in enumerate(heard, 1):
        history.take(n, at, message)
        if n % 7 == 0:
            often.exposition(history)
    again = {(s.name, *sorted(s.labels.items())): s.value for s in samples(often.exposition(history))}
    once = {(s.name, *sorted(s.labels.items())): s.value for s in samples(of(*heard))}
    assert {series for series, value in again.items() if value} == {series for series, value in once.items() if value}
    assert again == pytest.approx(again | once)


def test_a_long_history_is_read_in_pieces() -> None:
    history, metrics = history_of(*[(NOON, rejected(f"code-{n}", n)) for n in range(1, 5_001)]), Metrics()
    assert [metrics.read(history) for _ in range(3)] == [True, True, False]
    assert sum(values(metrics.text(), "hotline_rejected_inputs_total")) == 5_000


def rejected(code: str, seq: int) -> InputRejected:
    problem = Problem(code=code, field="message", reason="")
    return InputRejected(
        id=f"r-{seq}",
        source="us",
        seq=seq,
        time=NOON,
        topic=f"hotline/v1/status/us/plan-{seq}",
        problem=problem,
        evidence="",
    )


def test_whatever_a_peer_makes_up_there_is_a_bounded_number_of_series() -> None:
    text = of(*[(NOON, rejected(f"code-{n}", n)) for n in range(1, 2_001)])
    series = [s for s in samples(text) if s.name == "hotline_rejected_inputs_total"]
    assert len(series) == SERIES_AT_MOST + 1
    assert sum(s.value for s in series) == 2_000
    assert values(text, "hotline_rejected_inputs_total", code=OTHER) == [2_000 - SERIES_AT_MOST]


def test_rejected_inputs_are_told_by_template_and_never_by_topic() -> None:
    text = of(*[(NOON, rejected("gap", n)) for n in range(1, 10)])
    assert values(text, "hotline_rejected_inputs_total", topic="hotline/v1/status/{source}/{plan_id}") == [9]


def test_a_call_is_in_progress_until_it_is_counted() -> None:
    us, ru = Author("us"), Author("ru")
    ring = us.say(Ring, NOON, to="ru", call_id="c", reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER)
    answer = ru.say(Answer, NOON, to="us", call_id="c")
    history, metrics = history_of((NOON, ring), (NOON, answer)), Metrics()
    assert values(metrics.exposition(history), "hotline_calls_in_progress") == [1]
    history.take(3, NOON, counted(us))
    text = metrics.exposition(history)
    assert values(text, "hotline_calls_in_progress") == [0]
    assert values(text, "hotline_calls_total", outcome="completed") == [1]


def counted(author: Author) -> CallEnded:
    return author.say(
        CallEnded,
        NOON,
        call_id="c",
        callee="ru",
        reason=Reason.ROUTINE,
        tier=Tier.DUTY_OFFICER,
        outcome=CallOutcome.COMPLETED,
        queued_at=NOON,
        rang_at=NOON,
        answered_at=NOON + timedelta(seconds=5),
        ended_at=NOON + timedelta(seconds=65),
    )


def test_a_call_s_times_fall_into_the_buckets_that_hold_them() -> None:
    text = of((NOON, counted(Author("us"))))
    assert values(text, "hotline_call_setup_seconds_bucket", le="2.0") == [0]
    assert values(text, "hotline_call_setup_seconds_bucket", le="5.0") == [1]
    assert values(text, "hotline_call_hold_seconds_sum") == [60]
    assert values(text, "hotline_line_taken_seconds_total", line="ru-us") == [65]


def test_a_service_that_has_gone_is_down() -> None:
    def health(presence: Presence, number: int) -> Health:
        return Health(
            id=f"h{number}", source="us", seq=0, time=NOON, presence=presence, session="s", lag_ms=2.5, restarts=3
        )

    up, down = health(Presence.UP, 1), health(Presence.DOWN, 2)
    assert values(of((NOON, up)), "hotline_service_up", service="us") == [1]
    text = of((NOON, up), (NOON, down))
    assert values(text, "hotline_service_up", service="us") == [0]
    assert values(text, "hotline_service_lag_seconds") == [0.0025]
    assert values(text, "hotline_service_restarts_total") == [3]


def test_a_live_run_s_time_is_that_of_its_clock_and_another_s_that_of_its_newest_message() -> None:
    history = history_of((NOON, rejected("gap", 1)))
    alone = Metrics().exposition(history)
    assert values(alone, "hotline_simulated_timestamp_seconds") == [NOON.timestamp()]
    assert values(alone, "hotline_clock_speed_ratio") == []
    live = Metrics().exposition(history, Reading(NOON + timedelta(minutes=5), 60.0))
    assert values(live, "hotline_simulated_timestamp_seconds") == [NOON.timestamp() + 300]
    assert values(live, "hotline_clock_speed_ratio") == [60]


def test_a_state_is_one_and_the_others_are_none() -> None:
    text = of(*valley_day())
    for party in ("us", "ru"):
        assert sorted(values(text, "hotline_line_actual", party=party)) == [0, 0, 1]
        assert sum(values(text, "hotline_strain_stage", party=party)) == 1


def test_a_text_in_a_label_breaks_nothing() -> None:
    text = of((NOON, rejected('"}\n# EOF\nx 1\\', 1)))
    assert values(text, "hotline_rejected_inputs_total", code='"}\n# EOF\nx 1\\') == [1]


def test_names_follow_the_conventions_of_prometheus() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    checked = subprocess.run([promtool, "check", "metrics"], input=exposition(), capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_no_metric_is_declared_twice() -> None:
    assert [name for name, count in Counter(measure.name for measure in MEASURES).items() if count > 1] == []
    assert set(MEASURE) == {measure.name for measure in MEASURES}


def line_of_table(measure: Measure) -> str:
    labels = ", ".join(f"`{label}`" for label in measure.labels)
    return f"| `{measure.name}` | {measure.kind} | {labels} | {measure.help} |"


def test_the_document_tells_of_each_metric_what_the_code_tells() -> None:
    written = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("| `hotline_")]
    assert written == [line_of_table(measure) for measure in MEASURES]
