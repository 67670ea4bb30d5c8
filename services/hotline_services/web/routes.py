"""What can be asked over HTTP: one table, of which the server and the OpenAPI document are made."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec

from hotline_services.monitor.history import History
from hotline_services.monitor.standing import Standing, together
from hotline_services.monitor.volume import Traffic
from hotline_services.monitor.wording import date_time_group
from hotline_services.web.answers.requests import (
    Addressed,
    After,
    Anything,
    AsOf,
    AsOfTime,
    From,
    Grouped,
    Named,
    Nothing,
    NotMetError,
)

from . import posting, raw
from .answers.about import SUBJECTS, about
from .answers.marks import marks
from .answers.row_query import TABLES, Filter, Found, find, rows_of
from .answers.schema import About, Changes, Checked, Mark, Picture, Sent, Setting, Source, StrainPoint
from .answers.source_figures import standing_at, tension, volume
from .state import Asked

API: Final = "/api/v1"
JSON: Final = "application/json"


class Endpoint(NamedTuple):
    """One path. ``does`` answers with something that ``answer`` describes, or with a whole response of type ``media``.

    It runs in a thread of a pool unless it is a coroutine. Who asks for what is ``guarded`` must show the token. What
    is posted is of type ``takes``, and of ``at_most`` bytes.
    """

    path: str
    summary: str
    does: Callable[[Asked], Any]
    answer: Any = None
    query: type[msgspec.Struct] = Nothing
    method: str = "GET"
    status: int = 200
    media: str = JSON
    takes: str = ""
    guarded: bool = False


def _sources(asked: Asked) -> list[Source]:
    return [shown.source() for shown in asked.state.sources]


def _picture(asked: Asked) -> Picture:
    clock = asked.state.clock if asked.source.is_live else None
    return asked.source.picture(asked.query.n, asked.query.at, clock)


def _changes(asked: Asked) -> Changes:
    return asked.source.changes(asked.query.after, at=asked.query.until)


def _of_history(look: Callable[[History, Any], Any], asked: Asked) -> Any:
    with asked.source.feed.history() as history:
        return look(history, asked.query)


def _standing(asked: Asked) -> Standing:
    """As they stood, or, of the live source and now, as the broker has the services: what ``hotline status`` tells."""
    with asked.source.feed.history() as history:
        recorded = standing_at(history, asked.query.n)
    broker = asked.state.broker if asked.source.is_live and asked.query.n is None else None
    live = broker.standing if broker else None
    return recorded if live is None else together(recorded, live)


def _rows(table: str, asked: Asked) -> Found:
    with asked.source.feed.history() as history:
        rows = rows_of(history, table, asked.query.n)
    return find(rows, table, asked.query)


def _about(asked: Asked) -> About:
    kind, name = asked.request.path_params["kind"], asked.request.path_params["id"]
    if kind not in SUBJECTS and kind != "message":
        raise NotMetError(404, f"{kind[:40]!r} is nothing to ask about; there are: {', '.join(SUBJECTS)}, message.")
    with asked.source.feed.history() as history:
        told = about(history, kind, name, asked.query.n)
    if told is None:
        since = asked.source.source().start if asked.source.is_live else None
        where = f"{asked.source.name} since {date_time_group(since)}" if since else asked.source.name
        raise NotMetError(404, f"There is no {kind} {name[:100]!r} in {where}.")
    text = asked.source.feed.text(told.number) if told.number is not None else None
    return msgspec.structs.replace(told.about, message=msgspec.Raw(text) if text is not None else None)


def _table(table: str) -> Endpoint:
    kind = TABLES[table]
    answer = msgspec.defstruct(f"{kind.__name__}s", [("rows", list[kind]), ("total", int)])  # type: ignore[valid-type]
    return Endpoint(f"{API}/{{s}}/{table}", f"Rows of the table {table}.", partial(_rows, table), answer, Filter)


def _look(name: str, summary: str, look: Callable[[History, Any], Any], answer: Any, query: Any = Nothing) -> Endpoint:
    return Endpoint(f"{API}/{{s}}/{name}", summary, partial(_of_history, look), answer, query)


ENDPOINTS: Final = (
    Endpoint(f"{API}/sources", "What there is to look at.", _sources, list[Source]),
    Endpoint(
        f"{API}/sources",
        "Add a recording; of more than four, the one that was added first goes.",
        posting.upload,
        Source,
        Named,
        method="POST",
        status=201,
        takes="application/octet-stream",
        guarded=True,
    ),
    Endpoint(f"{API}/{{s}}/setting", "Parties, the line, zones.", lambda asked: asked.source.setting(), Setting),
    Endpoint(f"{API}/{{s}}/picture", "How things stood.", _picture, Picture, AsOfTime),
    Endpoint(f"{API}/{{s}}/changes", "The rows that have changed since a message.", _changes, Changes, After),
    Endpoint(
        f"{API}/live/stream",
        "What happens, as it happens: events change (Changes), clock (ClockReading) and tracks (TracksNow).",
        raw.stream,
        query=From,
        media="text/event-stream",
    ),
    *map(_table, TABLES),
    _look("volume", "Calls in figures.", lambda h, q: volume(h, q.by, q.n), list[Traffic], Grouped),
    _look("tension", "How strained each side was.", lambda h, q: tension(h, q.n), list[StrainPoint], AsOf),
    Endpoint(f"{API}/{{s}}/standing", "Services, the line, ledgers.", _standing, Standing, AsOf),
    _look("marks", "What happened when, for a time line.", lambda h, _: marks(h), list[Mark]),
    Endpoint(f"{API}/{{s}}/about/{{kind}}/{{id:path}}", "All that is known of one thing.", _about, About, AsOf),
    Endpoint(f"{API}/{{s}}/recording", "All of it as a recording.", raw.recording, media="application/x-ndjson"),
    Endpoint(
        f"{API}/live/check",
        "What would become of plans (JSON or ICAO FPL): what is wrong, whose consent they need, what they meet.",
        posting.check_plans,
        Checked,
        Addressed,
        method="POST",
        takes="text/plain",
    ),
    Endpoint(
        f"{API}/live/inject",
        "Hand plans (JSON or ICAO FPL) to a centre: checked together; nothing is sent when one is wrong.",
        posting.inject,
        list[Sent],
        Addressed,
        method="POST",
        status=202,
        takes="text/plain",
        guarded=True,
    ),
    Endpoint("/healthz", "Whether the server is well.", raw.health, raw.Wellness),
    Endpoint("/metrics", "Metrics for Prometheus.", raw.metrics, query=Anything, media="text/plain"),
    Endpoint("/data/aircraft.json", "What flies now, as readsb writes it.", raw.aircraft, dict[str, Any], Anything),
    Endpoint("/data/receiver.json", "What tar1090 asks for first.", raw.receiver, dict[str, Any], Anything),
)
