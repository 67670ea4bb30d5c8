"""The theatre of a scenario: that of a shipped name, or in a file beside the scenario."""

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from hotline_protocol.theatre import (
    Theatre,
    TheatreError,
    bounds_problem,
    default_theatre,
    enter,
    read_theatre,
    shipped_theatre,
    shipped_theatres,
)
from hotline_protocol.topics import split_validation_error
from hotline_services.resources import remember_map
from hotline_services.text_files import read_text

from .scenario_error import ScenarioError


def load_theatre(named: str, beside: Path) -> dict[str, Any]:
    """The theatre at this path, seen from the scenario, or of this shipped name. Raises ScenarioError."""
    if not named.endswith(".toml"):
        shipped = shipped_theatre(named)
        if shipped is None:
            there = ", ".join(shipped_theatres())
            reason = f"none called {named!r} is shipped; there are: {there}; or give the path of a .toml"
            raise ScenarioError(beside.name, "theatre", reason)
        return _raw(shipped)
    path = beside.parent / named
    try:
        theatre = read_theatre(read_text(path))
    except OSError as error:
        raise ScenarioError(path.name, "file", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ScenarioError(path.name, "file", f"is not TOML: {error}") from error
    except TheatreError as error:
        raise ScenarioError(path.name, *_explained(error)) from error
    except ValueError as error:
        raise ScenarioError(path.name, "file", f"cannot be read: {error}") from error
    if problem := _zone_problem(theatre.zone):
        raise ScenarioError(path.name, "zone", problem)
    if theatre.map:
        remember_map(theatre, path.parent / theatre.map)
    return _raw(theatre)


def _explained(error: TheatreError) -> tuple[str, str]:
    """The field, and what is wrong with it."""
    if not isinstance(error.__cause__, msgspec.DecodeError):
        field, _, reason = str(error).partition(": ")
        return field, reason
    if not isinstance(error.__cause__, msgspec.ValidationError):
        return "file", f"is not TOML: {error}"
    reason, field = split_validation_error(str(error))
    return field, reason


def _zone_problem(zone: str) -> str | None:
    """Why there is no such time zone; None when there is."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:  # OSError: a folder of zones, or too long a name
        return f"is no time zone such as Europe/Athens: {error.strerror if isinstance(error, OSError) else error}"
    return None


def _raw(theatre: Theatre) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.to_builtins(theatre)
    return raw


def give_zone(raw: dict[str, Any]) -> None:
    """A start that is written without its offset is in the theatre's zone."""
    start = raw.get("start")
    if isinstance(start, datetime) and start.tzinfo is None:
        offset = start.replace(tzinfo=ZoneInfo(raw["theatre"]["zone"])).utcoffset()
        raw["start"] = start.replace(tzinfo=timezone(offset)) if offset is not None else start


def enter_theatre(raw: Mapping[str, Any], file: str) -> dict[str, Any]:
    """Play in the theatre of this scenario from now on; the same, with the bounds in its agreement. Raises
    ScenarioError.

    The default theatre is left out, so that agreements and runs are the same to the byte whether or not it is named.
    """
    theatre = default_theatre()
    if "theatre" in raw:
        try:
            theatre = msgspec.convert(raw["theatre"], Theatre)
        except msgspec.ValidationError as error:
            reason, field = split_validation_error(str(error))
            raise ScenarioError(file, f"theatre.{field}", reason) from error
        for field, problem in (
            ("bounds_deg", bounds_problem(theatre.bounds_deg)),
            ("zone", _zone_problem(theatre.zone)),
        ):
            if problem:
                raise ScenarioError(file, f"theatre.{field}", problem)
    agreement = raw.get("agreement")
    found = {key: value for key, value in raw.items() if key != "theatre"}
    if theatre != default_theatre():
        found["theatre"] = raw["theatre"]
    agreed = agreement.get("bounds_deg") if isinstance(agreement, dict) else None
    if agreed is not None and tuple(agreed) != theatre.bounds_deg:
        raise ScenarioError(file, "agreement.bounds_deg", f"are not those of the theatre {theatre.name}")
    if isinstance(agreement, dict) and theatre.bounds_deg != default_theatre().bounds_deg:
        found["agreement"] = {**agreement, "bounds_deg": list(theatre.bounds_deg)}
    enter(theatre)
    return found
