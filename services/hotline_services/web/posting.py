"""What is posted: plans to be checked or handed on, and recordings to be shown."""

import contextlib
import errno
from collections.abc import Sequence
from typing import BinaryIO, Final

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.message import PartyName
from hotline_services.injecting import Complaint, Reading, judge, read_texts, unheard_of
from hotline_services.runtime.client import NoBrokerError
from hotline_services.runtime.recording import LINE_BYTES
from hotline_services.runtime.store import StoreError
from hotline_services.web.answers.requests import NotMetError, bad_value, too_large

from .answers.checking import agreement_now, air_in_use, check
from .answers.schema import Checked, Sent, Source
from .request_reading import body_of, pieces_of
from .state import Asked, State

PLANS_BYTES: Final = 1_000_000
RECORDING_BYTES: Final = 512 * 1024 * 1024


async def check_plans(asked: Asked) -> Checked:
    """Nothing changes by it, so nobody need show a token."""
    live = await asked.state.shown("live")
    with asked.state.bodies.one():
        to, text = asked.query.to, await body_of(asked.request, PLANS_BYTES)
    agreement = live.scenario.agreement if live.scenario else None
    if agreement is not None and to not in agreement.parties:
        raise bad_value("to", f"{to} is no party; there are: {', '.join(agreement.parties)}")

    def look() -> Checked:
        now = asked.state.now()
        with live.feed.history() as history:
            air, current = air_in_use(history, now), agreement_now(history, agreement, to)
        return check(text, to, now, current, air)

    return await run_in_threadpool(look)


async def inject(asked: Asked) -> list[Sent]:
    """As the command line does: checked together first, and with any problem nothing is sent."""
    await asked.state.shown("live")
    broker, to = asked.state.broker, asked.query.to
    with asked.state.bodies.one():
        text = await body_of(asked.request, PLANS_BYTES)
    if broker is None:
        raise NotMetError(503, "This server has no broker to hand plans to.")
    reading, complaints = await run_in_threadpool(_read, text, asked.state)
    if broker.is_up:
        complaints += unheard_of(to, broker.names)
    if complaints:
        problems = tuple(complaint.as_problem for complaint in complaints)
        raise NotMetError(400, "Nothing was sent, since something is wrong with the plans.", problems)
    sent: list[Sent] = []
    for letter in reading.letters:
        try:
            await broker.publish(to, letter)
        except NoBrokerError as error:
            raise NotMetError(503, _not_all_sent(sent, reading, error)) from error
        sent += [_sent(to, plan, reading) for plan in letter.plans]
        about = letter.cancels or letter.about
        sent += [Sent(to=to, plan_id=about, digest="")] if not letter.plans and about else []
    return sent


def _sent(to: PartyName, plan: FlightPlan, reading: Reading) -> Sent:
    return Sent(to=to, plan_id=plan.plan_id, digest=plan.digest, notes=reading.notes_on(plan.plan_id))


def _not_all_sent(sent: Sequence[Sent], reading: Reading, error: NoBrokerError) -> str:
    if not sent:
        return f"Plans cannot be handed on now: {error}. Try again when it is back."
    names = ", ".join(each.plan_id for each in sent)
    return (
        f"{len(sent)} of {len(reading.letters)} plans were handed on: {names}. Then {error}. "
        "Send the others when it is back."
    )


def _read(text: bytes, state: State) -> tuple[Reading, list[Complaint]]:
    """What is in this text, and all that is wrong with it by the stack's clock."""
    reading = read_texts([("", text)], state.now())
    return reading, [*reading.complaints, *judge(reading.plans, state.clock.simulated if state.clock else None)]


async def upload(asked: Asked) -> Source:
    """Kept in a file of its own as long as it is shown."""
    if int(asked.request.headers.get("content-length", "0")) > RECORDING_BYTES:
        raise too_large(RECORDING_BYTES)
    with asked.state.uploads.one():  # the disk holds so many more than are shown
        path = asked.state.new_upload()
        try:
            with path.open("wb") as file:
                await _receive(asked.request, file)
            name = asked.query.name or "a recording"
            async with asked.state.adding:
                shown = await run_in_threadpool(asked.state.sources.add, path, name, uploaded=True)
        except BaseException as error:
            with contextlib.suppress(OSError):
                path.unlink()
            raise _not_taken(error) from error
    return await run_in_threadpool((await asked.state.shown(shown.name)).source)


async def _receive(request: Request, file: BinaryIO) -> None:
    """Write what is posted as it comes. Raises NotMetError as soon as it is too much, or no recording."""
    size = line = 0
    async for piece in pieces_of(request):
        size += len(piece)
        line = len(piece) - found - 1 if (found := piece.rfind(b"\n")) >= 0 else line + len(piece)
        if size > RECORDING_BYTES:
            raise too_large(RECORDING_BYTES)
        if line > LINE_BYTES:
            raise NotMetError(400, f"This is no recording: a line of it is longer than {LINE_BYTES:,} bytes.")
        await run_in_threadpool(file.write, piece)


def _not_taken(error: BaseException) -> BaseException:
    match error:
        case StoreError():
            reason = str(error).partition(": ")[2] or str(error)
            return NotMetError(400, f"This is no recording that can be shown: {reason}")
        case OSError() if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return NotMetError(503, "There is no room left on the server's disk for this recording.")
        case _:
            return error
