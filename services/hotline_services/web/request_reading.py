"""What is asked of an endpoint: its query and its body."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, TypeVar

import msgspec
from starlette.requests import ClientDisconnect, Request

from hotline_services.web.answers.requests import NotMetError, bad_value, converted, too_large

IDLE_S: Final = 30.0
"""For so long nothing may come of what is being posted: whoever uploads a recording keeps others waiting."""

S = TypeVar("S", bound=msgspec.Struct)


def values_of(request: Request, kind: type[S]) -> S:
    """The values of a request's query. Raises NotMetError, which names the field."""
    items = request.query_params.multi_items()
    values = dict(items)
    if len(values) < len(items) and kind.__struct_config__.forbid_unknown_fields:
        names = [name for name, _ in items]
        raise bad_value(next(name for name in names if names.count(name) > 1)[:40], "is given more than once")
    return converted(values, kind)


async def pieces_of(request: Request) -> AsyncIterator[bytes]:
    """What is being posted, as it comes. Raises NotMetError when it does not come to its end."""
    coming = request.stream()
    while True:
        try:
            async with asyncio.timeout(IDLE_S):
                piece = await anext(coming, None)
        except (ClientDisconnect, TimeoutError) as error:
            raise NotMetError(408, "What was being posted did not come to its end. Send it again.") from error
        if piece is None:
            return
        yield piece


async def body_of(request: Request, at_most: int) -> bytes:
    """What was posted. Raises NotMetError when it is too much, before all of it has come."""
    body = bytearray()
    async for piece in pieces_of(request):
        body += piece
        if len(body) > at_most:
            raise too_large(at_most)
    return bytes(body)
