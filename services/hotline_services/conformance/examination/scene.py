"""A scene: what is done to a centre, as a document and a program side by side.

Its steps are written down beside it, each with the requirements that it tests. A script that takes a step which is not
written down, or judges in it what does not stand there, is wrong and says so.
"""

from collections.abc import Callable, Generator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hotline_protocol.message import Message

from .requirements import BY_ID

if TYPE_CHECKING:
    from .case import Case


class Wait(NamedTuple):
    """Where a script stops: until something like this is heard, or until this time, when it goes on with None."""

    wanted: Callable[[Message], bool]
    until: datetime


Script = Generator[Wait, Message | None, None]
Play = Callable[["Case"], Script]


class Step(msgspec.Struct, frozen=True):
    """A sentence, and the ids of the requirements that are tested in it."""

    sentence: str
    tests: tuple[str, ...] = ()


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A script with its steps.

    One that ``stops`` the centre is played only when that is allowed, a ``signed`` one only with keys.
    """

    name: str
    title: str
    steps: dict[str, Step]
    play: Play
    stops: bool = False
    signed: bool = False

    @property
    def tests(self) -> frozenset[str]:
        """The ids of all requirements that it tests."""
        return frozenset(name for step in self.steps.values() for name in step.tests)


class UndocumentedError(Exception):
    """A script does what is not written down beside it: a bug of ours."""


def step(sentence: str, *tests: str) -> Step:
    """A step, and what it tests. Raises UndocumentedError for a requirement that there is not."""
    unknown = [name for name in tests if name not in BY_ID]
    if unknown:
        raise UndocumentedError(f"{unknown[0]}: there is no such requirement")
    return Step(sentence, tests)


def scene(title: str, /, *, stops: bool = False, signed: bool = False, **steps: Step) -> Callable[[Play], Scene]:
    """Makes a scene of a script; ``steps`` by the names that the script calls them."""

    def made(play: Play) -> Scene:
        return Scene(
            name=play.__name__.replace("_", "-"), title=title, steps=steps, play=play, stops=stops, signed=signed
        )

    return made


class NotTestedError(Exception):
    """It did not come to what was to be tested, and that is no fault in itself; the message says why."""
