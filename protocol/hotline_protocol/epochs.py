"""What every core does when its shell tells it that state was lost."""

from datetime import datetime

from .events import StateLost
from .message import LAST_SEQ, Author, Message
from .service import EpochBegun, Resend


def go_on(author: Author, begun: EpochBegun, now: datetime) -> list[Message]:
    """Number on in the new epoch, put the loss on record, and ask all sources for what may have been lost with it."""
    lost_epoch, last_seq = author.epoch, author.seq
    author.begin(begun.begun)
    lost = author.say(
        StateLost, now, cause=begun.id, lost_epoch=lost_epoch, last_seq=last_seq, reason=begun.reason[:2_000]
    )
    return [lost, *_asked(author, begun, now)]


def _asked(author: Author, begun: EpochBegun, now: datetime) -> list[Message]:
    """Open-ended requests: nobody knows how much was lost. What comes twice is told by its number."""
    return [
        Resend(
            id=f"{author.source}-{author.epoch}-again{number}",
            source=author.source,
            seq=0,
            epoch=author.epoch,
            time=now,
            cause=begun.id,
            to=held.source,
            wanted_epoch=held.epoch,
            first_seq=held.next_seq,
            last_seq=LAST_SEQ,
        )
        for number, held in enumerate(begun.held, 1)
    ]
