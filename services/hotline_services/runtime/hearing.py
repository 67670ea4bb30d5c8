"""What is for a shell itself, and what it tells its core in place of an input that it does not hand over."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hotline_protocol.authority import admit
from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Receipt, Resend, Stop, Unreadable
from hotline_protocol.topics import (
    CLOCK,
    CONTROL,
    HEALTH,
    ORDER,
    RECEIPT,
    MalformedMessageError,
    encode,
    is_state,
    topic_at,
)

from .wire import Delivery

EVIDENCE_CHARS: Final = 500
SHORT_CHARS: Final = 100
"""Evidence of what is too large for the broker: what tells of it must not be."""
TOO_LARGE: Final = "too-large"

HUNG: Final = 1_000
"""Deaths that are counted for an input from which a process did not come back: more than any input may cause."""

Hear = Callable[[str, bytes, datetime], list[Message]]

ShellMessage = Clock | Health | Receipt | Resend | Stop
_SHELLS: Final = tuple(topic.template.partition("{")[0] for topic in (CLOCK, CONTROL, HEALTH, RECEIPT))
_ORDERS: Final = ORDER.template.partition("{")[0]


def between_shells(delivery: Delivery) -> ShellMessage | None:
    """The message, if it is for the shell itself and may be believed. None leaves it to what the core is told of it."""
    topic = delivery.topic
    if not topic.startswith(_SHELLS) and not (topic.startswith(_ORDERS) and may_be_stop(delivery.payload)):
        return None
    if is_stray(delivery):
        return None
    try:
        message = admit(topic, delivery.payload)
    except MalformedMessageError:
        return None
    return message if isinstance(message, ShellMessage) else None


def may_be_stop(payload: bytes) -> bool:
    """Whether it is worth looking for an order to stop here. JSON may write any letter as its number."""
    return b'"stop"' in payload or b"\\u" in payload


STRAY: Final = Problem(
    code="retained",
    field="topic",
    reason="was published to be retained, as only health and clock may be: publish it once more without that flag",
)


INCOMPLETE: Final = Problem(
    code="missing-field", field="message", reason="an order to stop is obeyed only if it is whole, with its id and time"
)
"""What is for the shell itself is not filled in as other orders are: a core would be told, and not end."""


def is_stray(delivery: Delivery) -> bool:
    """Whether the broker has kept it for us though it is no state: then it would be new again at each connect."""
    return delivery.retained and topic_at(delivery.topic) is not None and not is_state(delivery.topic)


def evidence(payload: bytes) -> str:
    """The beginning of some bytes as text that can be shown and stored."""
    return payload.decode("utf-8", "backslashreplace")[:EVIDENCE_CHARS]


def input_id(topic: str, payload: bytes, index: int = 0) -> str:
    """Names a message by the bytes that it came in, as the ``index``-th of them, whether or not they can be read."""
    return f"input-{hashlib.sha256(topic.encode() + b'/' + payload).hexdigest()[:32]}-{index}"


def unread(topic: str, payload: bytes, now: datetime) -> Unreadable:
    """Stands for bytes that the reading itself stumbled over, so that their deaths can be counted."""
    return Unreadable(
        id=input_id(topic, payload),
        source="unknown",
        seq=0,
        time=now,
        topic=topic,
        code="malformed",
        field="message",
        reason="reading it raised an error",
        evidence=evidence(payload),
    )


def refused(topic: str, payload: bytes, problem: Problem, now: datetime) -> Unreadable:
    """The core's input in place of a readable message that its shell refuses, such as one with a wrong signature.

    Its source is ``unknown``: the name in the message could not be believed.
    """
    content = f"{now.isoformat()} {topic} ".encode() + payload
    return Unreadable(
        id=f"refused-{hashlib.sha256(content).hexdigest()[:32]}",
        source="unknown",
        seq=0,
        time=now,
        topic=topic,
        code=problem.code,
        field=problem.field,
        reason=problem.reason,
        evidence=evidence(payload),
    )


def dead_letter(topic: str, message: Message, deaths: int, now: datetime) -> Unreadable:
    """For the core, in place of a message that has killed it this often. ``cause`` is the message."""
    failed = f"the service failed {deaths} times while working on it"
    hung = "the service did not come back from it, and was ended with its traceback in the log"
    return Unreadable(
        id=f"dead-{hashlib.sha256(message.id.encode()).hexdigest()[:32]}",
        source="unknown",
        seq=0,
        time=now,
        cause=message.id,
        topic=topic,
        code="dead-letter",
        field="message",
        reason=hung if deaths >= HUNG else failed,
        evidence=evidence(encode(message)),
    )


def given_falsely(topic: str, message: Message, problem: Problem, now: datetime) -> Unreadable:
    """For the core, in place of a message with entries of a ledger that are not what their sender says.

    Its source is that of the message, which is known by its signature or its topic. ``cause`` is the message.
    """
    return Unreadable(
        id=f"given-{hashlib.sha256(message.id.encode()).hexdigest()[:32]}",
        source=message.source,
        seq=0,
        time=now,
        cause=message.id,
        topic=topic,
        code=problem.code,
        field=problem.field,
        reason=problem.reason,
        evidence=evidence(encode(message)),
    )


def too_large(topic: str, message: Message, reason: str, now: datetime) -> Unreadable:
    """For the core, when a message that it said is larger than what the broker takes. ``cause`` is the message."""
    return Unreadable(
        id=f"large-{hashlib.sha256(message.id.encode()).hexdigest()[:32]}",
        source=message.source,
        seq=0,
        time=now,
        cause=message.id,
        topic=topic,
        code=TOO_LARGE,
        field="message",
        reason=f"{message.id} was not sent: {reason}",
        evidence=evidence(encode(message))[:SHORT_CHARS],
    )
