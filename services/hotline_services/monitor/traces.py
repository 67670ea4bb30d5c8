"""The spans of a recording, as OTLP writes them in JSON: for Jaeger, Tempo, or whatever reads OpenTelemetry's traces.

A message is a span. It lasts from when it was said until the last message that it is the cause of, so that what waits
for what can be seen. Where it is about other traces than its own, or its cause is in one, it is linked to those.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hotline_protocol.events import DeadLettered, InputRejected
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import address_of, topic_of
from hotline_services.delivery.named_ids import ids_named_in
from hotline_services.delivery.tracing import Traces, named_by, span_id_of

PRODUCER: Final = 4  # OTLP's SpanKind: says it, and waits for nobody
ERROR: Final = 2  # OTLP's StatusCode
ALL: Final = 2**62
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_LAST: Final = 2**64 - 1

Json = dict[str, Any]


def spans(messages: Iterable[Message], plan_id: str | None = None) -> Json:
    """An OTLP ``TracesData`` of these messages, in any order: of all traces, or of those that this plan is in."""
    web = _Web(message for message in messages if not isinstance(message, Unreadable))
    wanted = None if plan_id is None else web.traces_of_plan(plan_id)
    by_source: dict[str, list[Json]] = defaultdict(list)
    for message in web.messages:
        if wanted is None or web.trace_id[message.id] in wanted:
            by_source[message.source].append(web.span(message))
    return {"resourceSpans": [_resource(source, said) for source, said in sorted(by_source.items())]}


class _Web:
    """Messages by time, with what ties them."""

    def __init__(self, messages: Iterable[Message]) -> None:
        self._traces: Final = Traces(ALL)
        self.messages: Final[list[Message]] = []
        self.trace_id: Final[dict[str, str]] = {}
        self._first: Final[dict[str, str]] = {}  # the first message of each trace
        self._ends: Final[dict[str, datetime]] = {}
        for message in sorted(messages, key=lambda message: message.time):
            self._take(message)

    def _take(self, message: Message) -> None:
        trace = self._traces.of(message)
        if trace is None or message.id in self.trace_id:
            return
        self.messages.append(message)
        self.trace_id[message.id] = trace.trace_id
        self._first.setdefault(trace.trace_id, message.id)
        parent = self._parent(message)
        if parent is not None:
            self._ends[parent] = message.time

    def _parent(self, message: Message) -> str | None:
        """The message that this one comes of: its cause if that is in the same trace, else the first of the trace."""
        trace_id = self.trace_id[message.id]
        if message.cause and self.trace_id.get(message.cause) == trace_id:
            return message.cause
        first = self._first[trace_id]
        return None if first == message.id else first

    def traces_of_plan(self, plan_id: str) -> set[str]:
        """The traces of the messages that name this plan."""
        return {self.trace_id[m.id] for m in self.messages if ids_named_in(m).get("plan_id") == plan_id}

    def span(self, message: Message) -> Json:
        """This message as a span."""
        parent = self._parent(message)
        return {
            "traceId": self.trace_id[message.id],
            "spanId": span_id_of(message.id),
            **({"parentSpanId": span_id_of(parent)} if parent else {}),
            "name": str(message.__struct_config__.tag),
            "kind": PRODUCER,
            "startTimeUnixNano": str(nanoseconds(message.time)),
            "endTimeUnixNano": str(nanoseconds(self._ends.get(message.id, message.time))),
            "attributes": list(_attributes(message)),
            "links": [{"traceId": trace_id, "spanId": span_id_of(first)} for trace_id, first in self._links(message)],
            **({"status": {"code": ERROR}} if isinstance(message, InputRejected | DeadLettered) else {}),
        }

    def _links(self, message: Message) -> Iterator[tuple[str, str]]:
        """Other traces that this message is about, and the message in each by which it is."""
        seen = {self.trace_id[message.id]}
        for name in (message.cause or "", *named_by(message)):
            trace = self._traces.named(name)
            trace_id = trace.trace_id if trace else ""
            if trace_id in self._first and trace_id not in seen:
                seen.add(trace_id)
                yield trace_id, name if name in self.trace_id else self._first[trace_id]


def nanoseconds(at: datetime) -> int:
    """Since 1970, exactly; what 64 bits have no number for is put at their first or last moment (in the year 2554)."""
    return min(max((at - _EPOCH) // _MICROSECOND, 0) * 1_000, _LAST)


def _attributes(message: Message) -> Iterator[Json]:
    """OpenTelemetry's names for what passes through a broker, and ours for what it is about."""
    yield _text("messaging.system", "mqtt")
    yield _text("messaging.operation.type", "send")
    yield _text("messaging.destination.name", address_of(message))
    yield _text("messaging.destination.template", topic_of(message).template)
    yield _text("messaging.message.id", message.id)
    for name, value in ids_named_in(message).items():
        if name not in {"kind", "id"}:
            yield _text(f"hotline.{name}", str(value))


def _text(key: str, value: str) -> Json:
    return {"key": key, "value": {"stringValue": value}}


def _resource(source: str, said: list[Json]) -> Json:
    attributes = [_text("service.name", source), _text("service.namespace", "hotline")]
    return {"resource": {"attributes": attributes}, "scopeSpans": [{"scope": {"name": "hotline"}, "spans": said}]}
