"""Keeping the books with each peer: line checks, comparing ledgers, sending what the other lacks."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from hotline_protocol.agreement import Agreement
from hotline_protocol.events import EscalationKind, LedgerChanged
from hotline_protocol.ledger import GENESIS, Entry, Head
from hotline_protocol.line import Entries, LineCheck, LineChecked, Reconcile

from .ledger import ForkError, PairLedger
from .posture import Posture
from .voice import Voice


class Books:
    """The ledgers of one side. A difference is made good where it is a missing tail, and escalated where not."""

    def __init__(
        self, party: str, agreement: Agreement, ledgers: dict[str, PairLedger], posture: Posture, voice: Voice
    ) -> None:
        self._party = party
        self._agreement = agreement
        self._digest = agreement.digest
        self._ledgers = ledgers
        self._posture = posture
        self._voice = voice
        self._heard_seq: dict[str, int] = {}
        self._mismatches: set[tuple[str, str]] = set()

    def heard(self, source: str, seq: int) -> None:
        """Note how far the other side's numbering has come."""
        self._heard_seq[source] = max(seq, self._heard_seq.get(source, 0))

    def heard_seq(self, source: str) -> int:
        """The highest sequence number heard of this source."""
        return self._heard_seq.get(source, 0)

    def next_check(self, now: datetime) -> datetime | None:
        """When the line is next to be tried by us, by the agreement; later than ``now``."""
        rule = self._agreement.line_check
        if rule is None or rule.caller != self._party or not rule.at:
            return None
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        times = (
            day + timedelta(days=days, hours=at.hour, minutes=at.minute, seconds=at.second)
            for days in (0, 1)
            for at in rule.at
        )
        return min(time for time in times if time > now)

    def check(self, peer: str, call_id: str) -> None:
        """Begin a line check in this call."""
        self._voice.say(
            LineCheck,
            to=peer,
            call_id=call_id,
            agreement=self._digest,
            heads=self._ledgers[peer].heads,
            heard_seq=self.heard_seq(peer),
        )

    def hear_check(self, check: LineCheck) -> None:
        """Compare, and answer with our own readings."""
        self._voice.say(
            LineChecked,
            to=check.source,
            call_id=check.call_id,
            agreement=self._digest,
            heads=self._ledgers[check.source].heads,
            heard_seq=self.heard_seq(check.source),
            cause=check.id,
        )
        self.compare(check.source, check.agreement, check.heads, check.id)

    def reconcile(self, peer: str) -> None:
        """After a break: tell them how far we have come."""
        self._voice.say(Reconcile, to=peer, agreement=self._digest, heads=self._ledgers[peer].heads)

    def compare(self, peer: str, agreement: str, heads: Mapping[str, Head], about: str) -> None:
        """Send what they lack, ask for what we lack, and escalate what cannot be both right."""
        if agreement != self._digest:
            self._mismatch(
                EscalationKind.AGREEMENT_MISMATCH, peer, about, f"their agreement is {agreement}, ours {self._digest}"
            )
        ledger = self._ledgers[peer]
        ours, theirs = heads.get(self._party, Head()), heads.get(peer, Head())
        if not self._is_on(ledger, self._party, ours):
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, f"they hold {ours.hash[:16]} of our chain")
        elif ours.length < len(ledger.chain(self._party)):
            self._voice.say(Entries, to=peer, entries=ledger.tail(ours.length))
        copied = len(ledger.chain(peer))
        if theirs.length > copied:
            self.reconcile(peer)
        elif not self._is_on(ledger, peer, theirs):
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, f"they have {theirs.hash[:16]} in their chain")

    @staticmethod
    def _is_on(ledger: PairLedger, granter: str, head: Head) -> bool:
        """Whether our form of this chain goes through their head."""
        chain = ledger.chain(granter)
        if head.length > len(chain):
            return False
        return head.hash == (chain[head.length - 1].hash if head.length else GENESIS)

    def _mismatch(self, kind: EscalationKind, peer: str, about: str, detail: str) -> None:
        """Once for each different thing that they hold."""
        if (peer, detail) not in self._mismatches:
            self._mismatches.add((peer, detail))
            self._posture.escalate(kind, peer, about, detail)

    def take(self, peer: str, entries: tuple[Entry, ...], about: str) -> list[Entry]:
        """Copy what they have entered; returns what is new. Asks for what is missing in between."""
        ledger = self._ledgers[peer]
        try:
            new = ledger.take(entries)
        except ForkError as error:
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, str(error))
            return []
        if ledger.lacks:
            self.reconcile(peer)
        if new:
            self.changed(peer)
        return new

    def changed(self, peer: str) -> None:
        """Tell everybody how the ledger with this peer stands now."""
        self._voice.say(LedgerChanged, peer=peer, heads=self._ledgers[peer].heads)
