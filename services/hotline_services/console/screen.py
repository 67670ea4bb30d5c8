"""The console on a whole terminal, joined to its session: whichever ends first ends the other."""

import asyncio
import sys

from hotline_services.runtime.wire import BrokerSettings

from .app import ConsoleApp
from .desk.desk_view import Matter, Notice
from .scenery import ground_of
from .session import Session
from .terminal import lossy_screen


async def sit_at_screen(session: Session, settings: BrokerSettings) -> None:
    """Sit at the desk until told to leave. Raises NoBrokerError and DeskError, also when the desk is lost."""
    with lossy_screen():
        await _sit(session, settings)


async def _sit(session: Session, settings: BrokerSettings) -> None:
    async with session.seated(settings):
        app = ConsoleApp(session, ground_of(session.terms))
        session.on_news = app.tell
        lost = asyncio.ensure_future(session.lost())
        lost.add_done_callback(lambda _: app.exit())
        try:
            await app.run_async()
            if lost.done():
                lost.result()
        finally:
            lost.cancel()
            session.on_news = _tell_below


def _tell_below(notices: list[Notice]) -> None:
    """What there is to be told once the screen is closed, such as that the desk could not be left."""
    for notice in notices:
        if notice.matter is not Matter.LOG:
            sys.stderr.write(f"{notice.text}\n")
