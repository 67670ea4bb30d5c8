"""`hotline console`: sit at a party's desk in a terminal."""

import asyncio
import getpass
import signal
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

from cyclopts import Parameter

from hotline_protocol.agreement import Agreement
from hotline_services.console.terminal import let_go_of_a_closed_terminal
from hotline_services.runtime.client import NoBrokerError
from hotline_services.runtime.wire import BrokerSettings

from .connection import FROM_HERE, VARIABLE, Reach, tool_settings
from .exits import BAD_INPUT, INTERRUPTED, NO_BROKER
from .options import Flag, party_name
from .runfile import DESK

if TYPE_CHECKING:
    from hotline_services.console.session import Session

NO_DESK: Final = 3


def console(
    *,
    party: Annotated[str, Parameter(name="--as")],
    name: str | None = None,
    broker: Annotated[str | None, Parameter(env_var=VARIABLE)] = None,
    scenario: str | None = None,
    plain: Annotated[bool, Flag] = False,
    log: Annotated[bool, Flag] = False,
    report: Path | None = None,
    reach: Reach = FROM_HERE,
) -> int:
    """Sit at the desk of a party: the phone rings, and you answer, concur, counter, decline, ask, protest, hang up.

    The party's centre must be running, as in hotline demo. While you sit there it decides nothing by itself but its
    bookkeeping; the agreement's times go on, so that an offer that you do not answer lapses. When you leave, or this
    program dies, the automatic officer goes on. The other side may be automatic, or another person at a console.

    Examples:

    hotline demo valley-day --speed 4

    hotline console --as ru

    hotline console --as us --plain --name "Col. X" --report after.md

    The exit code is 0 when you have left the desk, 2 for bad input, 3 when the desk cannot be had or is lost, 4 when
    there is no broker, or it has been away for a minute. Ctrl-C (130), SIGTERM (143) and a closed terminal (129) leave
    the desk first.

    Parameters
    ----------
    party
        The party at whose desk you sit, such as us or ru.
    name
        What the record calls you; by default your name on this machine.
    broker
        mqtt://user:password@host:port, or the nodes of a cluster with commas between;
        by default HOTLINE_BROKER of the environment, else that of the run in --data, else this machine.
    scenario
        For the map and the times of the agreement: the scenario that is played, by name or file. By default whichever
        shipped agreement the centre goes by.
    plain
        Line by line, without a screen: for screen readers, scripts and pipes. help lists the commands.
    log
        With --plain: also each line of the duty log.
    report
        When you leave: the after-action report, to this file instead of the screen.
    """
    try:
        party = party_name("--as", party)
        settings = tool_settings(broker, reach, party + DESK)
        agreement = _agreement(scenario)
    except ValueError as error:
        return _fail(BAD_INPUT, str(error))
    if not plain and not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        return _no_terminal()
    if not plain and find_spec("textual") is None:
        return _fail(BAD_INPUT, "the screen needs the package textual; install it, or use --plain")
    try:
        return asyncio.run(_sit(settings, party, _operator(name), agreement, plain=plain, log=log, report=report))
    except NoBrokerError as error:
        return _fail(NO_BROKER, str(error))
    except ToldToLeave as told:
        return _fail(told.exit_code, "you have left the desk")
    except KeyboardInterrupt:
        return _fail(INTERRUPTED, "you have left the desk")


async def _sit(
    settings: BrokerSettings,
    party: str,
    name: str,
    agreement: Agreement | None,
    *,
    plain: bool,
    log: bool,
    report: Path | None,
) -> int:
    from hotline_services.console.session import DeskError, Session

    session = Session(party, name[:64], agreement)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, _send_home, session, number)
    try:
        if plain:
            from hotline_services.console.plain import PlainConsole, standard_input, write_line

            await PlainConsole(session, write_line, duty_log=log).run(settings, standard_input())
        else:
            from hotline_services.console.screen import sit_at_screen

            await sit_at_screen(session, settings)
    except DeskError as error:
        return _fail(NO_DESK, str(error))
    finally:
        _tell_what_was_done(session, report)
    return 0


class ToldToLeave(Exception):  # noqa: N818  no fault
    """The console is to end."""

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(number.name)
        self.exit_code = 128 + number


def _send_home(session: "Session", number: signal.Signals) -> None:
    """End the sitting, as whoever sits there might have."""
    if number is signal.SIGHUP:
        let_go_of_a_closed_terminal()
    session.end(ToldToLeave(number))


def _tell_what_was_done(session: "Session", out: Path | None) -> None:
    """The after-action report, if the desk was ever held."""
    from hotline_services.console.desk.after_action import report_text

    report = session.debrief.report()
    if not any(sat.operator == session.sitting.operator for sat in report.sittings):
        return
    text = report_text(report)
    if out is None:
        sys.stdout.write(f"\n{text}")
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        _fail(BAD_INPUT, f"--report: {out}: {error.strerror}; the report is:")
        sys.stdout.write(text)


def _agreement(scenario: str | None) -> Agreement | None:
    """The memorandum of this scenario. Raises ValueError."""
    if scenario is None:
        return None
    from hotline_services.director.scenario import ScenarioError, read_scenario

    try:
        return read_scenario(scenario).agreement
    except ScenarioError as error:
        raise ValueError(str(error)) from error


def _operator(name: str | None) -> str:
    """The name by which the record knows whoever sits there, as it can be sent."""
    return (name or "").encode(errors="replace").decode().strip() or _user()


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


def _no_terminal() -> int:
    """Say so, also to who has redirected but the standard error, to which the screen is drawn."""
    reason = "the screen needs a terminal for standard input, output and error; redirect none of them, or use --plain"
    if sys.stdout.isatty() and not sys.stderr.isatty():
        print(f"hotline console: {reason}")
    return _fail(BAD_INPUT, reason)


def _fail(code: int, reason: str) -> int:
    print(f"hotline console: {reason}", file=sys.stderr)
    return code
