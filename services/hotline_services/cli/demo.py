"""`hotline demo`: the whole stack on one machine, and the log of its calls as they happen."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated, Final, NamedTuple, TextIO

from cyclopts import Parameter

from hotline_protocol.names import DIRECTOR, SKY
from hotline_services.director.horizon import end_of, warning
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.director.script import Scenario
from hotline_services.monitor.wording import clock_time
from hotline_services.runtime.broker import BrokerError, EmbeddedBroker, Kind
from hotline_services.runtime.client import NoBrokerError
from hotline_services.runtime.logs import StandardError, set_up_logs
from hotline_services.runtime.speed import TooFastError
from hotline_services.runtime.store import StoreError
from hotline_services.runtime.supervisor import Supervisor

from .brokerusers import broker_users, people_of
from .connection import VARIABLE, address_with
from .exits import BAD_INPUT, NO_BROKER
from .folders import DEFAULT_DATA
from .following import Watch
from .lineoutput import LineOutput
from .numbers import Whole
from .page import TOKEN_VARIABLE, new_token
from .page import USUAL_PORT as PAGE_PORT
from .run import DEFAULT_SCENARIO, keep_pace, sound_days, sound_speed, sound_start
from .runfile import NAME as RUN_FILE
from .runfile import OBSERVER, RunFile, write_run_file

USUAL_PORT: Final = 1883
MARK: Final = "made-by-hotline-demo"
AFTERWARDS: Final = timedelta(hours=1)
PAGE: Final = "page"
OBSERVERS: Final = (PAGE, "monitor")
LOOK_S: Final = 0.25
BROKER_STARTS: Final = 10


class Page(NamedTuple):
    """Where the page is, and what lets one write there."""

    port: int
    token: str


def demo(
    scenario: str = DEFAULT_SCENARIO,
    /,
    *,
    speed: float | None = None,
    seed: Whole = None,
    days: int | None = None,
    begin: Annotated[str | None, Parameter(name="--from")] = None,
    data: Path = Path("var"),
    out: Path | None = None,
    broker: Kind | None = None,
    broker_port: int | None = None,
    seconds: float | None = None,
    page: bool = True,
    page_port: int | None = None,
) -> int:
    """Play a scenario live: a broker, two centres, a monitor, a director, a sky and a page, each its own process.

    The page's address is printed, with the token that lets it inject. A scenario without a sky is played without one.

    The log of the duty officers goes to the standard output until the scenario is over, Ctrl-C, or nobody reads it
    any more. While it runs, and afterwards, the other commands work from the same folder: hotline calls,
    hotline status, hotline inject.

    Examples:

    hotline demo

    hotline demo valley-day --speed 120 --out run.jsonl

    A service or a broker that dies is started again. The exit code is 0 when it is over or was stopped, 2 for bad
    input, 4 when the broker cannot be kept up, and a service's own when that cannot be kept up. Monitor and page only
    look on: without them the run goes on, and the code tells in the end.

    Parameters
    ----------
    scenario
        The name of a scenario that is shipped, or the path of a .toml file.
    speed
        Simulated seconds in a real one; by default the scenario's own, mostly 60.
    seed
        Which of all possible runs; by default the scenario's own.
    days
        How many days of it are played; by default the scenario's own length.
    begin
        Begin later than the scenario does, at this time (2016-09-17T13:20Z, or 13:20 of its first day); what was to
        happen before happens at once, so that a notice of then is told late.
    data
        Where journals, the record and logs go. What an earlier demo left there is removed.
    out
        Write a recording of the run here when it ends.
    broker
        mosquitto or nats; by default whichever is there, mosquitto first.
    broker_port
        Where the broker listens, on this machine alone; by default 1883, or any free port when that is taken.
    seconds
        Stop after so many real seconds.
    page
        Whether there is a page, for browsers on this machine.
    page_port
        Where the page listens; by default 8080, or any free port when that is taken.
    """
    try:
        played = read_scenario(scenario)
        if out is not None and not out.absolute().parent.is_dir():
            raise ValueError(f"--out: {out.parent} is no folder: make it, or name another")
        if out is not None and out.is_dir():
            raise ValueError(f"--out: {out} is a folder: name a file in it")
        pace_x, length = sound_speed(played.speed if speed is None else speed), sound_days(days) or played.days
        limit_s = _sound_seconds(seconds, (timedelta(days=length) + AFTERWARDS).total_seconds() / pace_x)
        later = ["--from", start.isoformat()] if (start := sound_start(begin, played)) else []
        parties = list(played.agreement.parties)
        users, usable = broker_users(parties), _broker_port(broker_port)
        with (
            _claimed(data),
            EmbeddedBroker(broker, data / "broker", port=usable, users=users) as embedded,
            _told_in_run_file(embedded, data, people_of(parties)),
        ):
            options = [
                *("--scenario", scenario, "--data", str(data)),
                *("--seed", str(played.seed if seed is None else seed)),
            ]
            pace = ["--speed", str(pace_x), "--days", str(length)]
            shown = Page(_page_port(page_port), new_token()) if page else None
            set_up_logs(
                "demo", level="warning", as_json=False
            )  # to the standard error: the other one is the duty log's
            asyncio.run(keep_pace(embedded.settings_of(DIRECTOR), pace_x, played))
            if told := warning(played, end_of(played, length)):
                print(f"hotline demo: warning: {told}", file=sys.stderr)
            _greet(played, embedded, pace_x, data, shown, start)
            try:
                code = asyncio.run(_play(played, embedded, options, pace, later, data, limit_s, shown))
            finally:  # also when the log could not be written to its end
                kept = _bid_farewell(data, out, played)
    except (ScenarioError, BrokerError, NoBrokerError, TooFastError, ValueError) as error:
        print(f"hotline demo: {error}", file=sys.stderr)
        return NO_BROKER if isinstance(error, NoBrokerError) else BAD_INPUT
    return code if kept else BAD_INPUT


def _sound_seconds(seconds: float | None, longest: float) -> float:
    """How long to play. Raises ValueError."""
    if seconds is None:
        return longest
    if not seconds > 0:
        raise ValueError(f"--seconds: {seconds:g}: more than 0")
    return min(seconds, longest)


async def _play(
    scenario: Scenario,
    broker: EmbeddedBroker,
    options: list[str],
    pace: list[str],
    later: list[str],
    data: Path,
    limit_s: float,
    page: Page | None,
) -> int:
    """Run the services and show what is said, until told to stop, the time is over, or it can be shown no more.

    Raises OSError then, once the services have ended.
    """
    programs = _programs(scenario, options, pace, later, page)
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    supervisor = Supervisor(
        programs,
        logs=logs,
        environment={name: _secrets(broker, name, page) for name in programs},
        observers=OBSERVERS,
        report=_tell,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, supervisor.stop)
    loop.call_later(limit_s, supervisor.stop)
    output = LineOutput(sys.stdout)
    watch = Watch(None, json=False, write=output.write, command="demo")
    watching = asyncio.create_task(watch.run(broker.settings_of(OBSERVER)))
    keeping = asyncio.create_task(_keep_up(broker))
    for ending in (watching, output.failed, keeping):
        ending.add_done_callback(partial(_end_with, supervisor))
    try:
        code = await supervisor.run()
    finally:
        for task in (watching, keeping):
            task.cancel()
        await asyncio.wait([watching, keeping])
        await output.drained()
        if output.failed.done():
            output.failed.result()
    if code:
        _show_last_words(logs)
    for task in (watching, keeping):
        if not task.cancelled():
            task.result()
    return code


def _programs(
    scenario: Scenario, options: list[str], pace: list[str], later: list[str], page: Page | None
) -> dict[str, list[str]]:
    """The command of each service. The one that must hear the others out is named first."""
    command = [sys.executable, "-m", "hotline_services.cli.main", "run"]
    programs = {PAGE: [*command, PAGE, *options, "--port", str(page.port)]} if page else {}
    programs["monitor"] = [*command, "monitor", *options, *pace]
    programs |= {party: [*command, "aoc", party, *options, *pace] for party in scenario.agreement.parties}
    if scenario.sky is not None:
        programs[SKY] = [*command, SKY, *options, *pace]
    programs[DIRECTOR] = [*command, DIRECTOR, *options, *pace, *later]
    return programs


async def _keep_up(broker: EmbeddedBroker) -> None:
    """Start the broker again whenever it has ended, with what it kept. Raises NoBrokerError when that fails.

    It is started in this thread: it dies with the thread that has started it.
    """
    starts = 0
    while starts < BROKER_STARTS:
        await asyncio.sleep(LOOK_S)
        if (code := broker.ended) is not None:
            _tell(f"The broker has ended, exit code {code}. It is started again.")
            try:
                broker.start()
            except BrokerError as error:
                raise NoBrokerError(str(error)) from error
            starts += 1
    raise NoBrokerError(f"the broker has ended {starts + 1} times")


def _secrets(broker: EmbeddedBroker, name: str, page: Page | None) -> dict[str, str]:
    """What this service alone is told: the broker with its own password and, to the page, the page's token."""
    told = {VARIABLE: address_with(broker.settings_of(name))}
    return {**told, TOKEN_VARIABLE: page.token} if page is not None and name == PAGE else told


