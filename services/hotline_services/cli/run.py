"""`hotline run`: one service of a live run, as a process of its own."""

import asyncio
import contextlib
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from cyclopts import Parameter

from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR, SKY
from hotline_services.cli.connection import FROM_ENVIRONMENT, VARIABLE, Security, broker_settings
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.cli.numbers import Whole, read_whole
from hotline_services.cli.origins import provenance_of
from hotline_services.cli.page import USUAL_DAYS, USUAL_PORT, Hosts, Keep, Token, kept, run_page
from hotline_services.cli.times import read_moment
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.director.script import Scenario
from hotline_services.runtime.provenance import Launch
from hotline_services.runtime.store import SNAPSHOT_EVERY, Store
from hotline_services.runtime.wire import BrokerSettings, Refused

DEFAULT_SCENARIO: Final = "euphrates-2017-06-18"
FASTEST: Final = 100_000.0  # what a Clock message can say
LONGEST_DAYS: Final = 3_660
Sync = Literal["normal", "full"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Storage(NamedTuple):
    """Where a service keeps its journal or record, and how."""

    folder: Path
    sync: Sync
    snapshot_every: int

    def path(self, name: str) -> Path:
        """The file of the service of this name."""
        return self.folder / f"{name}.sqlite3"

    def journal(self, name: str, launch: Launch) -> Store:
        """Open the journal of this service, made if it is not there. Raises StoreError."""
        from hotline_services.runtime.journal import Journal

        return Journal(self.path(name), name, sync=self.sync, launch=launch, snapshot_every=self.snapshot_every)


def run(
    role: Literal["aoc", "monitor", "director", "sky", "page"],
    party: str | None = None,
    /,
    *,
    scenario: Annotated[str, Parameter(env_var="HOTLINE_SCENARIO")] = DEFAULT_SCENARIO,
    broker: Annotated[str | None, Parameter(env_var=VARIABLE)] = None,
    data: Annotated[Path, Parameter(env_var="HOTLINE_DATA")] = Path("var"),
    seed: Annotated[Whole, Parameter(env_var="HOTLINE_SEED")] = None,
    days: Annotated[int | None, Parameter(env_var="HOTLINE_DAYS")] = None,
    speed: Annotated[float | None, Parameter(env_var="HOTLINE_SPEED")] = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    sync: Annotated[Sync, Parameter(env_var="HOTLINE_SYNC")] = "normal",
    snapshot_every: Annotated[int, Parameter(env_var="HOTLINE_SNAPSHOT_EVERY", converter=read_whole)] = SNAPSHOT_EVERY,
    log_level: Annotated[LogLevel | None, Parameter(env_var="HOTLINE_LOG_LEVEL")] = None,
    host: Annotated[str, Parameter(env_var="HOTLINE_PAGE_HOST")] = "127.0.0.1",
    port: Annotated[int, Parameter(env_var="HOTLINE_PAGE_PORT")] = USUAL_PORT,
    record: Annotated[Path | None, Parameter(env_var="HOTLINE_RECORD")] = None,
    token: Token = None,
    allow_host: Hosts = (),
    keep: Keep = USUAL_DAYS,
    security: Security = FROM_ENVIRONMENT,
) -> int:
    """Run one service until it is told to stop, by a message or a signal.

    The services of one run are given the same scenario and seed; the director sets the clock for all of them.
    Restarted, a service goes on from its journal.

    Examples:

    hotline run aoc us --broker mqtt://127.0.0.1:1883 --data var

    hotline run director --scenario valley-day --speed 60

    hotline run page --record var/monitor.sqlite3 --port 8080

    The exit code is 0 when stopped, 2 for bad input, 70 after a bug (worth a restart), 78 when a restart will not help.

    Parameters
    ----------
    role
        What to be: an air operations centre, the monitor, the director, the sky, which flies the aircraft, or the page,
        which shows the monitor's record to browsers.
    party
        For an aoc: which party of the scenario.
    scenario
        The name of a scenario that is shipped, or the path of a .toml file.
    broker
        mqtt://user:password@host:port, or mqtts:// for TLS; the nodes of a cluster with commas between.
    data
        The folder of the journals.
    seed
        Which of all possible runs; by default the scenario's own.
    days
        How many days of it the director plays; by default the scenario's own length.
    speed
        Simulated seconds in a real one; by default the scenario's own. For the director and the sky.
    begin
        For the director: begin later than the scenario does, at this time (2016-09-17T13:20Z, or 13:20 of its first
        day); what was to happen before happens at once.
    sync
        normal: a killed process loses nothing; full: a power failure neither.
    snapshot_every
        Take a snapshot of the service every so many inputs. A restarted service goes on from the newest one. Inputs
        before the one before it are deleted from the journal. With 0 there are no snapshots, and nothing is deleted.
    log_level
        debug, info, warning or error; by default info, and warning for the monitor, whose output is the duty log.
    host
        For the page: where it listens; by default for this machine alone.
    port
        For the page: where it listens; 0 for any free port.
    record
        For the page: the monitor's record, which may come later; by default monitor.sqlite3 in the folder of --data.
    token
        For the page: what has to be shown to inject; by default one is made up, and printed with the page's address.
    allow_host
        For the page: another name by which browsers may ask for it; may be given more than once.
    keep
        For the page: how many simulated days it goes back, which it has in memory; 0 for all of the record.
    """
    try:
        played = read_scenario(scenario)
        settings = broker_settings(broker, security)
        chance = played.seed if seed is None else seed
        launch = Launch(
            scenario=played.name, provenance=provenance_of(scenario), seed=chance, days=sound_days(days), speed=speed
        )
        storage = Storage(data, sync, snapshot_every)
        if role == "aoc":
            return _run_centre(played, _party(played, party), launch, settings, storage, log_level or "info")
        if role == "monitor":
            return _run_monitor(played, launch, settings, storage, log_level or "warning")
        if role == "page":
            shown = record or data / "monitor.sqlite3"
            return run_page(
                played,
                settings,
                shown,
                host=host,
                port=port,
                token=token,
                others=allow_host,
                keep=kept(keep),
                log_level=log_level or "warning",
            )
        launch = msgspec.structs.replace(launch, speed=sound_speed(played.speed if speed is None else speed))
        if role == "sky":
            return _run_sky(played, launch, settings, storage, log_level or "info")
        start = sound_start(begin, played)
        return _run_director(played, launch, settings, storage, log_level or "info", start=start)
    except (ScenarioError, ValueError) as error:
        print(f"hotline run: {error}", file=sys.stderr)
        return BAD_INPUT


def sound_speed(speed: float) -> float:
    """This speed. Raises ValueError unless time runs forwards, and no faster than a clock can say."""
    if not 0 < speed <= FASTEST:
        raise ValueError(f"--speed: {speed:g}: more than 0, and no more than {FASTEST:,.0f}")
    return speed


def sound_days(days: int | None) -> int | None:
    """This many days, if any are asked for. Raises ValueError unless there is a day, and an end to them."""
    if days is not None and not 0 < days <= LONGEST_DAYS:
        raise ValueError(f"--days: {days}: more than 0, and no more than {LONGEST_DAYS:,}")
    return days


def sound_start(text: str | None, scenario: Scenario) -> datetime | None:
    """The time at which to begin, if one is asked for. Raises ValueError unless the scenario is under way then."""
    if text is None:
        return None
    first = scenario.start.astimezone(UTC)
    try:
        at = read_moment(text if "T" in text else f"{first:%Y-%m-%d}T{text}")
    except ValueError as error:
        raise ValueError(f"--from: {text!r} is no time such as 2016-09-17T13:20Z or 13:20") from error
    if not first <= at < first + timedelta(days=scenario.days):
        last = first + timedelta(days=scenario.days)
        raise ValueError(f"--from: {text}: the scenario goes from {first.isoformat()} to {last.isoformat()}")
    return at


def _party(scenario: Scenario, party: str | None) -> str:
    if party not in scenario.parties:
        known = " or ".join(scenario.parties)
        raise ValueError(f"party: {party!r}: which of the parties of {scenario.name} is to be run: {known}?")
    return party


def _run_centre(
    scenario: Scenario, party: str, launch: Launch, broker: BrokerSettings, storage: Storage, log_level: str
) -> int:
    from hotline_services.runtime.launch import run_service
    from hotline_services.world import centre_service

    service = centre_service(scenario, party, launch.seed)
    journal = partial(storage.journal, party, launch)
    return run_service(service, journal, broker, log_level=log_level, watch=storage.folder / party)


def _run_sky(scenario: Scenario, launch: Launch, broker: BrokerSettings, storage: Storage, log_level: str) -> int:
    from hotline_services.runtime.launch import run_service
    from hotline_services.world import sky_service

    service = sky_service(scenario, launch.seed, launch.speed or scenario.speed)
    journal = partial(storage.journal, SKY, launch)
    return run_service(service, journal, broker, log_level=log_level, watch=storage.folder / SKY)


def _run_director(
    scenario: Scenario,
    launch: Launch,
    broker: BrokerSettings,
    storage: Storage,
    log_level: str,
    *,
    start: datetime | None,
) -> int:
    from hotline_services.runtime.launch import UNUSABLE, run_service
    from hotline_services.runtime.logs import set_up_logs
    from hotline_services.runtime.speed import TooFastError
    from hotline_services.world import director_service

    set_up_logs(DIRECTOR, level=log_level)
    speed = launch.speed or scenario.speed
    try:
        # Once only: where a broker gives each identity one session, the echo would use up what waits for a director.
        if not storage.path(DIRECTOR).exists():
            asyncio.run(keep_pace(broker, speed, scenario))
    except (TooFastError, Refused) as error:
        print(f"hotline run: {error}", file=sys.stderr)
        return UNUSABLE
    real_start = datetime.now(UTC)
    service = director_service(scenario, launch.seed, launch.days, speed=speed, real_start=real_start, start=start)
    journal = partial(storage.journal, DIRECTOR, launch)
    return run_service(service, journal, broker, log_level=log_level, watch=storage.folder / DIRECTOR)


async def keep_pace(broker: BrokerSettings, speed: float, scenario: Scenario) -> None:
    """Wait for the broker, and see that it is fast enough for this speed. Raises TooFastError, or Refused."""
    from hotline_services.runtime.speed import NoEchoError, check_speed, measured_delay

    while True:
        try:
            check_speed(speed, await measured_delay(broker, DIRECTOR), scenario.agreement)
        except NoEchoError as error:
            print(f"hotline run: {error} Trying again.", file=sys.stderr)
        else:
            return


def _run_monitor(scenario: Scenario, launch: Launch, broker: BrokerSettings, storage: Storage, log_level: str) -> int:
    """The monitor, whose standard output is the duty log."""
    from hotline_services.cli.dutyoutput import DutyOutput
    from hotline_services.monitor.core import Progress
    from hotline_services.monitor.dutylog import DutyLog
    from hotline_services.monitor.rows import CallRow
    from hotline_services.records.record import Record
    from hotline_services.runtime.launch import run_service
    from hotline_services.world import MONITOR, monitor_service

    opened: list[tuple[Record, DutyOutput]] = []

    def record() -> Store:
        with contextlib.ExitStack() as unless_counted:
            store = Record(storage.path(MONITOR), MONITOR, sync=storage.sync, launch=launch)
            unless_counted.callback(store.close)
            opened.append((store, DutyOutput(DutyLog(calls_before=store.count(CallRow)), sys.stdout)))
            unless_counted.pop_all()
        return store

    def progress() -> Progress:
        return opened[0][0].progress()

    def write_up(message: Message) -> None:
        opened[0][1].write_up(message)

    service = monitor_service(progress, write_up, scenario.agreement.parties)
    return run_service(service, record, broker, log_level=log_level, watch=storage.folder / MONITOR)
