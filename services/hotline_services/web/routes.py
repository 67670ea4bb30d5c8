"""What can be asked over HTTP: one table, of which the server and the OpenAPI document are made."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from .asking import After, AsOfTime, Nothing
from .model import Changes, Picture, Setting, Source
from .sources import Shown
from .state import State


class Asked(NamedTuple):
    """One request, with its values read and checked."""

    state: State
    shown: Shown | None
    query: Any
    path: Mapping[str, str]

    @property
    def source(self) -> Shown:
        """The source that its path names."""
        assert self.shown is not None  # noqa: S101  for paths with {s} only
        return self.shown


class Endpoint(NamedTuple):
    """One path: ``does`` answers it, in a thread of a pool, with something that ``answer`` describes."""

    path: str
    summary: str
    does: Callable[[Asked], Any]
    answer: Any
    query: type[msgspec.Struct] = Nothing


def _sources(asked: Asked) -> list[Source]:
    return [shown.source() for shown in asked.state.sources]


def _setting(asked: Asked) -> Setting:
    return asked.source.setting()


def _picture(asked: Asked) -> Picture:
    clock = asked.state.clock if asked.source.is_live else None
    return asked.source.picture(asked.query.n, asked.query.at, clock)


def _changes(asked: Asked) -> Changes:
    return asked.source.changes(asked.query.after, at=asked.query.until)


API: Final = "/api/v1"
ENDPOINTS: Final = (
    Endpoint(f"{API}/sources", "What there is to look at.", _sources, list[Source]),
    Endpoint(f"{API}/{{s}}/setting", "Parties, the line and the zones.", _setting, Setting),
    Endpoint(f"{API}/{{s}}/picture", "How things stood.", _picture, Picture, AsOfTime),
    Endpoint(f"{API}/{{s}}/changes", "What has changed since.", _changes, Changes, After),
)