@contextlib.contextmanager
def _told_in_run_file(broker: EmbeddedBroker, data: Path, people: Sequence[str]) -> Iterator[None]:
    """A run file for the tools of people, for as long as the run goes on."""
    passwords = {name: broker.settings_of(name).password or "" for name in people}
    file = write_run_file(data, RunFile(broker=broker.url, passwords=passwords, pid=os.getpid()))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _end_with(supervisor: Supervisor, log: "asyncio.Future[None]") -> None:
    """Stop when nobody reads the log any more, or the broker is gone; of all else that ends the log, tell."""
    error = None if log.cancelled() else log.exception()
    if log.cancelled() or isinstance(error, BrokenPipeError | NoBrokerError):
        supervisor.stop()
    else:
        _tell(f"The log ends here: {error or 'nothing more comes'}. Everything else goes on.")


def _tell(sentence: str) -> None:
    """Without waiting for anybody to read it."""
    StandardError().write(f"hotline demo: {sentence}\n")


def _greet(
    scenario: Scenario, broker: EmbeddedBroker, speed: float, data: Path, page: Page | None, start: datetime | None
) -> None:
    lines = [
        f"{scenario.title} ({scenario.name}) at {speed:g}x. {' '.join(scenario.disclaimer.split())}",
        f"Broker: {broker.kind} on {broker.url}. Logs: {data / 'logs'}. Ctrl-C stops everything.",
    ]
    if page is not None:
        lines.append(f"Page: http://127.0.0.1:{page.port}/#token={page.token}")
    with_data = _option(data)
    lines.append(f"Passwords of people: {data / RUN_FILE}, where the other commands find them.")
    lines.append(f'For any MQTT client: mosquitto_pub -L "$(hotline access{with_data})/hotline/v1/inject/us" ...')
    if with_data:
        lines.append(f"Give other commands{with_data}, or run them where this folder is called {DEFAULT_DATA}.")
    if start is not None:
        lines.append(f"Begins at {clock_time(start)}: what was due before is told at once, and so late.")
    print(*lines, "", sep="\n", file=sys.stderr)


