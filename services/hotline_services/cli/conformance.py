"""`hotline conformance`: examines somebody else's centre, requirement by requirement."""

import asyncio
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import msgspec
from cyclopts import Parameter

from hotline_protocol.agreement import Agreement, AgreementError, read_agreement
from hotline_protocol.theatre import enter_bounds
from hotline_services.conformance.examination.requirements import REQUIREMENTS, UnknownRequirementError, chosen
from hotline_services.conformance.examination.verdict_report import evidence, junit, summary
from hotline_services.conformance.examination.verdicts import Judgement, Report, Verdict
from hotline_services.director.scenario import ScenarioError, read_scenario
from hotline_services.monitor.wording import printable
from hotline_services.runtime.client import NoBrokerError
from hotline_services.runtime.logs import set_up_logs
from hotline_services.runtime.wire import BrokerSettings, Refused
from hotline_services.text_files import read_text

from .connection import FROM_HERE, Reach, broker_settings, signatures, tool_settings
from .exits import BAD_INPUT, NO_BROKER
from .options import Flag, party_name
from .tables import Column, show, write_json

ALL_KEPT: Final = 0
BROKEN: Final = 1
DEFAULT_SCENARIO: Final = "conformance"
DEFAULT_SPEED: Final = 10.0


def conformance(
    *,
    as_: Annotated[str, Parameter(name="--as")] = "us",
    against: str | None = None,
    broker: str | None = None,
    exercise: str | None = None,
    scenario: str = DEFAULT_SCENARIO,
    agreement: Path | None = None,
    speed: float = DEFAULT_SPEED,
    only: str | None = None,
    exercise_key: Path | None = None,
    stop: Annotated[bool, Flag] = False,
    rehearse: Annotated[bool, Flag] = False,
    json: Annotated[bool, Flag] = False,
    out: Path | None = None,
    junit_file: Annotated[Path | None, Parameter(name="--junit")] = None,
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
    reach: Reach = FROM_HERE,
) -> int:
    """Examine a centre: play the other side against it, and report which requirements of the protocol it keeps.

    The centre must be up, and be loaded with the same agreement: by default that of the shipped scenario
    conformance, whose deadlines are short. Nobody else may speak as the party that the examiner speaks as. Where the
    broker has no clock yet, the examiner sets one.

    For example:

    hotline run aoc ru --scenario conformance --broker mqtt://127.0.0.1:1883 --data var

    hotline conformance --as us --broker mqtt://127.0.0.1:1883 --junit conformance.xml

    hotline conformance --only CALL,NEG-3 --json

    hotline conformance --rehearse

    The exit code is 0 when nothing is broken, 1 when something is, 2 for bad input, when nobody is there, the centre
    is gone before the end or has another agreement, 4 when there is no broker. What was not tested is neither, and
    says why.

    Parameters
    ----------
    as_
        The party that the examiner speaks as.
    against
        The party that is examined; by default the other one of the agreement.
    broker
        mqtt://user:password@host:port; by default HOTLINE_BROKER of the environment, else this machine.
    exercise
        Who injects plans, and hears events and the status of plans, where the broker keeps users apart; by default
        the same as --broker.
    exercise_key
        The private key of whoever injects (control, or the user of --exercise); by default that of --key, which must
        then stand in the centre's roster under that name, too.
    scenario
        Whose agreement both sides have: the name of a scenario that is shipped, or the path of a .toml file.
    agreement
        The agreement itself, as a .toml file, instead.
    speed
        Simulated seconds in a real one, where there is no clock on the broker.
    only
        Requirements and groups to be tested, such as CALL,NEG-3; by default all.
    stop
        Tell the centre to stop in the end, and see that it says goodbye.
    rehearse
        Examine our own centre in simulated time, without a broker: what a report looks like.
    json
        The whole report as JSON, with all evidence.
    out
        Write the report as JSON into this file as well.
    junit_file
        Write the report as JUnit XML into this file as well.
    list_
        List the requirements, and where each of them is said.
    """
    try:
        wanted = chosen(only)
        if list_:
            listed = [each for each in REQUIREMENTS if each.id in wanted]
            show(listed, LIST_COLUMNS, json=json, empty="none")
            return ALL_KEPT
        rules = _rules(scenario, agreement)
        them = _parties(as_, against, rules)
        _check_speed(speed)
        _check_files(out, junit_file)
        if rehearse:
            report = _rehearsed(scenario, rules, as_, them, wanted)
        else:
            outside = replace(reach, key=exercise_key or reach.key)
            report = _examined(as_, them, rules, (broker, exercise), speed, wanted, (reach, outside), may_stop=stop)
    except NoBrokerError as error:
        return _fail(str(error), NO_BROKER)
    except (UnknownRequirementError, ScenarioError, AgreementError, ValueError) as error:
        return _fail(str(error))
    _tell(report, json=json)
    try:
        _write(report, out, junit_file)
    except OSError as error:
        return _fail(f"{error.filename or out or junit_file}: {error.strerror}: the report is not in this file")
    return BROKEN if report.broken else BAD_INPUT if report.cut_short else ALL_KEPT


