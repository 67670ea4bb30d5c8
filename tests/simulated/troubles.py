"""Troubles of a faulty day beyond lost messages and deaths.

The ends of journals are lost, disks are slow, services hang, clocks are wrong, intruders publish, and there are more
parties than two.

Each kind befalls some days, and is drawn by a purpose of its own: taking one away leaves the others as they were.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import msgspec

from hotline_services.simulation.chance import Chance
from hotline_services.simulation.network import ClockStep, Crash, Faults, Hang, Intrusion, SlowDisk

from .dice import MINUTE, QUIET_FROM, Dice

SKEWS_S = (5.0, 60.0, 600.0)
HANG_S = 30.0

TOPIC = "hotline/v1"
GARBAGE = (b"", b"{", b"\xff\xfe", b"[]", b'{"type":"health"}', b'{"type":"clock","speed":1e9}', b"0" * 4_000)


def parties(dice: Dice) -> tuple[str, ...]:
    """Two parties on most days, three or four on the others."""
    return ("us", "ru", "tr", "il")[: dice.pick((2, 2, 2, 3, 4))]


def added(faults: Faults, chance: Chance, parties: Sequence[str]) -> Faults:
    """The same faults, and more of other kinds."""
    return msgspec.structs.replace(
        faults,
        crashes=(*faults.crashes, *_lost_tails(Dice(chance, "tail"), parties)),
        slow_disks=tuple(_slow_disks(Dice(chance, "disk"), parties)),
        hangs=tuple(_hangs(Dice(chance, "hang"), parties)),
        clock_steps=tuple(_clock_steps(Dice(chance, "clock"), parties)),
        intrusions=(*_forgeries(Dice(chance, "forgery"), parties), *_garbage(Dice(chance, "garbage"), parties)),
    )


def _slow_disks(dice: Dice, parties: Sequence[str]) -> Iterator[SlowDisk]:
    for _ in range(dice.pick((0, 0, 1, 2))):
        start = dice.moment(0, QUIET_FROM - 1)
        end = start + dice.between(1, 60) * MINUTE
        yield SlowDisk(party=dice.pick(parties), start=start, end=end, commit_s=dice.between(0.1, 5))


def _lost_tails(dice: Dice, parties: Sequence[str]) -> Iterator[Crash]:
    """A service comes back with a journal that has been put back."""
    for _ in range(dice.pick((0, 0, 1))):
        party, at = dice.pick(parties), dice.moment(0.5, QUIET_FROM - 0.5)
        yield Crash(party=party, at=at, down_s=dice.pick((1.0, 60.0, 600.0)), lost=dice.whole(1, dice.pick((5, 60))))


def _hangs(dice: Dice, parties: Sequence[str]) -> Iterator[Hang]:
    for _ in range(dice.pick((0, 0, 1, 2))):
        yield Hang(party=dice.pick(parties), at=dice.moment(0, QUIET_FROM - 0.5), for_s=HANG_S)


def _clock_steps(dice: Dice, parties: Sequence[str]) -> Iterator[ClockStep]:
    """One clock that is off, and then put right."""
    for _ in range(dice.pick((0, 0, 1))):
        party, at, most_s = dice.pick(parties), dice.moment(0, QUIET_FROM - 2), dice.pick(SKEWS_S)
        yield ClockStep(party=party, at=at, offset_s=dice.between(-most_s, most_s))
        yield ClockStep(party=party, at=at + timedelta(hours=dice.between(0.1, 1.9)), offset_s=0.0)


def _forgeries(dice: Dice, parties: Sequence[str]) -> Iterator[Intrusion]:
    """Orders in another side's name, with numbers that it will use itself, where anybody may put plans."""
    for _ in range(dice.pick((0, 0, 1, 2))):
        victim, at = dice.pick(parties), dice.moment(0, QUIET_FROM - 1)
        claimed = dice.pick([name for name in (*parties, "director") if name != victim])
        first = dice.whole(1, 300)
        for seq in range(first, first + dice.whole(1, 50)):
            forged = {
                "type": "leave-desk",
                "id": f"{claimed}-0-{seq}" if dice.happens(0.5) else f"forged-{seq}",
                "source": claimed,
                "seq": seq,
                "epoch": "0",
                "time": at,
                "to": victim,
                "sitting": "none",
            }
            yield Intrusion(at=at, topic=f"{TOPIC}/inject/{victim}", payload=msgspec.json.encode(forged))


def _garbage(dice: Dice, parties: Sequence[str]) -> Iterator[Intrusion]:
    """What no service has written, kept by the broker where there should be signs of life."""
    for _ in range(dice.pick((0, 0, 1, 2))):
        topic = f"{TOPIC}/health/{dice.pick((*parties, 'nobody'))}"
        yield Intrusion(at=dice.moment(0, QUIET_FROM), topic=topic, payload=dice.pick(GARBAGE), retained=True)
