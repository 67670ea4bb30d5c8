"""How a state looks to those who wait at a phone: what a livelock goes round in."""

import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec

from hotline_protocol.message import Message
from hotline_services.aoc.calls import Call, Item
from hotline_services.aoc.state import Caller

from .cells import FORM_BYTES
from .state import State

encode: Final = msgspec.json.Encoder().encode


def look(state: State) -> bytes:
    """The same for states that differ in when they are, in what calls are called, and in what is talked about."""
    desks = [cell.core.parts.state.desk for cell in state.cells]
    seen: Any = [
        (
            [_call(call, state.now) for call in desk.calls],
            [_item(item, state.now) for item in desk.waiting],
            [_caller(caller, state.now) for caller in desk.callers.values()],
        )
        for desk in desks
    ]
    on_way = [[_message(packet.message) for packet in way] for way in state.ways]
    text = encode((seen, on_way, state.act, state.free, state.left))
    return hashlib.blake2b(text, digest_size=FORM_BYTES).digest()


def _ahead_s(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max((at - now).total_seconds(), 0.0)


def _call(call: Call, now: datetime) -> tuple[Any, ...]:
    thoughts = [(_ahead_s(thought[0], now), _message(thought[1])) for thought in call.thoughts]
    return call.peer, call.outgoing, call.state, call.reason, call.tier, _ahead_s(call.deadline, now), thoughts


def _item(item: Item, now: datetime) -> tuple[Any, ...]:
    return item.peer, item.reason, item.tier, _ahead_s(item.not_before, now), item.in_vain, item.calls_back


def _caller(caller: Caller, now: datetime) -> tuple[Any, ...]:
    return caller.ring.source, caller.ring.reason, caller.ring.tier, _ahead_s(caller.until, now)


def _message(message: Message) -> object:
    return message.__struct_config__.tag
