"""From bytes on a topic to messages for a core: what cannot be read is told to the core, never dropped."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import uuid4

from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import MalformedMessageError, decode, encode

EVIDENCE_CHARS: Final = 500

Hear = Callable[[str, bytes, datetime], list[Message]]


def hear(topic: str, payload: bytes, now: datetime) -> list[Message]:
    """The message in these bytes, or an Unreadable that says what is wrong with them."""
    try:
        return [decode(topic, payload)]
    except MalformedMessageError as error:
        return [malformed(error, now)]


def malformed(error: MalformedMessageError, now: datetime) -> Unreadable:
    """For the core: these bytes are no message. Each time they come counts, so its id is a new one."""
    return Unreadable(
        id=f"unreadable-{uuid4().hex}",
        source="unknown",
        seq=0,
        time=now,
        topic=error.topic,
        code="malformed",
        field=error.field,
        reason=error.reason,
        evidence=evidence(error.payload),
    )


def evidence(payload: bytes) -> str:
    """The beginning of some bytes as text that can be shown and stored."""
    return payload.decode("utf-8", "backslashreplace")[:EVIDENCE_CHARS]


def input_id(topic: str, payload: bytes) -> str:
    """Names these bytes on this topic, whether or not they can be read."""
    return f"input-{hashlib.sha256(topic.encode() + b'/' + payload).hexdigest()[:32]}"


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
