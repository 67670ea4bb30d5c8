"""What is answered in other forms than the page's own: streams, files, and what other programs read."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from functools import partial
from importlib.metadata import version
from typing import Any, Final

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response, StreamingResponse

from hotline_protocol.topics import Topic
from hotline_services.export.formats.aircraft import aircraft_json, receiver_json
from hotline_services.monitor.latestrows import AirborneRow
from hotline_services.monitor.metrics import CONTENT_TYPE
from hotline_services.records.liveheader import HOUSEKEEPING, Told, live_header
from hotline_services.records.recordfile import read_only
from hotline_services.web.answers.requests import NotMetError

from .sources import LIVE, Shown
from .sse import EventStream
from .state import Asked

READ_AT_ONCE: Final = 500
NDJSON: Final = "application/x-ndjson"

_encode: Final = msgspec.json.Encoder().encode


class Wellness(msgspec.Struct, frozen=True, kw_only=True):
    """``n`` messages of the live source have been read; ``trouble`` is why there are no more. ``broker`` is whether
    there is a connection to one."""

    n: int
    pages: int
    broker: bool
    trouble: str


async def stream(asked: Asked) -> Response:
    """What happens, as it happens."""
    state = asked.state
    await state.shown(LIVE)
    given = asked.request.headers.get("last-event-id") or asked.query.after
    epoch, _, number = given.rpartition(":") if given else ("", "", "")
    after = int(number) if number.isdecimal() and len(number) <= 15 else None
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    client = asked.request.client.host if asked.request.client else ""
    if sentence := state.fanout.enter(client):
        raise NotMetError(503, sentence)
    return EventStream(state.fanout.stream(after, epoch), partial(state.fanout.leave, client), headers)


def recording(asked: Asked) -> Response:
    """The file itself, or what a record holds, in the form of a recording."""
    shown = asked.source
    name = f"{shown.name}.jsonl"
    if shown.is_recording:
        if not shown.path.is_file():
            raise NotMetError(404, "The file of this recording is not there any more.")
        return FileResponse(shown.path, media_type=NDJSON, filename=name)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(_lines(shown, _opened(shown)), media_type=NDJSON, headers=headers)


def _opened(shown: Shown) -> sqlite3.Connection:
    """Its record, before anything is answered: it may have been taken away. Raises NotMetError."""
    try:
        db = read_only(shown.path)
        db.execute(_SOME, (0, 0, 0)).fetchall()
    except sqlite3.Error as error:
        raise NotMetError(503, f"The record cannot be read now: {error}. Try again when there is one.") from error
    return db


def _tags(topics: tuple[Topic, ...]) -> list[str]:
    return [str(kind.__struct_config__.tag) for topic in topics for kind in topic.messages]


_QUIET: Final = frozenset(_tags(HOUSEKEEPING))


def _lines(shown: Shown, record: sqlite3.Connection) -> Iterator[bytes]:
    """The header and all messages of a record but those of its services' own affairs, a few at a time."""
    source, last = shown.source(), 0
    with closing(record) as db:
        first = db.execute("SELECT at FROM messages ORDER BY n LIMIT 1").fetchone()
        if first is None:
            return
        start = datetime.fromisoformat(first[0])  # of the record: the page may not go back so far
        yield _line(live_header(db, start, Told(scenario=source.scenario or None), shown.feed.agreement))
        while rows := db.execute(_SOME, (last, source.n, READ_AT_ONCE)).fetchall():
            last = rows[-1][0]
            yield b"".join(_line(_recorded(at, text)) for _, at, kind, text in rows if kind not in _QUIET)


_SOME: Final = "SELECT n, at, type, message FROM messages WHERE n > ? AND n <= ? ORDER BY n LIMIT ?"


def _recorded(at: str, text: str) -> dict[str, Any]:
    return {"at": datetime.fromisoformat(at), "message": msgspec.Raw(text.encode())}


def _line(value: Any) -> bytes:
    return _encode(value) + b"\n"


def health(asked: Asked) -> Wellness:
    """It answers, so it is well as long as it follows the live source; what else it lacks is told."""
    state = asked.state
    live = state.sources.live
    if live is not None and live.feed.has_failed:
        raise NotMetError(503, f"{live.feed.trouble} What is shown stays as it is. Start the page again.")
    return Wellness(
        n=live.source().n if live else 0,
        pages=state.fanout.pages,
        broker=state.broker is not None and state.broker.is_up,
        trouble=live.feed.trouble if live else "",
    )


async def metrics(asked: Asked) -> Response:
    """Of the live source."""
    text = await run_in_threadpool(asked.state.metrics, await asked.state.shown(LIVE))
    return Response(text, headers={"Content-Type": CONTENT_TYPE})


async def aircraft(asked: Asked) -> Response:
    """What flies at this moment of the stack's clock, as far as its path was told."""
    live = await asked.state.shown(LIVE)

    def look() -> bytes:
        now = asked.state.now()
        with live.feed.history() as history:
            rows, count = history.rows(AirborneRow), history.count
        return aircraft_json(rows, now, count)

    return Response(await run_in_threadpool(look), media_type="application/json")


def receiver(_asked: Asked) -> Response:
    """Where the picture is taken."""
    return Response(receiver_json(version("hotline")), media_type="application/json")