def _option(data: Path) -> str:
    """What another command is to be given to find this run."""
    return "" if data == DEFAULT_DATA else f" --data {data}"


def _bid_farewell(data: Path, out: Path | None, scenario: Scenario) -> bool:
    """Write the recording, and tell what there is to look at now; returns whether all was written."""
    from hotline_services.records.liveheader import Told
    from hotline_services.records.recordfile import log_of, make_whole
    from hotline_services.records.recordings import record_to_recording

    record = data / "monitor.sqlite3"
    if not record.exists():
        return True
    beside = "" if make_whole(record) else f" (copy it together with {log_of(record)})"
    written = f"\nStopped. What was said is in {record}{beside}: hotline calls --record {record}"
    try:
        if out is not None:  # before a word is said: the standard error may be closed too
            told = Told(scenario=scenario.name, agreement=scenario.agreement.digest)
            made = record_to_recording(record, out, told, [data])
            written += "".join(f"\n{fault}" for fault in made.faults)
            written += f"\n{made.messages:,} messages written to {out}. To play it again: hotline rerun {out}"
    except (StoreError, OSError) as error:
        print(f"{written}\nhotline demo: --out: {error}", file=sys.stderr)
        return False
    print(written, file=sys.stderr)
    return True


def _show_last_words(logs: Path) -> None:
    """When a service could not be kept running: what it said last."""
    for log in sorted(logs.glob("*.log")):
        last = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-3:]
        if last:
            print(f"{log.name}:", *(f"  {line[:300]}" for line in last), sep="\n", file=sys.stderr)


def _claimed(data: Path) -> TextIO:
    """An empty place for this run, what an earlier demo left removed; ours while this is open. Raises ValueError."""
    mark = data / MARK
    try:
        data.mkdir(parents=True, exist_ok=True)
        if not mark.exists() and any(data.glob("*.sqlite3")):
            raise ValueError(f"--data: {data} holds journals that no demo has made; name another folder")
        held = mark.open("a", encoding="utf-8")
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        left = list(_left_behind(data))
        for old in left:
            old.unlink()
        if left:
            print(f"Removed what the demo before left in {data} (--data names another folder).", file=sys.stderr)
    except BlockingIOError as error:
        raise ValueError(f"--data: a demo is running in {data}: stop it, or name another folder") from error
    except OSError as error:
        raise ValueError(f"--data: {error.filename}: {error.strerror}") from error
    return held


def _left_behind(data: Path) -> Iterator[Path]:
    for pattern in (RUN_FILE, "*.sqlite3", "*.sqlite3-*", "*.lock", "logs/*.log", "broker/**/*"):
        yield from (path for path in data.glob(pattern) if path.is_file())


def _broker_port(wanted: int | None) -> int:
    """This port or, when none is asked for, 1883, where every client looks first, or 0 for any when it is taken.

    Raises ValueError.
    """
    if wanted is not None and not 0 <= wanted < 65_536:
        raise ValueError(f"--broker-port: {wanted}: a port is from 1 to 65535, or 0 for any that is free")
    port = USUAL_PORT if wanted is None else wanted
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if wanted is None:
                return 0
            raise ValueError(f"--broker-port: {port}: {error.strerror}; name another port") from error
    return port


def _page_port(wanted: int | None) -> int:
    """This port or, when none is asked for, the usual one, or any that is free. Raises ValueError."""
    from hotline_services.web.serving import listen

    usual = wanted is None
    with listen("127.0.0.1", PAGE_PORT if wanted is None else wanted, or_next=usual, option="--page-port") as bound:
        port = int(bound.getsockname()[1])
    if usual and port != PAGE_PORT:
        print(f"Port {PAGE_PORT} is in use; the page is on {port}.", file=sys.stderr)
    return port