def _rules(scenario: str, agreement: Path | None) -> Agreement:
    """The agreement that both sides should have. Raises ScenarioError, AgreementError or ValueError."""
    if agreement is None:
        return read_scenario(scenario).agreement
    try:
        agreed = read_agreement(read_text(agreement))
    except OSError as error:
        raise ValueError(f"--agreement: {agreement}: {error.strerror}") from error
    except (AgreementError, UnicodeDecodeError) as error:
        raise AgreementError(f"--agreement: {agreement}: {error}") from error
    enter_bounds(agreed.bounds_deg or None)
    return agreed


def _parties(us: str, against: str | None, rules: Agreement) -> str:
    """Who is to be examined. Raises ValueError."""
    for option, name in (("--as", us), ("--against", against)):
        if name is not None and party_name(option, name) not in rules.parties:
            raise ValueError(f"{option}: {name} is no party of {rules.name!r}: {' and '.join(rules.parties)} are")
    others = [name for name in rules.parties if name != us]
    if against == us:
        raise ValueError(f"--against: {us} cannot be examined as {us}")
    if against is None and len(others) > 1:
        raise ValueError(f"--against: which of {', '.join(others)} is to be examined?")
    return against or others[0]


def _check_speed(speed: float) -> None:
    if not 0 < speed <= 100_000:
        raise ValueError(f"--speed: {speed:g}: more than 0, and no more than 100,000")


def _check_files(*files: Path | None) -> None:
    """Before minutes of examination, and not after them. Raises ValueError."""
    for file in files:
        if file is not None and not file.absolute().parent.is_dir():
            raise ValueError(f"{file.parent} is no folder for {file.name}: make it, or name another")
        if file is not None and file.is_dir():
            raise ValueError(f"{file} is a folder: name a file in it")
    named = [file.absolute() for file in files if file is not None]
    if len(set(named)) < len(named):
        raise ValueError(f"--out and --junit: {named[0].name} cannot hold both reports: name two files")


def _rehearsed(scenario: str, rules: Agreement, us: str, them: str, wanted: frozenset[str]) -> Report:
    from hotline_services.conformance.examination.peer import Brief
    from hotline_services.conformance.rehearsal import LocalCentre, rehearse
    from hotline_services.world import centre

    played = msgspec.structs.replace(read_scenario(scenario), agreement=rules)
    if them not in played.parties:
        raise ValueError(f"--against: {them} is no party of the scenario {played.name}")
    brief = Brief(us=us, them=them, rules=rules, epoch="rehearsal", may_stop=True)
    return rehearse(brief, LocalCentre(them, centre(played, them, played.seed), peers=rules.parties), wanted, _progress)


def _examined(
    us: str,
    them: str,
    rules: Agreement,
    brokers: tuple[str | None, str | None],
    speed: float,
    wanted: frozenset[str],
    reaches: tuple[Reach, Reach],
    *,
    may_stop: bool,
) -> Report:
    """Raises NoBrokerError, and ValueError when it cannot be held for another reason."""
    from hotline_services.conformance.live import ExaminationError, LiveExamination, Setting

    set_up_logs("conformance", level="error")
    (broker, exercise), (reach, outside) = brokers, reaches
    settings = tool_settings(broker, reach, us)
    if fault := settings.signing.fault(us):
        raise ValueError(fault)
    setting = Setting(
        us=us,
        them=them,
        rules=rules,
        broker=settings,
        exercise=broker_settings(exercise, outside) if exercise else _signed_by(settings, outside, reach),
        speed=speed,
        chosen=wanted,
        may_stop=may_stop,
    )
    _progress(f"{them} must be loaded with the agreement {rules.name!r}, digest {rules.digest}")

    async def held() -> Report | None:
        return await LiveExamination(setting, _progress).run()

    try:
        report = asyncio.run(held())
    except (ExaminationError, Refused) as error:
        raise ValueError(str(error)) from error
    if report is None:
        raise ValueError(f"nobody is there who speaks as {them} at {settings}: start that centre first")
    return report


def _signed_by(settings: BrokerSettings, outside: Reach, reach: Reach) -> BrokerSettings:
    """The same broker and user, with another key where one was named."""
    if outside.key == reach.key:
        return settings
    return msgspec.structs.replace(settings, signing=signatures(outside))


def _write(report: Report, out: Path | None, junit_file: Path | None) -> None:
    """Raises OSError."""
    if out is not None:
        out.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
    if junit_file is not None:
        junit_file.write_bytes(junit(report) + b"\n")


def _tell(report: Report, *, json: bool) -> None:
    if json:
        write_json(report)
    else:
        show(report.judgements, REPORT_COLUMNS, json=False, empty="nothing was tested")
        for line in evidence(report):
            print(printable(line))
    _progress(summary(report))


def _what(judgement: Judgement) -> str:
    if judgement.verdict is Verdict.NOT_TESTED:
        return f"{judgement.requirement.sentence} Not tested: {judgement.reason}."
    return judgement.requirement.sentence


REPORT_COLUMNS: Final = (
    Column("requirement", lambda row: row.requirement.id),
    Column("is", lambda row: row.verdict.value),
    Column("what", _what),
)
LIST_COLUMNS: Final = (
    Column("requirement", lambda row: row.id),
    Column("said in", lambda row: row.said_in),
    Column("what", lambda row: row.sentence),
)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _fail(reason: str, code: int = BAD_INPUT) -> int:
    _progress(f"hotline conformance: {reason}")
    return code
