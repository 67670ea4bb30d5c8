"""The console line by line, at a desk without a centre."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from hotline_services.console import plain
from hotline_services.console.desk_view import Notice
from hotline_services.console.plain import PlainConsole
from hotline_services.console.session import Session
from hotline_services.runtime.wire import BrokerSettings

from .fake import FakeDesk


class FakeSession(FakeDesk):
    """What :class:`PlainConsole` sits at, at once and for ever."""

    @asynccontextmanager
    async def seated(self, _settings: BrokerSettings) -> AsyncIterator[None]:
        self.hear(self.taken())
        yield

    async def lost(self) -> None:
        await asyncio.Event().wait()


async def nobody_types() -> AsyncIterator[str]:
    await asyncio.Event().wait()
    yield ""


async def test_what_goes_wrong_while_it_watches_ends_it_rather_than_silencing_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session, told = FakeSession(), list[str]()

    def broken(_now: object) -> list[Notice]:
        raise ZeroDivisionError

    monkeypatch.setattr(plain, "LOOK_S", 0)
    monkeypatch.setattr(session.view, "lapse", broken)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await PlainConsole(cast("Session", session), told.append).run(BrokerSettings(), nobody_types())
    assert told[0].endswith("You hold the desk of RU.")
