"""The examiner's side of the ledger: what it has granted the centre, and what it knows that the centre has granted it.

An examination begins without a journal: of what we had granted in an earlier one, only the head that the centre tells
is known, and the chain goes on from there.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from hotline_protocol.airspace import Volume4D
from hotline_protocol.ledger import Entry, EntryKind, Head


class ExaminersBooks:
    """Both chains between ``us`` and ``them``, as far as they are known here."""

    def __init__(self, us: str, them: str) -> None:
        self._us = us
        self._them = them
        self._before = Head()
        self.written: list[Entry] = []
        self.theirs: dict[int, Entry] = {}

    @property
    def head(self) -> Head:
        """Of what we have granted."""
        last = self.written[-1] if self.written else None
        return Head(length=last.index, hash=last.hash) if last else self._before

    @property
    def heads(self) -> dict[str, Head]:
        """Of both chains; of theirs as far as it is known without a gap."""
        length = 0
        while length + 1 in self.theirs:
            length += 1
        known = Head(length=length, hash=self.theirs[length].hash) if length else Head()
        return {self._us: self.head, self._them: known}

    def told(self, heads: Mapping[str, Head]) -> None:
        """How far they say that they have come: where we have written nothing yet, our chain goes on from there."""
        if not self.written:
            self._before = heads.get(self._us, Head())

    def take(self, entries: Iterable[Entry]) -> None:
        """What they have entered."""
        for entry in entries:
            if entry.granter == self._them:
                self.theirs.setdefault(entry.index, entry)

    def entered(self, agreement_id: str) -> Entry | None:
        """Their entry of this agreement."""
        return next((entry for entry in self.theirs.values() if entry.agreement_id == agreement_id), None)

    def draft(self, agreement_id: str, volumes: tuple[Volume4D, ...], offer: str, at: datetime) -> Entry:
        """The next entry of our chain, not yet written."""
        return self._next(EntryKind.GRANTED, agreement_id, at, volumes=volumes, offer=offer)

    def _next(self, kind: EntryKind, agreement_id: str, at: datetime, **granted: Any) -> Entry:
        head = self.head
        return Entry(
            granter=self._us,
            user=self._them,
            index=head.length + 1,
            previous=head.hash,
            kind=kind,
            agreement_id=agreement_id,
            entered_at=at,
            **granted,
        )

    def write(self, agreement_id: str, volumes: tuple[Volume4D, ...], offer: str, at: datetime) -> Entry:
        """Grant this."""
        entry = self.draft(agreement_id, volumes, offer, at)
        self.written.append(entry)
        return entry

    def release(self, agreement_id: str, at: datetime) -> Entry | None:
        """Enter that a grant of this examination has been given back; None where there is none, or no longer."""
        kinds = [entry.kind for entry in self.written if entry.agreement_id == agreement_id]
        if kinds != [EntryKind.GRANTED]:
            return None
        entry = self._next(EntryKind.RELEASED, agreement_id, at)
        self.written.append(entry)
        return entry

    def lacking(self, heads: Mapping[str, Head]) -> tuple[Entry, ...]:
        """What they lack of our chain, as far as it was written here: at most 200 entries."""
        held = heads.get(self._us, Head()).length
        return tuple(entry for entry in self.written if entry.index > held)[:200]
