"""The server: routes, headers, errors, and what is started and stopped with it."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotline_services.resources import scenarios_folder

from .asking import NotMetError, bad_value, converted
from .model import Fault
from .routes import API, ENDPOINTS, Asked, Endpoint
from .shelf import Shelf
from .sse import PAGES_AT_MOST
from .state import State

STATIC: Final = Path(__file__).parent / "static"
SAFETY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
LONGEST_SEND_S: Final = 30.0
FOLLOWED: Final = re.compile(r"(?:([a-z0-9]{1,16}):)?(\d{1,15})")

_encode: Final = msgspec.json.Encoder().encode


def application(state: State, hosts: Sequence[str] = ("*",)) -> Starlette:
    """The server of this state, for requests to these hosts only: a page of another name that was made to mean this
    machine gets nothing."""

    return Starlette(
        routes=[
            Route("/", _file(Shelf(STATIC), "index.html")),
            Route("/static/{name:path}", _file(Shelf(STATIC))),
            Route("/geography/{name:path}", _file(Shelf(scenarios_folder() / "geography"))),
            Route(f"{API}/live/stream", _stream(state)),
            *(Route(endpoint.path, _answering(endpoint, state)) for endpoint in ENDPOINTS),
        ],
        middleware=[
            Middleware(Headers),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        ],
        exception_handlers={NotMetError: _not_met, HTTPException: _http_fault},
    )


class Headers:
    """Adds to every answer what keeps a browser from doing with it what it should not."""

    def __init__(self, app: ASGIApp) -> None:
        self._app: Final = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SAFETY)
            await send(message)

        await self._app(scope, receive, send_safely if scope["type"] == "http" else send)


def _file(shelf: Shelf, name: str | None = None) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        return await run_in_threadpool(shelf.answer, request, name or request.path_params["name"])

    return respond


def _answering(endpoint: Endpoint, state: State) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        values = request.query_params
        if len(values) != len(values.multi_items()):
            raise bad_value(_repeated(values.multi_items()), "is given more than once")
        query = converted(dict(values), endpoint.query)
        shown = await state.shown(request.path_params["s"]) if "s" in request.path_params else None
        asked = Asked(state, shown, query, request.path_params)
        return await run_in_threadpool(lambda: as_json(endpoint.does(asked)))

    return respond


def _repeated(items: Sequence[tuple[str, str]]) -> str:
    names = [name for name, _ in items]
    return next(name for name in names if names.count(name) > 1)


def as_json(answer: Any, status: int = 200) -> Response:
    """This answer; it is never kept, since the next may be another."""
    return Response(_encode(answer), status, {"Cache-Control": "no-store"}, "application/json")


def _not_met(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotMetError)  # noqa: S101  it is registered for no other
    return as_json(error.fault, error.status)


def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  as above
    sentences = {404: f"There is nothing at {request.url.path[:100]}.", 405: f"{request.method} is not done there."}
    return as_json(Fault(error=sentences.get(error.status_code, error.detail)), error.status_code)


class EventStream(StreamingResponse):
    """A stream of events to one page; one that takes nothing for half a minute is let go."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """See :class:`StreamingResponse`."""

        async def send_in_time(message: Message) -> None:
            async with asyncio.timeout(LONGEST_SEND_S):
                await send(message)

        with contextlib.suppress(TimeoutError):
            await super().stream_response(send_in_time)


def _stream(state: State) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        await state.shown("live")
        if state.fanout.pages >= PAGES_AT_MOST:
            raise NotMetError(503, f"{PAGES_AT_MOST} pages follow already, which is the most.")
        epoch, after = _resumed(request)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return EventStream(state.fanout.stream(after, epoch), headers=headers)

    return respond


def _resumed(request: Request) -> tuple[str, int | None]:
    """From where on the page wants to be told: after what it was told last. Raises NotMetError."""
    given = request.headers.get("last-event-id") or request.query_params.get("after")
    if given is None:
        return "", None
    found = FOLLOWED.fullmatch(given)
    if found is None:
        raise bad_value("after", f"{given[:40]!r} is not the number of a message, such as 42, nor the id of an event")
    return found[1] or "", int(found[2])
