"""A centre is a value: it can be cloned, compared, written down and read back, and its clones go their own ways."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.cores.joined import DAWN, PROMPT, agreement, plan

from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Answer, CallOutcome, HangUp, Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.slices import Slice
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import PartyConfig
from hotline_services.aoc.parts import State
from hotline_services.simulation.chance import Chance

from .faulty_day import END_AT, FaultyDay, Tap

Input = tuple[Message | None, datetime]
DAYS = 12


class Recorder(Tap):
    """A centre with a record of all its inputs and of its answers to each."""

    def __init__(self, core: Centre) -> None:
        super().__init__(core)
        self.inputs: list[Input] = []
        self.said: list[bytes] = []

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        return self._note(message, now, super().receive(message, now))

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self._note(None, now, super().lapse(now))

    def _note(self, message: Message | None, now: datetime, said: Sequence[Message]) -> Sequence[Message]:
        self.inputs.append((message, now))
        self.said.append(msgspec.json.encode(said))
        return said


class RecordedDay(FaultyDay):
    """A day of which the inputs of each centre are known, and how such a centre is made."""

    def __init__(self, seed: int) -> None:
        self._configs: dict[str, PartyConfig] = {}
        super().__init__(seed)

    def _centre(self, party: str, config: PartyConfig) -> Recorder:
        self._configs[party] = config
        return Recorder(super()._centre(party, config).core)

    def fresh(self, party: str) -> Centre:
        """A centre of the same configuration, at the beginning."""
        return super()._centre(party, self._configs[party]).core

    def recorder(self, party: str) -> Recorder:
        core = self.tap(party)
        assert isinstance(core, Recorder)
        return core


@cache
def day(seed: int) -> RecordedDay:
    played = RecordedDay(seed)
    played.run(END_AT)
    return played


def feed(centre: Centre, inputs: Sequence[Input]) -> list[bytes]:
    """What the centre says to each of these inputs."""
    said = (centre.lapse(now) if message is None else centre.receive(message, now) for message, now in inputs)
    return [msgspec.json.encode(each) for each in said]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, DAYS), st.sampled_from(["us", "ru"]), st.floats(0, 1))
def test_a_clone_that_goes_on_says_the_same_and_leaves_the_original_as_it_was(
    seed: int, party: str, share: float
) -> None:
    recorder, centre = day(seed).recorder(party), day(seed).fresh(party)
    cut = int(share * len(recorder.inputs))
    rest = recorder.inputs[cut:]
    assert feed(centre, recorder.inputs[:cut]) == recorder.said[:cut]
    clone, before = centre.clone(), centre.fingerprint()
    assert clone.fingerprint() == before
    assert feed(clone, rest) == recorder.said[cut:]
    assert centre.fingerprint() == before
    assert centre.clone().fingerprint() == before
    assert feed(centre, rest) == recorder.said[cut:]
    assert centre.fingerprint() == clone.fingerprint()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, DAYS), st.sampled_from(["us", "ru"]), st.floats(0, 1))
def test_a_centre_that_is_written_down_and_read_back_goes_on_as_it_would_have(
    seed: int, party: str, share: float
) -> None:
    recorder, centre = day(seed).recorder(party), day(seed).fresh(party)
    cut = int(share * len(recorder.inputs))
    feed(centre, recorder.inputs[:cut])
    loaded = day(seed).fresh(party)
    loaded.load(centre.save())
    assert loaded.fingerprint() == centre.fingerprint()
    assert loaded.save() == centre.save()
    assert feed(loaded, recorder.inputs[cut:]) == recorder.said[cut:]


WORKED_OUT = {
    "Parts.state": "the state that the parts are at work on",
    "Parts._drawn": "the agreement whose boundaries the parts hold",
    "PlanBook._boundaries": "of the agreement in the state",
    "Appraiser._boundaries": "of the agreement in the state",
    "Accord._arc": "of the line in the state",
    "Reservations.index": "of a slice of the state",
    "Relations._stiffer": "configurations, remembered by what alone decides them",
    "Calendar.deadlines": "what the parts say, by the state",
    "Voice.now": "in the state",
    "Voice.cause": "set anew in each turn",
}
"""What may change in a part though it is no state."""


def attributes(thing: Any, seen: dict[int, Any]) -> Iterator[tuple[str, Any]]:
    """Each attribute of this part and of all that it holds, with its name; but not what is state, or worked out."""
    if id(thing) in seen or isinstance(thing, Slice | msgspec.Struct | Enum | type):
        return
    seen[id(thing)] = thing
    if isinstance(thing, dict | list | tuple | set):
        for each in thing.values() if isinstance(thing, dict) else thing:
            yield from attributes(each, seen)
    elif type(thing).__module__.startswith("hotline_"):
        for name, value in vars(thing).items():
            path = f"{type(thing).__name__}.{name}"
            if path not in WORKED_OUT and not isinstance(value, Slice):
                yield path, value
                yield from attributes(value, seen)


def look(centre: Centre) -> list[tuple[str, str]]:
    """How each attribute of each part that is no state stands."""
    return [(path, shallow(value)) for path, value in attributes(centre.parts, {})]


def shallow(value: Any) -> str:
    if isinstance(value, dict | list | tuple | set):
        return f"{type(value).__name__} {[repr(each) if isinstance(each, str | int) else id(each) for each in value]}"
    return repr(value)


@pytest.mark.parametrize("seed", range(1, DAYS + 1))
def test_a_deadline_is_kept_until_it_changes_and_no_longer(seed: int) -> None:
    recorder, centre = day(seed).recorder("us"), day(seed).fresh("us")
    calendar = centre.parts.calendar
    for step in recorder.inputs:
        feed(centre, [step])
        assert calendar.deadlines == calendar.asked()


@pytest.mark.parametrize("seed", range(1, DAYS + 1))
def test_nothing_that_a_centre_knows_is_outside_its_state(seed: int) -> None:
    recorder, centre = day(seed).recorder("us"), day(seed).fresh("us")
    before = look(centre)
    feed(centre, recorder.inputs)
    assert [now for was, now in zip(before, look(centre), strict=True) if was != now] == []


def test_every_slice_of_a_state_can_be_copied_and_is_plain() -> None:
    centre = Centre("us", PROMPT, agreement(), epoch="0", chance=Chance(1))
    state = centre.parts.state
    assert state.copy() == state
    for field in msgspec.structs.fields(State):
        value, twin = getattr(state, field.name), getattr(state.copy(), field.name)
        assert value == twin
        assert (value is twin) == (not isinstance(value, Slice | dict))


# Canonical fingerprints ---------------------------------------------------------------------------------------


class Elsewhere:
    """A centre at another time and in another epoch, that has said more or less before, and whatever it is told."""

    def __init__(self, start: datetime, epoch: str, said_before: int) -> None:
        self.start = start
        self.centre = Centre("us", PROMPT, agreement(), epoch=epoch, chance=Chance(1))
        self.author, self.peer = Author("exercise", epoch), Author("ru", epoch, said_before)
        self.centre.lapse(start)

    def told(self, stimulus: str) -> tuple[bytes, list[str]]:
        """The fingerprint after this stimulus, and the kinds of what is said to it."""
        now = self.start
        said: Sequence[Message]
        desk = self.centre.parts.desk
        call_id = desk.call.id if desk.call is not None else f"ru-{self.peer.epoch}-c{self.peer.seq}"
        match stimulus:
            case "file":
                filed = plan("near", start=now + timedelta(hours=3), end=now + timedelta(hours=4))
                said = self.centre.receive(self.author.say(SubmitPlan, now, to="us", plan=filed), now)
            case "time passes":
                now = self.centre.next_deadline or now
                said = self.centre.lapse(now)
            case "answer":
                said = self.centre.receive(self.peer.say(Answer, now, to="us", call_id=call_id), now)
            case "ring":
                fields: dict[str, Any] = {"call_id": call_id, "reason": Reason.ROUTINE, "tier": Tier.DUTY_OFFICER}
                said = self.centre.receive(self.peer.say(Ring, now, to="us", **fields), now)
            case _:
                outcome = CallOutcome.DROPPED
                said = self.centre.receive(self.peer.say(HangUp, now, to="us", call_id=call_id, outcome=outcome), now)
        self.start = now
        return self.centre.fingerprint(now), [type(message).__name__ for message in said]

    def clone(self) -> "Elsewhere":
        twin = object.__new__(Elsewhere)
        twin.__dict__ = self.__dict__ | {
            "centre": self.centre.clone(), "author": self.author.copy(), "peer": self.peer.copy()
        }  # fmt: skip
        return twin


STIMULI = ("file", "time passes", "answer", "ring", "hang up")


def successors(one: Elsewhere, depth: int) -> Iterator[tuple[tuple[str, ...], bytes, list[str]]]:
    """What follows each sequence of stimuli: the fingerprint, and the kinds of what is said."""
    for stimulus in STIMULI if depth else ():
        after = one.clone()
        fingerprint, said = after.told(stimulus)
        yield (stimulus,), fingerprint, said
        for path, last, words in successors(after, depth - 1):
            yield (stimulus, *path), last, words


def test_states_of_one_canonical_fingerprint_lead_to_the_same() -> None:
    here = Elsewhere(DAWN, "0", 0)
    there = Elsewhere(DAWN + timedelta(days=3, minutes=7), "b7", 41)
    assert here.centre.fingerprint(here.start) == there.centre.fingerprint(there.start)
    assert here.centre.fingerprint() != there.centre.fingerprint()
    for stimulus in (None, "file", "ring"):
        if stimulus is not None:
            here.told(stimulus)
            there.told(stimulus)
        assert list(successors(here, 3)) == list(successors(there, 3))


def test_states_that_differ_have_different_fingerprints() -> None:
    here = Elsewhere(DAWN, "0", 0)
    found = {path: fingerprint for path, fingerprint, _ in successors(here, 2)}
    assert found[("file",)] != found[("ring",)] != here.centre.fingerprint(DAWN)
    assert found[("ring", "hang up")] != found[("ring",)]
