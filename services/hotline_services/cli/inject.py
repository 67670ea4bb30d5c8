"""`hotline inject`: hands flight plans to a centre, as any MQTT client could, and tells what became of them."""

import asyncio
import contextlib
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Final

import aiomqtt
import msgspec

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.gars import gars
from hotline_protocol.geometry import centre
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health
from hotline_protocol.topics import CLOCK, EVENT, HEALTH, INJECT, STATUS, MalformedMessageError, decode, encode
from hotline_services.injecting import Complaint, Letter, addressed, barred, judge, read_texts, unheard_of
from hotline_services.monitor.rows import utc
from hotline_services.monitor.wording import air, clock_time, of_version, printable, printable_lines
from hotline_services.pacing.scaled_clock import ScaledClock
from hotline_services.runtime.client import NoBrokerError, connected, retained
from hotline_services.runtime.clock import NO_CLOCK, wall_clock
from hotline_services.runtime.identity import identity_of
from hotline_services.runtime.oversize import size_trouble
from hotline_services.runtime.tokens import new_token
from hotline_services.runtime.wire import BrokerSettings

from .answers import Answers
from .connection import FROM_HERE, Reach, tool_settings
from .exits import BAD_INPUT, INTERRUPTED, NO_BROKER
from .options import FileOrHyphen, Flag, party_name
from .runfile import CONTROL

ACCEPTED: Final = 0
REFUSED: Final = 1
TIMED_OUT: Final = 3


def inject(
    files: Annotated[list[Path], FileOrHyphen],
    /,
    *,
    to: str,
    broker: str | None = None,
    wait: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
    timeout: float = 300.0,
    force: Annotated[bool, Flag] = False,
    reach: Reach = FROM_HERE,
) -> int:
    """Hand flight plans to a centre: JSON plans or ICAO messages (FPL, CNL, CHG, DLA, DEP, ARR),
    one or many in a file. A plan of the same id with a higher version amends it.

    Plans are checked here first, at the time of the stack's clock, and that the centre has been heard of; with any
    problem nothing is sent. A field that no plan has is told and not read: the plan is sent. Each plan is published on
    hotline/v1/order/USER/TO, or on hotline/v1/inject/TO where the broker asks nobody's name, or knows you by one that
    may not order that. With --wait the centre's answers are followed until each plan has been accepted or refused,
    each change too, and each cancellation has been done or refused.

    Examples:

    hotline inject examples/plans/patrol.json --to us --wait

    hotline inject - --to ru --json --wait < evening.fpl

    The exit code is 0 when all was sent (with --wait: accepted), 1 when anything was refused, 2 when something is
    wrong with the input, 3 when not all answers came in time, 4 when there is no broker.

    Parameters
    ----------
    files
        Files with plans; - is the standard input.
    to
        The party whose plans they are, such as us or ru.
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data, else this machine.
    wait
        Stay and tell each change of each plan's state until it is accepted or refused.
    json
        One JSON object a line: with --wait each plan-status message, and each input-rejected of a change or
        cancellation; else the id and digest of each plan sent.
    timeout
        How many real seconds to wait for the answers.
    force
        Send in spite of problems; a file in which something cannot be read is then sent whole, as it is.
    """
    try:
        settings = tool_settings(broker, reach, CONTROL)
        sources = [(str(file), _content(file)) for file in files]
        recipient = party_name("--to", to)
    except ValueError as error:
        return _fail(BAD_INPUT, str(error))
    # What cannot be read at any time of any clock need not wait for a broker.
    unread = read_texts(sources, wall_clock(), whole=force).complaints
    if unread and not force:
        return _fail(BAD_INPUT, *map(str, unread))
    errand = _Errand(sources, recipient, wait=wait, json=json, timeout_s=timeout, force=force)
    try:
        return asyncio.run(errand.run(settings))
    except NoBrokerError as error:
        return _fail(NO_BROKER, str(error))
    except OversizeError as error:
        return _fail(BAD_INPUT, str(error))
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "stopped; what was sent stays sent")


def _content(file: Path) -> bytes:
    """What a file holds. Raises ValueError."""
    try:
        return sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ValueError(f"{file}: {error.strerror}") from error


def told(status: PlanStatus) -> str:
    """A plan's state in a line for a person."""
    at = f"{utc(status.time):%d %b} {clock_time(status.time, seconds=True)}"
    return printable(f"{at}  {status.plan_id}  {_state(status)}")


def told_rejected(rejected: InputRejected, about: str) -> str:
    """In a line for a person: that an order ``about`` a plan was refused, and why."""
    problem = rejected.problem
    when = f"{utc(rejected.time):%d %b} {clock_time(rejected.time, seconds=True)}"
    return f"{when}  {about}  refused: {problem.field}: {problem.reason}"


