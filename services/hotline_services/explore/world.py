"""A world to explore: a small scenario, what comes from outside, and what may go wrong how often. Read from TOML."""

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from hotline_protocol.message import Digest, Message, PartyName, digest_of
from hotline_protocol.topics import AnyMessage
from hotline_services.aoc.centre import Centre
from hotline_services.director.scenario import ScenarioError, raw_scenario, scenario_in
from hotline_services.director.script import Scenario
from hotline_services.director.strict import FieldError, read_strictly
from hotline_services.resources import scenarios_folder
from hotline_services.text_files import read_text
from hotline_services.world import centre

OUTSIDE: Final = "exercise"
"""Source of what comes from outside."""

Few = Annotated[int, Meta(ge=0, le=9)]


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How often each may happen on one path, in the whole world.

    A *loss* is for good; a *duplicate* is heard twice; a message is *reordered* when the one behind it on its way is
    heard before it; a deadline *overtakes* when time passes although a message is still on its way. A *crash* loses
    nothing but the calls in progress; a *lost tail* is a crash in which the last input is forgotten. An *order* is one
    of the person at the desk.
    """

    losses: Few = 0
    duplicates: Few = 0
    reorders: Few = 0
    overtakes: Few = 0
    crashes: Few = 0
    lost_tails: Few = 0
    orders: Few = 0


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """A message from outside: heard by ``to`` so many minutes after the start, in the order of the file.

    An act marked ``whenever`` comes at any later step, or never. Acts marked so keep their order.
    """

    at_min: Annotated[float, Meta(ge=0)]
    whenever: bool = False
    to: PartyName
    message: dict[str, Any]


class WorldFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a world file says. ``scenario`` is the path of a scenario, seen from the file, and ``changes`` are single
    values of it, as ``--set`` changes them. ``lasso`` has it searched for livelocks too."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    scenario: str
    changes: dict[str, Any] = {}
    seed: Annotated[int, Meta(ge=0)] = 1
    until_min: Annotated[float, Meta(gt=0)] = 300.0
    at_risk: tuple[str, ...] = ()
    desk: PartyName | None = None
    lasso: bool = False
    bounds: Bounds = Bounds()
    acts: tuple[Act, ...] = ()


TimedAct = tuple[datetime, str, Message]
"""When, to whom, and what."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """A world that can be explored. ``acts`` are what comes from outside: when, to whom, and what; ``free`` those of
    them that come at any time from then on. ``digest`` is that of all that is written, with the scenario.

    ``at_risk`` are the types of the messages that may be lost, doubled, reordered or overtaken: none means all.
    ``desk`` is the party at whose desk a person gives orders.
    """

    file: Path
    digest: Digest
    written: WorldFile
    scenario: Scenario
    start: datetime
    end: datetime
    acts: tuple[TimedAct, ...]
    free: tuple[TimedAct, ...]

    @property
    def name(self) -> str:
        """The world's name."""
        return self.written.name

    @property
    def bounds(self) -> Bounds:
        """How often each may happen."""
        return self.written.bounds

    @property
    def parties(self) -> tuple[str, ...]:
        """The parties, in the agreement's order."""
        return self.scenario.agreement.parties

    def centre(self, party: str, epoch: str = "0") -> Centre:
        """A fresh core of this party."""
        return centre(self.scenario, party, self.written.seed, epoch)


def worlds_folder() -> Path:
    """The folder of the shipped worlds."""
    return scenarios_folder() / "explore"


def shipped_worlds() -> tuple[str, ...]:
    """The names that :func:`read_world` knows without a path."""
    return tuple(sorted(path.stem for path in worlds_folder().glob("*.toml")))


def read_world(which: str | Path) -> World:
    """The world of this shipped name, or in this file. Raises ScenarioError."""
    path = _find(which)
    try:
        written = read_strictly(tomllib.loads(read_text(path)), WorldFile)
    except OSError as error:
        raise ScenarioError(path.name, "file", f"cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(path.name, "file", f"is not TOML: {error}") from error
    except FieldError as error:
        raise ScenarioError(path.name, error.field, error.reason) from error
    raw = raw_scenario(path.parent / written.scenario, written.changes)
    digest = digest_of((written, raw))
    scenario = scenario_in(raw, path.name)
    start = scenario.start.astimezone(UTC)
    acts = list(zip(written.acts, _acts(written, start, path.name), strict=True))
    world = World(
        file=path,
        digest=digest,
        written=written,
        scenario=scenario,
        start=start,
        end=start + timedelta(minutes=written.until_min),
        acts=tuple(act for each, act in acts if not each.whenever),
        free=tuple(act for each, act in acts if each.whenever),
    )
    if written.desk is not None and written.desk not in world.parties:
        raise ScenarioError(path.name, "desk", f"{written.desk!r} is not a party")
    return world


def _find(which: str | Path) -> Path:
    if isinstance(which, Path) or which.endswith(".toml"):
        return Path(which)
    path = worlds_folder() / f"{which}.toml"
    if not path.is_file():
        known = ", ".join(shipped_worlds())
        raise ScenarioError(which, "name", f"no world of this name is shipped; there are: {known}; or give a path")
    return path


def _acts(written: WorldFile, start: datetime, file: str) -> Iterator[TimedAct]:
    for number, act in enumerate(written.acts):
        at = start + timedelta(minutes=act.at_min)
        envelope = {"id": f"{OUTSIDE}-{number + 1}", "source": OUTSIDE, "seq": 0, "time": at, "to": act.to}
        try:
            message = msgspec.convert(envelope | act.message, AnyMessage)
        except msgspec.ValidationError as error:
            raise ScenarioError(file, f"acts[{number}].message", str(error)) from error
        yield at, act.to, message
