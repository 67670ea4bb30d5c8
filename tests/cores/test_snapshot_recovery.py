"""Recovery by a snapshot ends where a full replay ends: whatever was heard, whenever the service died."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hotline_protocol.line import Reason, Ring, Tier
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence
from hotline_services.runtime.journal import Journal

from .snapshotted import NOON, SECOND, Shell, counted_epochs

__all__ = ["counted_epochs"]


class Step(NamedTuple):
    """One event of a random history, ``after_s`` seconds after the event before. ``number`` says which, or how many."""

    what: str
    number: int
    after_s: int


STEPS = st.builds(
    Step,
    st.sampled_from(["ring"] * 6 + ["typed", "health", "wait", "arrive", "die", "die", "lose"]),
    st.integers(1, 12),
    st.integers(0, 6),
)


def ring(number: int) -> Ring:
    """Ring ``number`` of us. Twice the same number is a repetition."""
    author = Author("us", "e")
    author.seq = number - 1
    return author.say(
        Ring, NOON + number * SECOND, to="ru", call_id=f"c{number}", reason=Reason.ROUTINE, tier=Tier.DUTY_OFFICER
    )


def typed(number: int) -> Ring:
    """A ring without a number, as it is typed by hand."""
    return Ring(
        id=f"typed{number}",
        source="us",
        seq=0,
        time=NOON,
        to="ru",
        call_id=f"t{number}",
        reason=Reason.ROUTINE,
        tier=Tier.DUTY_OFFICER,
    )


def health(number: int) -> Health:
    presence = Presence.UP if number % 3 else Presence.DOWN
    return Health(id=f"h{number}", source="us", seq=0, time=NOON, presence=presence, session=f"s{number % 4}")


def lived(shell: Shell, steps: list[Step]) -> list[tuple[list[Message], object]]:
    """What it said at each step, and its state after each death."""
    now = NOON
    told: list[tuple[list[Message], object]] = []
    for what, number, after_s in steps:
        now += timedelta(seconds=after_s)
        said: list[Message] = []
        match what:
            case "ring":
                said = shell.turn(now, ring(number), ring(number + 1))
            case "typed":
                said = shell.turn(now, typed(number))
            case "health":
                said = shell.turn(now, health(number))
            case "wait":
                said = shell.turn(now)
            case "arrive":
                shell.confirm(number)
            case "die":
                shell.die()
            case _:
                said = shell.lose_state(now)
        told.append((said, shell.state if what == "die" else None))
    return told


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEPS, max_size=60), st.integers(1, 9), st.integers(0, 3))
def test_recovery_by_a_snapshot_is_that_of_a_full_replay(
    counted_epochs: Callable[[], None], steps: list[Step], every: int, late: int
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        Journal(folder / "first", "ru").close()
        shutil.copy(folder / "first", folder / "second")
        steps = [*steps, Step("die", 1, 1), Step("ring", 20, 1), Step("wait", 1, 20), Step("die", 1, 0)]
        counted_epochs()
        whole = Shell(folder / "first", 0)
        expected = lived(whole, steps)
        counted_epochs()
        short = Shell(folder / "second", every, late=late)
        assert lived(short, steps) == expected
        assert short.journal.epochs == whole.journal.epochs
        for epoch in whole.journal.epochs:
            assert short.journal.said_between(epoch, 1, 999) == whole.journal.said_between(epoch, 1, 999)
        whole.journal.close()
        short.journal.close()


@pytest.mark.parametrize("length", [40, 400])
def test_what_is_replayed_and_kept_does_not_grow_with_the_run(tmp_path: Path, length: int) -> None:
    shell = Shell(tmp_path / "j", 10)
    for number in range(1, length + 1):
        shell.turn(NOON + number * SECOND, ring(number))
        shell.confirm(9)
    shell.die()
    assert shell.replayed < 12
    heard = shell.journal._db.execute("SELECT count(at_us) FROM entry").fetchone()[0]
    assert heard < 32
    shell.journal.close()
