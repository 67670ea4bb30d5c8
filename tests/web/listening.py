"""A page that follows the stream, as a browser does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import msgspec


class Event(msgspec.Struct):
    """One event as it came."""

    name: str
    id: str
    data: Any


async def events(lines: AsyncIterator[str]) -> AsyncIterator[Event]:
    """Event after event; comments are passed over."""
    name = number = ""
    async for line in lines:
        field, _, value = line.partition(": ")
        match field:
            case "event":
                name = value
            case "id":
                number = value
            case "data":
                yield Event(name, number, msgspec.json.decode(value))
            case _:
                continue


@asynccontextmanager
async def following(
    client: httpx.AsyncClient, after: str | int | None = None, last_id: str | None = None
) -> AsyncIterator[AsyncIterator[Event]]:
    """The events of one stream."""
    headers = {"Last-Event-ID": last_id} if last_id else {}
    query = {} if after is None else {"after": str(after)}
    async with client.stream("GET", "/api/v1/live/stream", params=query, headers=headers) as answer:
        assert answer.status_code == 200
        yield events(answer.aiter_lines())


class Page:
    """What one page has been told: the newest of each row, and by which numbers."""

    def __init__(self, n: int = 0) -> None:
        self.n = n
        self.id = ""
        self.rows: dict[tuple[str, str], Any] = {}
        self.resets = 0
        self.steps: list[tuple[int, int]] = []

    def take(self, event: Event) -> None:
        """Raises AssertionError for a loss or a double."""
        if event.name != "change":
            return
        self.id = event.id
        changes = event.data
        if changes["reset"]:
            self.resets += 1
        else:
            assert changes["after"] == self.n, "a change follows the one before it"
            self.steps.append((changes["after"], changes["n"]))
        self.n = changes["n"]
        self.rows |= {(table, row["key"]): row for table, some in changes["rows"].items() for row in some}

    async def follow(self, client: httpx.AsyncClient, until: int) -> None:
        """From where it is up to message ``until``."""
        async with asyncio.timeout(90), following(client, self.n, self.id or None) as stream:
            async for event in stream:
                self.take(event)
                if self.n >= until:
                    return