def _state(status: PlanStatus) -> str:
    state = status.state.value
    if status.problem:
        return f"{of_version(status, state)}: {status.problem.field}: {status.problem.reason}"
    if status.as_filed or not status.volumes:
        return of_version(status, f"{state} as filed" if status.volumes else state)
    where = gars(centre(status.volumes[0].area), "quadrant")
    return f"{of_version(status, state)} with changes: from {where}, {air(status.volumes)}"


class OversizeError(Exception):
    """A message is larger than what the broker takes: a sentence with both sizes."""


class _Errand:
    """Everything between connecting and the exit code."""

    def __init__(
        self, sources: list[tuple[str, bytes]], to: str, *, wait: bool, json: bool, timeout_s: float, force: bool
    ) -> None:
        self._sources = sources
        self._to = to
        self._wait = wait
        self._json = json
        self._timeout_s = timeout_s
        self._force = force
        self._answers = Answers()

    async def run(self, settings: BrokerSettings) -> int:
        """The exit code. Raises NoBrokerError and OversizeError."""
        async with connected(settings) as connection:
            # Subscribed before anything is published: no answer can be missed.
            answers = [STATUS.filter(source=self._to), EVENT.filter(source=self._to)] if self._wait else []
            wanted = {CLOCK.template, HEALTH.filter(source=self._to)}
            found = await retained(connection, CLOCK.template, HEALTH.filter(), *answers, wanted=wanted)
            now, names = _standing(found)
            if now is None:
                _complain([f"{NO_CLOCK} Whether the plans' times make sense is not checked here."])
            reading = read_texts(self._sources, now or wall_clock(), whole=self._force)
            who = barred(identity_of(settings), self._to)
            complaints = _told(who, unheard_of(self._to, names), reading.complaints, judge(reading.plans, now))
            if complaints and not self._force:
                return _fail(BAD_INPUT, *complaints)
            _complain([*complaints, *_told(reading.notes)])
            await self._send(connection, settings, reading.letters)
            return await self._follow(connection) if self._wait else ACCEPTED

    async def _send(self, connection: aiomqtt.Client, settings: BrokerSettings, letters: Sequence[Letter]) -> None:
        for letter in map(self._answers.expect, letters):
            address, payload = addressed(letter, identity_of(settings), self._to, settings.signing, new_token())
            try:
                await connection.publish(address, payload, qos=INJECT.qos)
            except aiomqtt.MqttError:
                if trouble := await size_trouble(settings, address, payload):
                    raise OversizeError(f"{letter.name} was not sent: {trouble}.") from None
                raise
            for plan in letter.plans:
                self._say_sent(plan)
            if letter.cancels and not self._json:
                _say(f"cancellation of {letter.cancels} sent to {self._to}")
            if letter.changes and not self._json:
                _say(f"{letter.changes} about {letter.about} sent to {self._to}")

    def _say_sent(self, plan: FlightPlan) -> None:
        if not self._json:
            _say(f"{plan.plan_id} sent to {self._to}")
        elif not self._wait:
            _say(msgspec.json.encode({"plan_id": plan.plan_id, "plan": plan.digest, "to": self._to}).decode())

    async def _follow(self, connection: aiomqtt.Client) -> int:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._timeout_s):
                await self._hear_all(connection)
        if missing := self._answers.missing:
            names = ", ".join(missing)
            return _fail(TIMED_OUT, f"no final answer from {self._to} in {self._timeout_s:g} s about {names}")
        return REFUSED if self._answers.refused else ACCEPTED

    async def _hear_all(self, connection: aiomqtt.Client) -> None:
        while self._answers.missing:
            heard = await anext(connection.messages)
            match _message(str(heard.topic), bytes(heard.payload)):
                case PlanStatus() as status if self._answers.hear(status):
                    _say(encode(status).decode() if self._json else told(status))
                case InputRejected() as rejected:
                    self._hear_rejected(rejected)
                case _:
                    pass

    def _hear_rejected(self, rejected: InputRejected) -> None:
        about = self._answers.about(rejected)
        if self._answers.hear(rejected):
            _say(encode(rejected).decode() if self._json else told_rejected(rejected, about))


def _standing(found: Mapping[str, bytes]) -> tuple[datetime | None, set[str]]:
    """The time of the stack's clock, when the broker holds one; and whose health is known."""
    now, names = None, set()
    for topic, payload in found.items():
        match _message(topic, payload):
            case Clock() as setting:
                now = ScaledClock(setting, wall_clock).now()
            case Health(source=name):
                names.add(name)
            case _:
                pass
    return now, names


def _told(*complaints: Sequence[Complaint]) -> list[str]:
    return [str(complaint) for some in complaints for complaint in some]


def _message(topic: str, payload: bytes) -> Message | None:
    try:
        return decode(topic, payload)
    except MalformedMessageError as error:
        _complain([str(error)])
        return None


def _fail(code: int, *reasons: str) -> int:
    _complain(reasons)
    return code


def _complain(reasons: Sequence[str]) -> None:
    sys.stderr.writelines(f"hotline inject: {printable_lines(reason)}\n" for reason in reasons)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
