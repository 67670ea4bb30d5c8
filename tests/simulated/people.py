"""The people of a faulty day: who is there, what they hear, what they are to tell, and a circuit that breaks."""

from collections.abc import Callable, Iterator
from datetime import time, timedelta

import msgspec

from hotline_protocol.airspace import Position
from hotline_protocol.injection import Advice, AdviceKind, PassAdvice
from hotline_protocol.line import Tier
from hotline_services.aoc.config import Away, Officer, Roster, Watch
from hotline_services.director.play import Act

from .dice import Dice

FROM_FIVE_ON = ((time(5), time(20)),)


def officer(dice: Dice, hurried: Officer) -> Officer:
    """The same officer with ears of his own."""
    return msgspec.structs.replace(
        hurried,
        interpret_s=dice.pick((0.0, 0.0, 10.0)),
        relay_s=dice.between(0, 300),
        mail_s=dice.between(0, 1_800),
        mishears=dice.pick((0.0, 0.0, 0.3, 1.0)),
        misheard_nm=dice.between(0, 20),
        reads_back=dice.happens(0.7),
        catches=dice.between(0, 1),
    )


def circuit(dice: Dice, quiet_from_h: float) -> tuple[Away, ...]:
    """When there is no tone, for both sides: often never, sometimes for hours."""
    return tuple(_windows(dice, dice.pick((0, 0, 1, 2)), 120, quiet_from_h))


def roster(dice: Dice, circuit_down: tuple[Away, ...], quiet_from_h: float) -> Roster:
    """The officers of one side, all of them there again when it is to be quiet."""
    watches = {
        tier: Watch(
            shifts=FROM_FIVE_ON if dice.happens(0.05) else (),
            away=tuple(_windows(dice, dice.pick((0, 0, 1, 2)), 60, quiet_from_h)),
            answer_s=dice.pick((None, None, dice.between(0, 90))),
            authority=dice.pick((1.0, 1.0, 0.5, 0.0)),
        )
        for tier in Tier
        if dice.happens(0.4)
    }
    return Roster(watches=watches, circuit_down=circuit_down)


def _windows(dice: Dice, count: int, longest_min: float, quiet_from_h: float) -> Iterator[Away]:
    for _ in range(count):
        start = dice.moment(0, quiet_from_h - longest_min / 60)
        yield Away(start=start, end=start + timedelta(minutes=dice.between(0.5, longest_min)))


def advice(dice: Dice, party: str, peer: str, until_h: float, somewhere: Callable[[Dice], Position]) -> Iterator[Act]:
    """What this side's officers are to tell the other, some of it twice."""
    for _ in range(dice.whole(0, 3)):
        at = dice.moment(0, until_h)
        told = Advice(
            kind=dice.pick(tuple(AdviceKind)),
            at=somewhere(dice),
            radius_nm=dice.between(1, 10),
            start=at,
            end=at + timedelta(hours=dice.between(0, 3)),
        )
        for _ in range(dice.pick((1, 1, 2))):
            yield Act(at=at, kind=PassAdvice, fields={"to": party, "peer": peer, "advice": told})
