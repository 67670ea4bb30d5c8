"""Faults of a shell: what is not confirmed, kept, told apart or taken well."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hotline_protocol.message import Message
from hotline_protocol.topics import INJECT, LINE, decode_any
from hotline_services.conformance.examination.peer import Letter
from hotline_services.conformance.rehearsal import LocalCentre
from hotline_services.delivery.outbox import Seen
from hotline_services.delivery.payloads import Check


class NoReceipts(LocalCentre):
    def receipt(self, _message: Message, _now: datetime) -> list[Letter]:
        return []


class OneReceipt(LocalCentre):
    """It receipts what is new."""

    def is_new(self, message: Message, now: datetime, letters: list[Letter]) -> bool:
        owed: list[Letter] = []
        new = super().is_new(message, now, owed)
        if new:
            letters += owed
        return new


class TakesTwice(LocalCentre):
    def is_new(self, message: Message, now: datetime, letters: list[Letter]) -> bool:
        super().is_new(message, now, letters)
        return True


class OneNumbering(Seen):
    """To it a source has one numbering for ever."""

    def first_time(self, message: Message) -> bool:
        return super().first_time(msgspec.structs.replace(message, epoch="0"))


class KnowsNoEpochs(LocalCentre):
    """It passes over the numbers that a source has used in an earlier epoch."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._seen = OneNumbering()


class SaysOnce(LocalCentre):
    """It keeps nothing until it is confirmed."""

    def _post(self, said: Sequence[Message], now: datetime) -> list[Letter]:
        letters = super()._post(said, now)
        self._outbox.confirm([message.id for message in said])
        return letters


class DeafToReceipts(LocalCentre):
    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        return [] if "/receipt/" in topic else super().hear(topic, payload, now)


class NotRetained(LocalCentre):
    def health(self, now: datetime, presence: Any) -> Letter:
        letter = super().health(now, presence)
        return Letter(letter.topic, letter.payload)


class HealthOnce(LocalCentre):
    def lapse(self, now: datetime) -> list[Letter]:
        letters = super().lapse(now)
        self._health_at = now + timedelta(days=1)
        return letters


class BelievesAnything(LocalCentre):
    """Believes the source that a message claims, on every topic."""

    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        if INJECT.match(topic) is None or b'"seq"' not in payload:
            return super().hear(topic, payload, now)
        letters: list[Letter] = []
        message = decode_any(payload)
        if self.is_new(message, now, letters):
            letters += self._post(self.core.receive(message, now), now)
        return letters


class NeverStops(LocalCentre):
    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        return [] if b'"stop"' in payload else super().hear(topic, payload, now)


class Mumbles(LocalCentre):
    """Whenever it is rung, it also says what nobody can read."""

    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        letters = super().hear(topic, payload, now)
        return [*letters, Letter(LINE.filter(source="ru", to="us"), b'{"type":"answer"}')] if letters else []


class DiesOfWhatItDoesNotKnow(LocalCentre):
    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        self.stopped = self.stopped or b'"sing"' in payload
        return super().hear(topic, payload, now)


class ForbidsUnknownFields(LocalCentre):
    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        return [] if b'"mood"' in payload else super().hear(topic, payload, now)


class SignsNothing(LocalCentre):
    """Has a key and does not use it."""

    def sealed(self, letter: Letter) -> bytes:
        super().sealed(letter)
        return letter.payload


class BelievesTheUnsigned(LocalCentre):
    """Checks signatures only where there are any."""

    def receive(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        if payload.endswith(b'"}') and b'"signature"' in payload:
            return super().receive(topic, payload, now)
        return self.hear(topic, payload, now)


class BelievesAnySignature(LocalCentre):
    """Looks whether there is a signature, and not whose."""

    def receive(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        if b'"signature"' in payload:
            return self.hear(topic, payload, now)
        return super().receive(topic, payload, now)


class TakesNumbersTwice(LocalCentre):
    """Passes over what a number says when it has said something before."""

    def take_key(self, sign: Callable[[str, bytes], bytes], check: Check) -> None:
        super().take_key(sign, check)
        self.guard.contents = None
