"""What Prometheus takes for a counter never falls: it would read that as begun anew, and count all of it once more."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from hotline_protocol.events import CallEnded, Escalated, EscalationKind, NegotiationEnded, NegotiationOutcome
from hotline_protocol.line import CallOutcome, HangUp, Tier
from hotline_protocol.message import Author, Message
from hotline_services.monitor.history import History
from hotline_services.monitor.metrics import Metrics

from .talk import at, everything

RISING = ("_total", "_count", "_sum", "_bucket")


def contradicted() -> list[Message]:
    """A day's talk, and who then says something else of the same calls and negotiations."""
    ru, said = Author("ru", "other"), everything()
    call = next(message for message in said if isinstance(message, CallEnded))
    talk = next(message for message in said if isinstance(message, NegotiationEnded))
    longer = call.ended_at + timedelta(minutes=5)
    return [
        *said,
        ru.say(HangUp, at(1), to="us", call_id=call.call_id, outcome=CallOutcome.DROPPED),
        replace(call, id="a", outcome=CallOutcome.BUSY, answered_at=None),
        replace(call, id="z", tier=Tier.CHIEFS, ended_at=longer),
        replace(talk, id="a", outcome=NegotiationOutcome.REFUSED),
        replace(talk, id="z", rounds=7),
        ru.say(
            Escalated,
            at(900),
            cause=talk.id,
            kind=EscalationKind.TIER_RAISED,
            peer="us",
            about=talk.negotiation_id,
            tier=Tier.CHIEFS,
            detail="",
        ),
    ]


def counters(metrics: Metrics, history: History) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """A scrape: each series that is to rise. How often services have restarted begins anew with their supervisor."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(metrics.exposition(history).decode())
        for sample in family.samples
        if sample.name.endswith(RISING) and sample.name != "hotline_service_restarts_total"
    }


@settings(deadline=None, max_examples=60)  # a busy machine is no failure
@given(st.permutations(contradicted()))
def test_no_counter_falls_between_two_scrapes_whatever_the_order(messages: list[Message]) -> None:
    history, metrics = History(), Metrics()
    before = counters(metrics, history)
    for n, message in enumerate(messages, 1):
        history.take(n, message.time, message)
        now = counters(metrics, history)
        assert {series for series, value in before.items() if now.get(series, 0.0) < value} == set()
        before = now


def test_a_call_is_counted_when_the_side_that_rang_has_counted_it() -> None:
    history, metrics, said = History(), Metrics(), everything()
    until = next(n for n, message in enumerate(said) if isinstance(message, CallEnded))
    for n, message in enumerate(said[:until], 1):
        history.take(n, message.time, message)
    assert not any(name == "hotline_calls_total" for name, _ in counters(metrics, history))
    history.take(until + 1, said[until].time, said[until])
    assert sum(value for (name, _), value in counters(metrics, history).items() if name == "hotline_calls_total") == 1
