"""Reading a scenario file: strict, since a misspelt field that is passed over is a wrong run."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from hotline_protocol.agreement import AgreementError, check_agreement, read_agreement
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.boundaries import boundaries_of
from hotline_protocol.geometry import area_problem
from hotline_protocol.message import Digest, digest_of
from hotline_protocol.names import SKY
from hotline_protocol.topics import split_validation_error
from hotline_services.resources import scenarios_folder
from hotline_services.text_files import read_text, without_mark

from .changes import ChangeError, change
from .expecting import faults
from .lines import line_of
from .rostering import roster_faults
from .scenario_error import ScenarioError
from .script import (
    AddressedEvent,
    AdvicePassed,
    Announcement,
    BrokerOutage,
    Cancellation,
    Deviation,
    Emergency,
    LinkPartition,
    Scenario,
    ServiceCrash,
    Sighting,
    Submission,
    Trouble,
    UnannouncedFlight,
)
from .soundness import setting_faults
from .strict import FieldError, read_strictly
from .theatres import enter_theatre, give_zone, load_theatre
from .written import OUT_OF_YEARS, YEARS, Moment

__all__ = ["Scenario", "ScenarioError", "read_scenario", "scenario_digest", "shipped_scenarios"]

TOO_DEEP: Final = "has tables or lists nested too deeply to be read"

Trace = Iterator[tuple[str, str]]


def shipped_scenarios() -> tuple[str, ...]:
    """The names that :func:`read_scenario` knows without a path."""
    return tuple(sorted(path.stem for path in scenarios_folder().glob("*.toml")))


def read_scenario(which: str | Path, changes: Mapping[str, Any] | None = None) -> Scenario:
    """The scenario of this shipped name, or in this file, with single values changed. Raises ScenarioError."""
    path = find_scenario(which)
    try:
        return scenario_in(raw_scenario(path, changes), path.name)
    except ScenarioError as error:
        if error.file != path.name or error.field == "file" or changes or not path.is_file():
            raise
        line = line_of(without_mark(path.read_bytes()).decode(errors="replace"), error.field)
        raise ScenarioError(error.file, error.field, error.reason, line) from error


def raw_scenario(path: Path, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the file says, with its agreement and with single values changed: no other file is needed to read it.

    Raises ScenarioError.
    """
    raw = _load(path)
    if isinstance(raw.get("theatre"), str):
        raw["theatre"] = load_theatre(raw["theatre"], path)
        give_zone(raw)
    enter_theatre(raw, path.name)
    if isinstance(raw.get("agreement"), str):
        raw["agreement"] = _load_agreement(raw["agreement"], path)
    try:
        change(raw, changes or {})
    except ChangeError as error:
        raise ScenarioError(path.name, error.path, error.reason) from error
    return raw


def scenario_digest(which: str | Path, changes: Mapping[str, Any] | None = None) -> Digest:
    """The digest of all that this scenario says, with its agreement and these changes. Raises ScenarioError."""
    return digest_of(raw_scenario(find_scenario(which), changes))


def scenario_in(raw: dict[str, Any], file: str) -> Scenario:
    """The scenario that stands in this, which was read from ``file``. Raises ScenarioError.

    From now on this process plays in its theatre.
    """
    raw = enter_theatre(raw, file)
    try:
        scenario = read_strictly(raw, Scenario)
    except FieldError as error:
        raise ScenarioError(file, error.field, error.reason) from error
    for field, reason in _inconsistent(scenario):
        raise ScenarioError(file, field, reason)
    return scenario


def find_scenario(which: str | Path) -> Path:
    """The file of this shipped name, or at this path. Raises ScenarioError."""
    if isinstance(which, Path) or which.endswith(".toml"):
        return Path(which)
    shipped = scenarios_folder() / f"{which}.toml"
    if not shipped.is_file():
        known = ", ".join(shipped_scenarios())
        raise ScenarioError(
            which, "name", f"none of this name is shipped; there are: {known}; or give the path of a .toml"
        )
    return shipped


