"""What a shell tells its core in place of an input that it will not, or cannot, hand over."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

from hotline_protocol.flightplan import Problem
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import encode

EVIDENCE_CHARS: Final = 500

Hear = Callable[[str, bytes, datetime], list[Message]]


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
    """For the core, in place of a message that its shell does not take in, though it could be read.

    Nobody is named as its source: that it is not who it says is what is wrong with it.
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
    return Unreadable(
        id=f"dead-{hashlib.sha256(message.id.encode()).hexdigest()[:32]}",
        source="unknown",
        seq=0,
        time=now,
        cause=message.id,
        topic=topic,
        code="dead-letter",
        field="message",
        reason=f"the service failed {deaths} times while working on it",
        evidence=evidence(encode(message)),
    )
