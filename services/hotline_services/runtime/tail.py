"""Whether the end of a journal was lost: others then know more of a service than it knows of itself.

A journal that was put back to what it was, or whose last writes never reached the disk, is sound and too short. To go
on with it would be to say other things under numbers and ids that others have already heard. So a service that has a
past says nothing numbered until it has listened: to its own retained health, and to peers, who answer a sign of life
that tells of fewer messages than they have by naming the last (see :meth:`Tail.hear`).
"""

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from hotline_protocol.events import LedgerChanged
from hotline_protocol.line import LineCheck, LineChecked, Reconcile, ToPeer
from hotline_protocol.message import Message
from hotline_protocol.service import Health, Held, Receipt
from hotline_services.delivery.outbox import Seen

from .store import Recovered, Store

LISTEN_S: Final = 0.3
"""How long others are given to answer, once the broker has brought our own sign of life back."""
PATIENCE_S: Final = 30.0
"""How long the broker is given to bring it back."""
LOOKBACK: Final = 200
"""What came in out of order may be older than the last that is still known: so much is asked for beside the rest."""
NEWCOMERS_LOOKBACK: Final = 2_000
"""So much is asked for of an epoch of which nothing is known at all."""
MOST_ASKED: Final = 100


class SavedTail(NamedTuple):
    """What a :class:`Tail` has from the journal: epoch, highest number said, and length of its ledger by peer."""

    epoch: str
    said: int
    entered: dict[str, int]


class Tail:
    """How far service ``name`` has come in its present epoch, and what contradicts that.

    A process acts on no more than one loss: its own state cannot be lost while it lives, whatever others claim.
    """

    def __init__(
        self, name: str = "", epochs: Sequence[str] = ("0",), now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._known = set(epochs)
        self._now_s = now_s
        self._entered: dict[str, int] = {}
        self._others: dict[str, tuple[str, int]] = {}
        self._spoke_at: float | None = None
        self._came_back_at: float | None = None
        self._listens = False
        self._has_begun = False
        self._is_new = False
        self.session = ""
        """That of this process, as its signs of life bear it."""
        self.epoch = epochs[0]
        self.said = 0
        self.loss = ""
        """How state was lost, as long as no epoch has begun because of it."""

    def begin(self, epoch: str) -> None:
        """Number from 1 in this epoch."""
        self._known.add(epoch)
        self.epoch, self.said, self.loss, self._has_begun = epoch, 0, "", True

    def save(self) -> SavedTail:
        """A copy as plain data."""
        return SavedTail(self.epoch, self.said, dict(self._entered))

    def load(self, saved: SavedTail) -> None:
        """Replace the memory from the journal by the saved memory."""
        self._known.add(saved.epoch)
        self.epoch, self.said, self._entered = saved.epoch, saved.said, dict(saved.entered)

    def resume(self, store: Store, recovered: Recovered, *, has_past: bool) -> None:
        """Go on from what the store held, which has been gone through; where there was anything, listen first."""
        if recovered.said is None:  # nothing was replayed
            self.epoch, self.said = store.epoch, recovered.said_last
        self.loss = store.loss
        self._has_begun, self._listens = False, has_past
        self._is_new = not self._listens

    def tell(self, messages: Iterable[Message]) -> None:
        """These are in the store."""
        for message in messages:
            if message.epoch == self.epoch and message.seq > self.said:
                self.said = message.seq
            if isinstance(message, LedgerChanged) and self._name in message.heads:
                self._entered[message.peer] = message.heads[self._name].length

    @property
    def is_settled(self) -> bool:
        """Whether it has listened for long enough, or knows what it would listen for."""
        if self._listens and not self.loss:
            back, spoke, now_s = self._came_back_at, self._spoke_at, self._now_s()
            heard = back is not None and now_s - back >= LISTEN_S
            self._listens = not (heard or (spoke is not None and now_s - spoke >= PATIENCE_S))
        return not self._listens or bool(self.loss)

    def spoke(self) -> None:
        """A sign of life of ours goes out."""
        if self._spoke_at is None:
            self._spoke_at = self._now_s()

    def came_back(self) -> None:
        """It has come in again: whatever the broker retains has come before it."""
        if self._came_back_at is None:
            self._came_back_at = self._now_s()

    def hear(self, message: Message, seen: Seen) -> str | None:
        """What is between shells.

        Returns the id that is to be named to the sender of a sign of life, if that tells of fewer messages than have
        come in.
        """
        match message:
            case Receipt() if message.to == self._name:
                for one in message.ids:
                    self._quoted(one, f"{message.source} has received {one}")
            case Health() if message.source == self._name:
                if message.session != self.session and self._came_back_at is None:
                    self._hear_former(message)
            case Health(said=int(said)):
                self._others[message.source] = (message.epoch, said)
                highest = seen.highest(message.source, message.epoch)
                if highest > said:
                    return f"{message.source}-{message.epoch}-{highest}"
            case _:
                pass
        return None

    def contradicts(self, message: Message) -> bool:
        """Whether this, said to us on the line, shows that state was lost; then an epoch is to begin before it."""
        if self.loss or self._has_begun or self._is_new or not isinstance(message, ToPeer):
            return False
        if message.cause is not None:
            self._quoted(message.cause, f"{message.source} answers {message.cause}")
        if isinstance(message, LineCheck | LineChecked | Reconcile) and self._name in message.heads:
            held, ours = message.heads[self._name].length, self._entered.get(message.source, 0)
            if held > ours:
                self._lose(f"{message.source} holds {held} entries of our ledger, of which we know {ours}")
        return bool(self.loss)

    def held(self, seen: Seen) -> tuple[Held, ...]:
        """What the others are to say again from, since it may have come in and been lost."""
        asked = {
            (source, epoch): max(1, highest - LOOKBACK)
            for source, epoch, highest in seen.streams()
            if source != self._name
        }
        for source, (epoch, said) in self._others.items():
            if said and (source, epoch) not in asked:
                asked[source, epoch] = max(1, said - NEWCOMERS_LOOKBACK)
        return tuple(
            Held(source=source, epoch=epoch, next_seq=first)
            for (source, epoch), first in list(asked.items())[-MOST_ASKED:]
        )

    def _hear_former(self, health: Health) -> None:
        """What an earlier process of ours has said of itself last."""
        if not isinstance(health.said, int) or not health.said:
            return
        if health.epoch == self.epoch and health.said > self.said:
            self._lose(f"our own last sign of life tells of message {health.said}, and we know {self.said}")
        elif health.epoch not in self._known:
            self._lose(f"our own last sign of life is of epoch {health.epoch}, which we do not know")

    def _quoted(self, name: str, evidence: str) -> None:
        """Others name this message: if it is one of ours, it was said and is lost.

        Of an epoch that this process itself began, nothing can be lost: whoever names more of it lies.
        """
        if self._is_new:
            return
        beginning = f"{self._name}-{self.epoch}-"
        number = name.removeprefix(beginning)
        if name.startswith(beginning) and number.isdecimal() and int(number) > self.said:
            self._lose(f"{evidence}, and we know {self.said}")

    def _lose(self, evidence: str) -> None:
        if not self.loss and not self._has_begun:
            self.loss = evidence