def _load(path: Path) -> dict[str, Any]:
    try:
        return deepcopy(_parsed(read_text(path)))  # changes are made in it
    except OSError as error:
        raise ScenarioError(path.name, "file", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(path.name, "file", f"is not TOML: {error}") from error
    except RecursionError as error:
        raise ScenarioError(path.name, "file", TOO_DEEP) from error


@lru_cache(maxsize=32)
def _parsed(text: str) -> dict[str, Any]:
    """Remembered by value: many runs are of one scenario, and to parse it takes as long as an hour of a run."""
    return tomllib.loads(text)


def _load_agreement(named: str, beside: Path) -> dict[str, Any]:
    """The agreement at this path, seen from the scenario, or of this shipped name."""
    path = beside.parent / named if named.endswith(".toml") else scenarios_folder() / "agreements" / f"{named}.toml"
    raw = _load(path)
    try:
        boundaries_of(read_agreement(read_text(path)))
    except AgreementError as error:
        field, reason = _told(str(error))
        raise ScenarioError(path.name, field, reason, line_of(read_text(path), field)) from error
    return raw


def _told(of_agreement: str) -> tuple[str, str]:
    """The field and the reason in what is said of an agreement."""
    reason, field = split_validation_error(of_agreement)
    if field == "message" and (told := re.fullmatch(r"([a-z_.]+): (.*)", of_agreement, re.DOTALL)):
        return told[1], told[2]
    return field, reason


def _inconsistent(scenario: Scenario) -> Trace:
    """What is well written, but contradicts something else in the file."""
    if scenario.start.year not in YEARS:
        yield "start", f"{scenario.start.isoformat()}: {OUT_OF_YEARS}"
    agreed = set(scenario.agreement.parties)
    for party in agreed ^ set(scenario.parties):
        yield (
            f"parties.{party}",
            f"the agreement's parties, and no others, are: {', '.join(scenario.agreement.parties)}",
        )
    try:
        check_agreement(scenario.agreement)
        boundaries_of(scenario.agreement)
    except AgreementError as error:
        field, _, reason = str(error).partition(": ")
        yield f"agreement.{field}", reason
    yield from setting_faults(scenario)
    yield from roster_faults(scenario)
    yield from _repeated_plans(scenario)
    yield from faults(scenario)
    keys = {source.key for source in scenario.sources}
    for number, event in enumerate(scenario.timeline):
        path = f"timeline[{number}]"
        if event.source and event.source not in keys:
            yield f"{path}.source", f"{event.source!r} is not the key of any of [[sources]]"
        yield from _too_early(scenario, event.at, f"{path}.at")
        yield from _bad_event(scenario, event, path)
    for number, each in enumerate(scenario.circuit.down):
        yield from _too_early(scenario, each.start, f"circuit.down[{number}].start")


def _too_early(scenario: Scenario, moment: Moment, path: str) -> Trace:
    if moment.after(scenario.start) < scenario.start:
        yield path, f"lies before the scenario's start, {scenario.start.isoformat()}"


def _repeated_plans(scenario: Scenario) -> Trace:
    seen: set[str] = set()
    for number, event in enumerate(scenario.timeline):
        if isinstance(event, Submission):
            name = event.plan.plan_id or event.plan.callsign
            if name in seen:
                yield f"timeline[{number}].plan.plan_id", f"{name!r} stands for another plan already"
            seen.add(name)


def _bad_event(scenario: Scenario, event: AddressedEvent | Trouble, path: str) -> Trace:
    sky = (SKY,) if scenario.sky is not None else ()
    match event:
        case LinkPartition(between=names):
            for name in names:
                yield from _bad_party(scenario, name, f"{path}.between", "director", "monitor", *sky)
        case ServiceCrash(party=name):
            yield from _bad_party(scenario, name, f"{path}.party", "monitor", *sky)
        case UnannouncedFlight(side=side) | Deviation(side=side):
            if scenario.sky is None:
                yield f"{path}.action", "is told to the sky, and the scenario has none: write a [sky]"
            if side is not None:
                yield from _bad_party(scenario, side, f"{path}.side")
            yield from _bad_contents(scenario, event, path)
        case Submission() | Sighting() | Announcement() | Cancellation() | Emergency() | AdvicePassed():
            yield from _bad_party(scenario, event.to, f"{path}.to")
            yield from _bad_contents(scenario, event, path)
        case BrokerOutage():
            pass


def _bad_contents(scenario: Scenario, event: AddressedEvent, path: str) -> Trace:
    try:
        match event:
            case Sighting():
                yield from _outside(event.where.position(scenario.places), f"{path}.where")
                third = (partner.name for partner in scenario.agreement.partners if partner.side is None)
                yield from _bad_party(scenario, event.by, f"{path}.by", *third)
            case AdvicePassed():
                yield from _bad_party(scenario, event.peer, f"{path}.peer")
                if event.peer == event.to:
                    yield f"{path}.peer", "must be the other side"
                if not event.lasts.written:
                    yield f"{path}.lasts", 'longer than nothing, such as "1h": what is over is not told'
                yield from _outside(event.where.position(scenario.places), f"{path}.where")
            case Deviation() if event.where is not None:
                yield from _outside(event.where.position(scenario.places), f"{path}.where")
            case Submission() | UnannouncedFlight():
                plan = event.plan.plan(event.at.after(scenario.start), scenario.places)
                if plan.end <= plan.start:
                    yield f"{path}.plan.end", "must be after the start"
                if plan.lower_ft >= plan.upper_ft:
                    yield f"{path}.plan.lower_ft", "must be below upper_ft"
                if problem := area_problem(plan.area):
                    yield f"{path}.plan.{problem[0]}", problem[1]
            case Cancellation() | Emergency() | Announcement() | Deviation():
                pass
    except ValueError as error:
        yield f"{path}.{'plan.area' if isinstance(event, Submission | UnannouncedFlight) else 'where'}", str(error)


def _outside(position: Position, path: str) -> Trace:
    """Whether nothing can be there: a circle about it says so."""
    if problem := area_problem(Circle(centre=position, radius_nm=1.0)):
        yield path, problem[1]


def _bad_party(scenario: Scenario, name: str, path: str, *services: str) -> Trace:
    known = (*scenario.parties, *services)
    if name not in known:
        yield path, f"{name!r} does not take part; there are: {', '.join(known)}"
