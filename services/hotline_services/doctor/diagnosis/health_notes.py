"""The notes on health as findings: what a service says is wrong with itself."""

from collections.abc import Iterator
from typing import Final

from .kinds import Finding, Kind

_CLAUSES: Final = (
    ("another hotline-", Kind.TWO_OF_ONE_NAME, "Stop one of the two, or let it use another broker."),
    ("the broker is too slow", Kind.TOO_SLOW, "Play at a lower speed (--speed), or use a faster or nearer broker."),
    (
        "too large for the broker",
        Kind.PACKET_LIMIT,
        "Raise the broker's limit for one message (mosquitto: max_packet_size; NATS: max_payload) to 4194304.",
    ),
    ("refused by the broker", Kind.RIGHTS, "Give it the topics that compose/acl has for its name."),
    ("this machine's clock is", Kind.CLOCK_SKEW, "Set the clock of its machine, by NTP for example."),
    ("", Kind.TROUBLE, "Look into its log, which says more."),
)
_CONTINUES: Final = ("at most ", "that is made up for")


def of_note(name: str, note: str) -> Iterator[Finding]:
    """A finding for each clause of the note on the health of the service ``name``."""
    for clause in _clauses(note):
        kind, remedy = next((kind, remedy) for mark, kind, remedy in _CLAUSES if mark in clause)
        yield Finding(kind=kind, about=name, sentence=f"{name} says of itself: {clause}.", remedy=remedy)


def _clauses(note: str) -> list[str]:
    """The clauses of a note, each with what continues it."""
    clauses: list[str] = []
    for part in filter(None, (part.strip() for part in note.split(";"))):
        if clauses and part.startswith(_CONTINUES):
            clauses[-1] += f"; {part}"
        else:
            clauses.append(part)
    return clauses
