"""The console line by line, at a desk without a centre."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from hotline_services.cli.console import console
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.console import plain
from hotline_services.console.desk.desk_view import Notice
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

    async def until(self, true: Callable[[], bool]) -> None:
        assert true(), "nothing more is heard here"

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
        async with asyncio.timeout(90):
            await PlainConsole(cast("Session", session), told.append).run(BrokerSettings(), nobody_types())
    assert told[0].endswith("You hold the desk of RU.")


@pytest.mark.parametrize("line", ["WAIT 0", "Wait  Free", "wait 0", "  wait free"])
async def test_a_wait_is_obeyed_however_it_is_written(line: str) -> None:
    assert await told_after(line) == []


async def test_a_wait_for_what_there_is_not_is_answered_with_what_there_is() -> None:
    assert await told_after("WAIT ages") == ["Wait for how many seconds (a day at most), or for ring, offer or free?"]


async def told_after(line: str) -> list[str]:
    """What is told once this has been typed."""
    session, told = FakeSession(), list[str]()

    async def typed() -> AsyncIterator[str]:
        told.clear()
        yield line
        yield "quit"

    async with asyncio.timeout(90):
        await PlainConsole(cast("Session", session), told.append).run(BrokerSettings(), typed())
    return told


@pytest.mark.parametrize("redirected", ["stdin", "stdout", "stderr"])
def test_a_screen_without_a_whole_terminal_is_refused_in_a_sentence(
    redirected: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in {"stdin", "stdout", "stderr"} - {redirected}:
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    assert console(party="ru") == BAD_INPUT
    told = capsys.readouterr()
    assert "needs a terminal" in told.err
    assert ("needs a terminal" in told.out) is (redirected == "stderr"), "who redirects it would be told nothing"
