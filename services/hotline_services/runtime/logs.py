"""One log line a fact, on stderr: JSON in services, readable on a terminal."""

import contextlib
import io
import logging
import select
import sys
from collections.abc import Iterable
from typing import Final, TextIO, cast

import structlog

from hotline_protocol.message import Message
from hotline_services.delivery.named_ids import ids_named_in
from hotline_services.delivery.tracing import Traces

from .store import Heard

log = structlog.get_logger(__name__)

READER_S: Final = 0.05


class StandardError(io.TextIOBase):
    """What the standard error is at the time of writing: a logger is kept for longer than a test's or a caller's.

    A full disk under a log ends no service, and who does not read a log holds none up: what is not taken within
    ``READER_S`` is lost, and counted.
    """

    def __init__(self) -> None:
        self._lost = 0

    def write(self, text: str) -> int:
        """Write it if it is taken."""
        with contextlib.suppress(OSError):
            if not _takes_more(0.0 if self._lost else READER_S):
                self._lost += 1
                return len(text)
            if self._lost:
                lost, self._lost = self._lost, 0
                sys.stderr.write(f'{{"event": "log-lines-lost", "lines": {lost}, "reason": "nobody read them"}}\n')
            sys.stderr.write(text)
        return len(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.flush()


def _takes_more(wait_s: float) -> bool:
    try:
        number = sys.stderr.fileno()
    except (OSError, ValueError):  # no file, but something in memory
        return True
    poll = select.poll()
    poll.register(number, select.POLLOUT)
    return bool(poll.poll(wait_s * 1_000))


def set_up_logs(service: str, *, level: str = "info", as_json: bool | None = None) -> None:
    """For the whole process, once, at its start. Unless told, JSON when stderr is not a terminal."""
    plain = sys.stderr.isatty() if as_json is None else not as_json
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if plain else structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", StandardError())),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


def write_up(heard: Iterable[Heard], said: Iterable[Message], traces: Traces) -> None:
    """One line for each message, with the ids by which a call or a plan is followed across services."""
    for _, message in heard:
        if message is not None:
            log.info("heard", source=message.source, **ids_named_in(message), **_trace_of(message, traces))
    for message in said:
        log.info("said", **ids_named_in(message), **_trace_of(message, traces))


def _trace_of(message: Message, traces: Traces) -> dict[str, str]:
    trace = traces.of(message)
    return {} if trace is None else {"trace_id": trace.trace_id}
