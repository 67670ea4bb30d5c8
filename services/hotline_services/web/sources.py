"""The sources that one server shows: at most one live, and a few recordings."""

import contextlib
import itertools
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from hotline_protocol.theatre import enter, theatre_now
from hotline_services.director.scenario import Scenario, ScenarioError, read_scenario, shipped_scenarios
from hotline_services.records.reading import is_record
from hotline_services.rerun.played import known_scenario
from hotline_services.runtime.provenance import Provenance
from hotline_services.runtime.recording import Header
from hotline_services.runtime.store import StoreError

from .answers.schema import Changes, ClockReading, Picture, Setting, Source, TracksNow
from .answers.settings import setting
from .answers.view import changes, has_path, picture
from .feeds import Feed, RecordingFeed

LIVE: Final = "live"
RECORDINGS_AT_MOST: Final = 4
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Shown:
    """One source: its feed, under the name by which it is asked for."""

    def __init__(
        self, name: str, title: str, feed: Feed, path: Path, scenario: Scenario | None, *, uploaded: bool = False
    ) -> None:
        self.name: Final = name
        self.feed: Final = feed
        self.path: Final = path
        self.scenario: Final = scenario
        self.is_live: Final = name == LIVE
        self.is_recording: Final = isinstance(feed, RecordingFeed) and not feed.is_record
        self._title: Final = title
        self._uploaded: Final = uploaded

    def source(self) -> Source:
        """What it is, and how far it goes."""
        header = self.feed.header
        with self.feed.history() as history:
            period, n = history.period, history.last
        return Source(
            name=self.name,
            title=self._title,
            live=self.is_live,
            scenario=self.scenario.name if self.scenario else header.scenario if header else "",
            seed=header.seed if header else None,
            start=period.start if period else None,
            end=period.end if period else None,
            n=n,
            loaded=self.feed.loaded,
            uploaded=self._uploaded,
        )

    def setting(self) -> Setting:
        """What it plays in."""
        source = self.source()
        with self.feed.history() as history:
            return setting(source, history, self.scenario, self.feed.agreement, self.feed.trouble)

    def picture(self, n: int | None, at: datetime | None, clock: ClockReading | None) -> Picture:
        """How things stood after message ``n``, or at this time, or as they stand."""
        with self.feed.history() as history:
            if at is not None and n is None:
                n = history.number_at(at)
            now = at or (clock.simulated if clock and n is None else None)
            seen = picture(history, self.name, n, now, clock)
            return msgspec.structs.replace(seen, epoch=self.feed.epoch)

    def changes(self, after: int, until: int | None = None, at: datetime | None = None) -> Changes:
        """What has changed after message ``after``, up to message ``until`` or this time."""
        with self.feed.history() as history:
            if at is not None:
                until = history.number_at(at)
            return msgspec.structs.replace(changes(history, after, until), epoch=self.feed.epoch)

    def without_path(self, heard: TracksNow) -> TracksNow:
        """Only those aircraft of which it is not known where they will be."""
        with self.feed.history() as history:
            left = [track for track in heard.tracks if not has_path(history, track)]
        return TracksNow(time=heard.time, tracks=tuple(left))


class Sources:
    """All of them, in one theatre. Scenarios are found by a recording's header, else ``scenario`` is taken, in whose
    theatre this process plays."""

    def __init__(self, scenario: Scenario | None = None) -> None:
        self._scenario: Final = scenario
        self._theatre: Final = theatre_now()
        self._shown: Final[dict[str, Shown]] = {}
        self._uploaded: Final[list[str]] = []
        self._numbers: Final = itertools.count()

    def __iter__(self) -> Iterator[Shown]:
        return iter(list(self._shown.values()))

    def get(self, name: str) -> Shown | None:
        """The source of this name."""
        return self._shown.get(name)

    @property
    def live(self) -> Shown | None:
        """The record that is being written, where one is watched."""
        return self._shown.get(LIVE)

    def watch(self, feed: Feed, path: Path) -> Shown:
        """Show this record as it is written. Its feed is the caller's to start."""
        title = self._scenario.title if self._scenario else path.name
        return self._show(Shown(LIVE, title, feed, path, self._scenario))

    def add(self, path: Path, title: str, *, uploaded: bool = False) -> Shown:
        """Show this recording, and begin to read it. Raises StoreError, also when it was played in another theatre
        than what is shown already: one page has one map.

        What was uploaded first goes, file and all, when there are too many.
        """
        if uploaded and is_record(path):  # what else is in it would be run here
            raise StoreError(f"{path}: a record is not taken. Make a recording of it with: hotline recording")
        feed = RecordingFeed(path)
        scenario = self._in_one_theatre(path, feed, uploaded=uploaded)
        if scenario is not None:
            title = f"{title} · {scenario.title}"
        name = _name(next(self._numbers))
        shown = self._show(Shown(name, title, feed, path, scenario, uploaded=uploaded))
        if uploaded:
            self._uploaded.append(name)
            self._make_room()
        feed.start()
        return shown

    def _show(self, shown: Shown) -> Shown:
        self._shown[shown.name] = shown
        return shown

    def _make_room(self) -> None:
        while len(self._shown) - (self.live is not None) > RECORDINGS_AT_MOST and len(self._uploaded) > 1:
            self._remove(self._uploaded.pop(0))

    def _remove(self, name: str) -> None:
        shown = self._shown.pop(name)
        shown.feed.close()
        with contextlib.suppress(OSError):
            shown.path.unlink()

    def _in_one_theatre(self, path: Path, feed: RecordingFeed, *, uploaded: bool) -> Scenario | None:
        """Its scenario. Raises StoreError when that is of another theatre than what is shown already."""
        before = theatre_now()
        scenario = self._scenario_of(feed, uploaded=uploaded)
        there = theatre_now()
        if self._shown and there.bounds_deg != before.bounds_deg:
            enter(before)
            feed.close()
            raise StoreError(
                f"{path} was played in the theatre {there.name}, and what is shown already in {before.name}: "
                "show it on a page of its own with: hotline replay"
            )
        return scenario

    def _scenario_of(self, feed: RecordingFeed, *, uploaded: bool) -> Scenario | None:
        """The one that the recording names, else the given one: whichever has the agreement that was played under."""
        found = [one for one in (_named(feed.header, uploaded=uploaded), self._scenario) if one is not None]
        fitting = [one for one in found if feed.agreement in {None, one.agreement.digest}]
        chosen = next(iter(fitting or found[::-1]), None)
        if chosen is not None and chosen is self._scenario:
            enter(self._theatre)
        return chosen

    def close(self) -> None:
        """Stop reading all of them; what was uploaded is removed."""
        while self._uploaded:
            self._remove(self._uploaded.pop())
        for shown in self:
            shown.feed.close()


def _named(header: Header | None, *, uploaded: bool) -> Scenario | None:
    """As it was played, with the values that were set. What was uploaded may be anybody's, and name any file: of that
    only a scenario that is shipped is taken."""
    if header is None:
        return None
    is_shipped = header.scenario in shipped_scenarios()
    names_file = isinstance(header.provenance, Provenance) and header.provenance.file != ""
    if (is_shipped and not names_file) or not uploaded:
        found = known_scenario(header)
        if found is not None:
            return found
    return _shipped(header.scenario) if is_shipped else None


def _shipped(name: str) -> Scenario | None:
    try:
        return read_scenario(name)
    except ScenarioError:
        return None


def _name(number: int) -> str:
    """``a``, ``b``, and so on: no name is used twice, since it stands in people's addresses."""
    return LETTERS[number] if number < len(LETTERS) else f"r{number}"
