"""A path through a world, told step by step: what happens, and what is said."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.message import Message
from hotline_services.monitor.wording import clock_time

from .rules import Rules
from .state import Move, State

ON_WAY: Final = {
    "deliver": "{to} hears {what}",
    "lose": "{what} to {to} is lost",
    "double": "{to} hears {what}, and will hear it again",
    "reorder": "{to} hears {what} before what was said earlier",
    "forget": "{to} hears {what}, dies, and comes back without it, in another epoch",
}
AT_PARTY: Final = {
    "wake": "{party} is woken",
    "crash": "{party} dies and comes back",
    "order": "{party}'s desk: {what}",
    "come": "{party} hears {what}",
}
IN_TIME: Final = {"pass": "time passes until {at}", "overtake": "time passes until {at}, before what is on its way"}


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One step: its time, a description in words, and the messages that it causes."""

    at: datetime
    text: str
    said: tuple[Message, ...]

    def __str__(self) -> str:
        return f"{clock_time(self.at, seconds=True)} {self.text}"


def told(rules: Rules, moves: Iterable[Move]) -> Iterator[Line]:
    """The steps of a path from the first state on. A core that breaks ends it."""
    step = rules.first()
    state = step.state
    yield Line(at=state.now, text="all centres are up", said=_messages(rules, state, step.said))
    for move in moves:
        before = state
        try:
            step = rules.take(state, move)
        except Exception as error:  # noqa: BLE001  it is what the path is to show
            yield Line(at=before.now, text=f"{_text(rules, before, move, before.now)}, and breaks: {error}", said=())
            return
        state = step.state
        outside = _from_outside(rules, before, state)
        said = tuple(packet.message for packet in step.said)
        yield Line(at=state.now, text=_text(rules, before, move, state.now), said=(*outside, *said))


def recorded(lines: Iterable[Line]) -> Iterator[tuple[datetime, Message]]:
    """What is said on a path, each with its time: what a recording is made of."""
    return ((line.at, message) for line in lines for message in line.said)


def _messages(rules: Rules, state: State, said: Iterable[object]) -> tuple[Message, ...]:
    births = [rules.health(state, number).message for number in range(rules.ways.count)]
    packets = [packet.message for packet in said]  # type: ignore[attr-defined]
    return (*births, *_acts(rules, 0, state.act), *packets)


def _from_outside(rules: Rules, before: State, state: State) -> tuple[Message, ...]:
    """What has been put in from outside, and how centres came and went, in this step."""
    health = [
        rules.health(state, number).message for number, life in enumerate(state.lives) if life != before.lives[number]
    ]
    came = (message for _, _, message in rules.world.free[before.free : state.free])
    return (*_acts(rules, before.act, state.act), *came, *health)


def _acts(rules: Rules, start: int, end: int) -> tuple[Message, ...]:
    return tuple(message for _, _, message in rules.world.acts[start:end])


def _text(rules: Rules, state: State, move: Move, at: datetime) -> str:
    ways = rules.ways
    if move.kind in ON_WAY:
        packets = state.ways[move.where]
        message = packets[1 if move.kind == "reorder" else 0].message
        return ON_WAY[move.kind].format(to=ways.parties[ways.end(move.where)], what=_name(message))
    if move.kind in AT_PARTY:
        what = _outside(rules, state, move)
        return AT_PARTY[move.kind].format(party=ways.parties[move.where], what=what)
    return IN_TIME[move.kind].format(at=clock_time(at, seconds=True))


def _outside(rules: Rules, state: State, move: Move) -> str:
    if move.kind == "order":
        return _name(rules.orders(state)[move.which])
    return _name(rules.world.free[state.free][2]) if move.kind == "come" else ""


def _name(message: Message) -> str:
    return f"{message.__struct_config__.tag} {message.id}"
