"""What cannot be used is answered, with the field and the reason, and changes nothing else."""

from typing import Final

from hotline_protocol.events import DeadLettered, InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState, Problem
from hotline_protocol.message import Message
from hotline_protocol.service import Unreadable

from .internal import BadInput
from .plans import PlanBook
from .voice import Voice

NO_PLAN: Final = "0" * 16
"""Stands for the digest of a plan that could not be read."""


class Rejections:
    """Says what is wrong with an input, and whose it was."""

    def __init__(self, peers: tuple[str, ...], book: PlanBook, voice: Voice) -> None:
        self.peers: Final = peers
        self._book = book
        self._voice = voice

    def reject(self, message: Message, code: str, field: str, reason: str) -> None:
        """This cannot be used."""
        self._voice.say(
            InputRejected,
            topic=type(message).__name__,
            problem=Problem(code=code, field=field, reason=reason),
            evidence=message.id,
            sender=message.source,
        )

    def unknown_party(self, message: Message, field: str, name: str) -> None:
        """It names a party with whom there is no line."""
        self.reject(message, "unknown-party", field, f"{name!r} is none of {', '.join(self.peers)}")

    def fault(self, message: Message, code: str, fault: str | None) -> None:
        """There may be a fault in it: "field: reason"."""
        if fault is not None:
            field, _, reason = fault.partition(": ")
            self.reject(message, code, field, reason)

    def hear_bad(self, bad: BadInput) -> None:
        """A part cannot use this message."""
        self.fault(bad.message, bad.code, bad.fault)

    def unreadable(self, unreadable: Unreadable) -> None:
        """It could not even be read; if it was to be a plan, that plan is refused."""
        if unreadable.code == "dead-letter":
            self._voice.say(DeadLettered, topic=unreadable.topic, error=unreadable.reason, evidence=unreadable.evidence)
            return
        problem = Problem(code=unreadable.code, field=unreadable.field, reason=unreadable.reason)
        self._voice.say(
            InputRejected,
            topic=unreadable.topic,
            problem=problem,
            evidence=unreadable.evidence,
            sender=unreadable.source,
        )
        if unreadable.about and not self._book.knows(unreadable.about):
            self._voice.say(
                PlanStatus,
                plan_id=unreadable.about,
                callsign="",
                plan=NO_PLAN,
                state=PlanState.REFUSED,
                problem=problem,
            )
