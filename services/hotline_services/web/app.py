"""The server: routes, headers, errors, and what is started and stopped with it."""

import gzip
import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers as RequestHeaders
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hotline_services.resources import map_folder
from hotline_services.web.answers.requests import NotMetError

from .answers.schema import Fault
from .client_bounds import FULL, Reserve
from .openapi import openapi_text
from .protocol_module import NAME, protocol_module
from .request_reading import values_of
from .routes import API, ENDPOINTS, Endpoint
from .shelf import LEAST_BYTES, VARIES, ZIPPED, Shelf, takes_zipped
from .state import Asked, State

STATIC: Final = Path(__file__).parent / "static"
SAFETY: Final = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}

ZIP_LEVEL: Final = 4
"""Of nine: beyond it, it takes longer and longer for little."""

_encode: Final = msgspec.json.Encoder().encode


def application(state: State, hosts: Sequence[str]) -> Starlette:
    """The server of this state, for requests to these hosts only: a page of another name that was made to mean this
    machine gets nothing."""

    return Starlette(
        routes=[
            Route("/", _file(Shelf(STATIC), "index.html")),
            Route(f"/static/{NAME}", _protocol),
            Route("/static/{name:path}", _file(Shelf(STATIC))),
            Route("/geography/{name:path}", _map),
            *(Route(one.path, _answering(one, state), methods=[one.method]) for one in ENDPOINTS),
            Route(f"{API}/openapi.json", _document),
        ],
        middleware=[
            Middleware(Headers),
            Middleware(Reserve, refusal=as_json(Fault(error=FULL), 503)),
            Middleware(Hosts, hosts=hosts),
        ],
        exception_handlers={NotMetError: _not_met, HTTPException: _http_fault, Exception: _failed},
    )


async def _protocol(_request: Request) -> Response:
    """The page's module of enums and limits: no file, but made of the server's own definitions."""
    return Response(protocol_module(), media_type="text/javascript", headers={"Cache-Control": "no-cache"})


async def _map(request: Request) -> Response:
    """A file of the map of the theatre that is played in.

    Which folder that is stands in a file that may come from anybody: of any folder, no other files are shown.
    """
    folder, name = map_folder(), request.path_params["name"]
    if folder is None or not _MAP_FILE.fullmatch(name):
        raise HTTPException(404)
    return await run_in_threadpool(Shelf(folder).answer, request, name)


_MAP_FILE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}\.geojson")


class Hosts:
    """Answers only who asks for this server by one of its names.

    Else any site could give its own name our address, and read through a visitor's browser what is shown here.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app: Final = app
        self._hosts: Final = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = _host_in(scope)
        if name in self._hosts:
            await self._app(scope, receive, send)
            return
        fault = Fault(
            error=f"This server is not called {name[:80]!r}. Start it with --allow-host {name[:80]} if it is."
        )
        await as_json(fault, 400)(scope, receive, send)


def _host_in(scope: Scope) -> str:
    """The name by which the server is asked for, without its port; empty when there is none."""
    try:
        return urlsplit("//" + RequestHeaders(scope=scope).get("host", "")).hostname or ""
    except ValueError:
        return ""


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
    waits = inspect.iscoroutinefunction(endpoint.does)

    async def respond(request: Request) -> Response:
        if endpoint.guarded:
            _check_token(request, state)
        query = values_of(request, endpoint.query)
        shown = await state.shown(request.path_params["s"]) if "s" in request.path_params else None
        asked = Asked(state, request, query, shown)
        if waits:
            return as_response(await endpoint.does(asked), endpoint.status)
        return await run_in_threadpool(
            lambda: as_response(endpoint.does(asked), endpoint.status, zipped=takes_zipped(request))
        )

    return respond


def _check_token(request: Request, state: State) -> None:
    """Raises NotMetError."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not state.may_write(token):
        raise NotMetError(401, "This takes the token that was printed when the page was started.")


def as_response(answer: Any, status: int, *, zipped: bool = False) -> Response:
    """This answer, unless it is a response already."""
    return answer if isinstance(answer, Response) else as_json(answer, status, zipped=zipped)


def as_json(answer: Any, status: int = 200, *, zipped: bool = False) -> Response:
    """This answer; it is never kept, since the next may be another. ``zipped`` in a thread only: that takes a while."""
    body, headers = _encode(answer), {"Cache-Control": "no-store"} | VARIES
    if zipped and len(body) >= LEAST_BYTES:
        return Response(gzip.compress(body, ZIP_LEVEL), status, headers | ZIPPED, "application/json")
    return Response(body, status, headers, "application/json")


async def _document(_request: Request) -> Response:
    return Response(await run_in_threadpool(openapi_text), media_type="application/json")


def _not_met(_request: Request, error: Exception) -> Response:
    assert isinstance(error, NotMetError)  # noqa: S101  it is registered for no other
    return as_json(error.fault, error.status)


def _failed(_request: Request, _error: Exception) -> Response:
    return as_json(Fault(error="The server failed at this; its log says how."), 500)


def _http_fault(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  as above
    sentences = {404: f"There is nothing at {request.url.path[:100]}.", 405: f"{request.method} is not done there."}
    answer = as_json(Fault(error=sentences.get(error.status_code, error.detail)), error.status_code)
    answer.headers.update(error.headers or {})
    return answer
