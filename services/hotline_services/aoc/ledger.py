"""A pair's two chains of grants: one that we write, one that the other side writes and we copy."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import accumulate
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from hotline_protocol.airspace import Volume4D
from hotline_protocol.flightplan import Priority
from hotline_protocol.ledger import GENESIS, Entry, EntryKind, Head
from hotline_protocol.line import ENTRIES_BYTES

from .state import LedgerState

MAX_EARLY: Final = 1_000


class ForkError(Exception):
    """The peer's entry contradicts what it told us before: its fault. Carries the entry as evidence."""

    def __init__(self, entry: Entry, reason: str) -> None:
        super().__init__(f"entry {entry.index} of {entry.granter}: {reason}")
        self.entry = entry


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What came of copying: the entries that are new, in order; whether others are missing before some of what
    came; and the first one that contradicts the rest.
    """

    new: tuple[Entry, ...]
    lacks: bool
    fork: ForkError | None


class PairLedger:
    """Both chains between ``party`` and ``peer``."""

    def __init__(self, party: str, peer: str) -> None:
        self.party: Final = party
        self.peer: Final = peer
        self.state = LedgerState()

    def _chain(self, granter: str) -> list[Entry]:
        return self.state.own if granter == self.party else self.state.copied

    def _hash(self, granter: str) -> str:
        return self.state.own_hash if granter == self.party else self.state.copied_hash

    @property
    def heads(self) -> dict[str, Head]:
        """How far each chain has come here."""
        return {
            granter: Head(length=len(self._chain(granter)), hash=self._hash(granter))
            for granter in sorted((self.party, self.peer))
        }

    def chain(self, granter: str) -> tuple[Entry, ...]:
        """The chain that this party writes."""
        return tuple(self._chain(granter))

    def length(self, granter: str) -> int:
        """How many entries of this chain we hold."""
        return len(self._chain(granter))

    def passes(self, granter: str, head: Head) -> bool:
        """Whether this chain, as far as we hold it, goes through this head."""
        if head.length > self.length(granter):
            return False
        return head.hash == (self._chain(granter)[head.length - 1].hash if head.length else GENESIS)

    def tail(self, after: int, most: int, most_bytes: int = ENTRIES_BYTES) -> tuple[Entry, ...]:
        """Our own entries behind the first ``after``: at most so many, and so many bytes, but one if there is any."""
        return _page(self.state.own, after, most, most_bytes)

    def copied_tail(
        self, after: int, most: int, most_bytes: int = ENTRIES_BYTES
    ) -> tuple[tuple[Entry, ...], str | UnsetType]:
        """The peer's entries behind the first ``after`` as we have copied them, and the peer's seal of the last one.

        At most so many, and so many bytes; where there is a seal among these, none behind the last one that has one.
        """
        page = _page(self.state.copied, after, most, most_bytes)
        last = max((entry.index for entry in page if entry.index in self.state.seals), default=after + len(page))
        return page[: last - after], self.state.seals.get(last, UNSET)

    def keep_seal(self, entry: Entry, seal: str) -> None:
        """Keep the peer's seal of this entry of its chain, if we hold that entry: to be given back with it."""
        chain = self.state.copied
        held = chain[entry.index - 1] if entry.index <= len(chain) else self.state.early.get(entry.index)
        if held == entry:
            self.state.seals[entry.index] = seal

    def take_back(self, entries: Iterable[Entry]) -> Copied:
        """Entries that we have made and lost, as the peer has copied them: those that continue our chain."""
        new: list[Entry] = []
        for entry in entries:
            chain = self.state.own
            if entry.granter != self.party or entry.user != self.peer:
                return Copied(new=tuple(new), lacks=False, fork=ForkError(entry, "is not one of ours for this peer"))
            if entry.index <= len(chain):
                if chain[entry.index - 1] != entry:
                    return Copied(new=tuple(new), lacks=False, fork=ForkError(entry, "differs from the one we made"))
            elif entry.index == len(chain) + 1 and entry.previous == self.state.own_hash:
                new.append(self._append(entry))
            else:
                return Copied(new=tuple(new), lacks=False, fork=ForkError(entry, "does not follow the one before it"))
        return Copied(new=tuple(new), lacks=False, fork=None)

    def grant(
        self, agreement_id: str, volumes: Sequence[Volume4D], offer: str, priority: Priority, now: datetime
    ) -> Entry:
        """Enter into our chain that the peer may use these volumes."""
        return self._append(
            Entry(
                granter=self.party,
                user=self.peer,
                index=len(self.state.own) + 1,
                previous=self.state.own_hash,
                kind=EntryKind.GRANTED,
                agreement_id=agreement_id,
                volumes=tuple(volumes),
                offer=offer,
                priority=priority,
                entered_at=now,
            )
        )

    def release(self, agreement_id: str, now: datetime) -> Entry | None:
        """Enter that the peer has given a grant of ours back; None when there is no such grant, or no longer."""
        key = (self.party, agreement_id)
        if key not in self.state.granted or key in self.state.released:
            return None
        return self._append(
            Entry(
                granter=self.party,
                user=self.peer,
                index=len(self.state.own) + 1,
                previous=self.state.own_hash,
                kind=EntryKind.RELEASED,
                agreement_id=agreement_id,
                entered_at=now,
            )
        )

    def take(self, entries: Iterable[Entry]) -> Copied:
        """Copy entries of the peer's chain, in whatever order they come.

        One that contradicts what we hold is not copied, and does not keep the others from it. One that comes
        early waits for those that are missing.
        """
        new: list[Entry] = []
        fork: ForkError | None = None
        furthest = 0
        for entry in entries:
            furthest = max(furthest, entry.index)
            try:
                self._copy(entry, new)
            except ForkError as error:
                fork = fork or error
        lacks = fork is None and furthest > len(self.state.copied)
        return Copied(new=tuple(new), lacks=lacks, fork=fork)

    def _copy(self, entry: Entry, new: list[Entry]) -> None:
        """Put this entry in its place, and then those that have waited for it. Raises ForkError."""
        chain = self.state.copied
        if entry.granter != self.peer or entry.user != self.party:
            raise ForkError(entry, f"is not one of {self.peer} for {self.party}")
        if entry.index <= len(chain):
            if chain[entry.index - 1] != entry:
                raise ForkError(entry, "differs from the one we hold")
            return
        if entry.index <= len(chain) + MAX_EARLY:
            self.state.early[entry.index] = entry
        while (following := self.state.early.pop(len(chain) + 1, None)) is not None:
            if following.previous != self.state.copied_hash:
                raise ForkError(following, "does not follow the entry before it")
            new.append(self._append(following))

    def granted(self, granter: str, agreement_id: str) -> Entry | None:
        """The grant of this agreement in this chain, released or not."""
        return self.state.granted.get((granter, agreement_id))

    def standing(self, granter: str, now: datetime) -> Iterator[Entry]:
        """Grants in this chain that are neither released nor past."""
        return (entry for entry in self.state.granted.values() if entry.granter == granter and self.stands(entry, now))

    def stands(self, entry: Entry, now: datetime) -> bool:
        """Whether this grant is neither released nor past."""
        released = (entry.granter, entry.agreement_id) in self.state.released
        return not released and any(volume.end > now for volume in entry.volumes)

    def _append(self, entry: Entry) -> Entry:
        if entry.granter == self.party:
            self.state.own.append(entry)
            self.state.own_hash = entry.hash
        else:
            self.state.copied.append(entry)
            self.state.copied_hash = entry.hash
        key = (entry.granter, entry.agreement_id)
        if entry.kind is EntryKind.GRANTED:
            self.state.granted[key] = entry
        else:
            self.state.released[key] = None
        return entry


def _page(chain: Sequence[Entry], after: int, most: int, most_bytes: int) -> tuple[Entry, ...]:
    """Behind the first ``after``: at most so many, and so many bytes, but one if there is any."""
    page = chain[after : after + most]
    sizes = accumulate(len(msgspec.json.encode(entry)) + 1 for entry in page)
    fitting = sum(1 for size in sizes if size <= most_bytes)
    return tuple(page[: max(fitting, 1)])
