"""Keeping the books with each peer: line checks, comparing ledgers, sending what the other lacks."""

from typing import Any, Final

from hotline_protocol.events import EscalationKind, LedgerChanged
from hotline_protocol.ledger import Entry, Head
from hotline_protocol.line import Entered, Entries, LineCheck, LineChecked, Reason, Reconcile
from hotline_protocol.message import Message
from hotline_protocol.seal import BAD_SEAL, entries_of
from hotline_protocol.service import EpochBegun, Unreadable

from .internal import (
    AirReleased,
    ChainAwaited,
    ChainDoubted,
    ChainGivenUp,
    ChainGrew,
    EntryCopied,
    EntryRestored,
    EscalationNoted,
    ItemTaken,
    PeerUp,
    RelationFelt,
    ReleaseDue,
    WordsUnderstood,
)
from .ledger import PairLedger
from .review.accord import Accord
from .state import BooksState, HeardEpoch, Recovering
from .strain.felt import Felt
from .uses import grant_ref
from .voice import Voice

FULL_LOAD: Final = 200
"""Entries in one message at most, and fewer where these are long. Who gets a part asks for what is behind it."""
REMEMBERED_MISMATCHES: Final = 1_000
REMEMBERED_EPOCHS: Final = 100


class Books:
    """The ledgers of one side. A difference is made good where it is a missing tail, and escalated where not."""

    def __init__(self, party: str, accord: Accord, ledgers: dict[str, PairLedger], voice: Voice) -> None:
        self._party = party
        self._accord = accord
        self._ledgers = ledgers
        self._voice = voice
        self.state = BooksState()

    def heard(self, message: Message) -> None:
        """Note how far the other side's numbering has come; with each of its epochs it begins anew."""
        epochs = self.state.heard.get(message.source, ())
        heard = HeardEpoch(message.epoch, message.seq)
        for number, known in enumerate(epochs):
            if known.epoch == heard.epoch:
                if known.seq < heard.seq:
                    self.state.heard[message.source] = (*epochs[:number], heard, *epochs[number + 1 :])
                return
        self.state.heard[message.source] = (*epochs, heard)[-REMEMBERED_EPOCHS:]

    def heard_seq(self, source: str) -> int:
        """The highest sequence number heard of this source, in the epoch that was heard of last."""
        epochs = self.state.heard.get(source)
        return epochs[-1].seq if epochs else 0

    def open(self, taken: ItemTaken) -> bool:
        """Begin a line check in this call, if that is what it is about."""
        if taken.item.reason is not Reason.LINE_CHECK:
            return False
        peer, call_id = taken.call.peer, taken.call.id
        self._voice.say(
            LineCheck,
            to=peer,
            call_id=call_id,
            agreement=self._accord.digest,
            heads=self._ledgers[peer].heads,
            heard_seq=self.heard_seq(peer),
        )
        return True

    def hear_check(self, words: WordsUnderstood[LineCheck]) -> None:
        """Answer with our own readings, and compare."""
        check = words.message
        self._voice.say(
            LineChecked,
            to=check.source,
            call_id=check.call_id,
            agreement=self._accord.digest,
            heads=self._ledgers[check.source].heads,
            heard_seq=self.heard_seq(check.source),
            cause=check.id,
        )
        self.compare(check)

    def hear_checked(self, words: WordsUnderstood[LineChecked]) -> None:
        """Compare with their readings."""
        self.compare(words.message)

    def greet(self, up: PeerUp) -> None:
        """The other side has joined the network, perhaps again."""
        self.reconcile(up.peer)

    def ask_again(self, doubted: ChainDoubted) -> None:
        """They may have entered something that is to be given back."""
        self.reconcile(doubted.peer)

    def tell_grown(self, grew: ChainGrew) -> None:
        """Tell everybody."""
        self.changed(grew.peer)

    def reconcile(self, peer: str) -> None:
        """After a break: tell them how far we have come."""
        asked = self.state.recovering.get(peer)
        lost: dict[str, Any] = {} if asked is None else {"lost": True}
        heads = self._ledgers[peer].heads
        said = self._voice.say(Reconcile, to=peer, agreement=self._accord.digest, heads=heads, **lost)
        if asked is not None:
            asked.asked_by.add(said.id)

    def lose_state(self, _: EpochBegun) -> None:
        """State was lost: tell what is left of each ledger, and ask for what the peers hold of our own chains too."""
        for peer in self._ledgers:
            self.changed(peer)
            self.state.recovering[peer] = Recovering()
            self.state.waits.add(peer)
            self.state.asked.pop(peer, None)
            self.reconcile(peer)

    def await_peer(self, awaited: ChainAwaited) -> None:
        """Enter nothing in our chain with this peer: entries of ours may be missing in it."""
        self.state.waits.add(awaited.peer)

    def give_up(self, given_up: ChainGivenUp) -> None:
        """Enter again what is to be entered."""
        self.state.waits.discard(given_up.peer)

    def compare(self, message: LineCheck | LineChecked | Reconcile) -> None:
        """Send what they lack, ask for what we lack, and escalate what cannot be both right."""
        peer, about = message.source, message.id
        agreed = self._accord.admits(message.agreement, message.time)
        if not agreed:
            self._mismatch(
                EscalationKind.AGREEMENT_MISMATCH,
                peer,
                about,
                f"their agreement is {message.agreement}, ours {self._accord.digest}",
            )
        ledger = self._ledgers[peer]
        ours, theirs = message.heads.get(self._party, Head()), message.heads.get(peer, Head())
        if self._answers_us(message) and ours.length <= ledger.length(self._party):
            self._recovered(peer)  # they hold no more of our chain than we do: it is whole
        if isinstance(message, Reconcile) and message.lost is True:
            self._give_back(peer, theirs)
        if peer in self.state.recovering:  # what is from before our loss says nothing of it
            if ours.length > ledger.length(self._party) and not isinstance(message, Reconcile):
                self.reconcile(peer)
        elif not ledger.passes(self._party, ours):
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, f"they hold {ours.hash[:16]} of our chain")
        elif ours.length < ledger.length(self._party):
            self._voice.say(Entries, to=peer, entries=ledger.tail(ours.length, FULL_LOAD))
        if theirs.length > ledger.length(peer):
            self._ask(peer, theirs, again=not isinstance(message, Reconcile))
        elif not ledger.passes(peer, theirs):
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, f"they have {theirs.hash[:16]} in their chain")
        elif agreed and ledger.passes(self._party, ours) and not isinstance(message, Reconcile):
            self._voice.tell(RelationFelt(Felt.LINE_CHECKED, peer))

    def _answers_us(self, message: Message) -> bool:
        """Whether it answers what we have asked since state was lost."""
        recovering = self.state.recovering.get(message.source)
        return recovering is not None and message.cause in recovering.asked_by

    def _recovered(self, peer: str) -> None:
        del self.state.recovering[peer]
        self.state.waits.discard(peer)

    def _give_back(self, peer: str, theirs: Head) -> None:
        """They have lost state: send what we hold of their own chain, and say how far we have come."""
        ledger = self._ledgers[peer]
        if theirs.length < ledger.length(peer) and ledger.passes(peer, theirs):
            entries, seal = ledger.copied_tail(theirs.length, FULL_LOAD)
            self._voice.say(Entries, to=peer, entries=entries, seal=seal)
        self.reconcile(peer)

    def _ask(self, peer: str, head: Head, *, again: bool) -> None:
        """Ask for what we lack up to this head: once, or two sides that both lack something would ask for ever."""
        asking = (self._ledgers[peer].length(peer), head)
        if again or self.state.asked.get(peer) != asking:
            self.state.asked[peer] = asking
            self.reconcile(peer)

    def _is_behind(self, peer: str) -> bool:
        """Whether their chain is longer than what we hold of it, as they last told when we asked."""
        _, head = self.state.asked.get(peer, (0, Head()))
        return head.length > self._ledgers[peer].length(peer)

    def _mismatch(self, kind: EscalationKind, peer: str, about: str, detail: str) -> None:
        """Once for each different thing that they hold, as far as we remember."""
        known = self.state.mismatches
        if (peer, detail) in known:
            return
        known[peer, detail] = None
        if len(known) > REMEMBERED_MISMATCHES:
            del known[next(iter(known))]
        self._voice.tell(EscalationNoted(kind, peer, about, detail))

    def take_back(self, message: Entries) -> None:
        """Take in entries of our own that the peer has kept for us. Ask whether that is all."""
        peer = message.source
        own = tuple(entry for entry in message.entries if entry.granter == self._party)
        if not own or peer not in self.state.recovering:
            return
        copied = self._ledgers[peer].take_back(own)
        if copied.fork is not None:
            self._recovered(peer)
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, message.id, str(copied.fork))
        if copied.new:
            self.reconcile(peer)
            self.changed(peer)
        for entry in copied.new:
            self._voice.tell(EntryRestored(entry))

    def take(self, message: Entered | Entries) -> None:
        """Copy what they have entered. Ask for what is missing in between or behind."""
        peer, about, said = message.source, message.id, entries_of(message)
        entries = tuple(entry for entry in said if entry.granter != self._party or self._contradicts(peer, entry))
        copied = self._ledgers[peer].take(entries)
        if said and isinstance(message.seal, str):
            self._ledgers[peer].keep_seal(said[-1], message.seal)
        if copied.fork is not None:
            self._mismatch(EscalationKind.LEDGER_MISMATCH, peer, about, str(copied.fork))
        if copied.lacks or (copied.new and (len(entries) >= FULL_LOAD or self._is_behind(peer))):
            self.reconcile(peer)
        if copied.new:
            self.changed(peer)
        for entry in copied.new:
            self._voice.tell(EntryCopied(entry))

    def release(self, due: ReleaseDue) -> None:
        """Enter into the ledger that the peer released air that we had granted."""
        peer, agreement_id = due.release.source, due.release.agreement_id
        entry = self._ledgers[peer].release(agreement_id, self._voice.now)
        if entry is None:
            return
        self._voice.tell(AirReleased(grant_ref(peer, agreement_id)))
        self._voice.say(Entered, to=peer, entry=entry)
        self.changed(peer)

    def note_unproven(self, unreadable: Unreadable) -> None:
        """A peer has given entries as ours for which no seal of ours stands: none of them was taken in."""
        if unreadable.code == BAD_SEAL and unreadable.source in self._ledgers:
            about = unreadable.cause or unreadable.id
            self._mismatch(EscalationKind.LEDGER_MISMATCH, unreadable.source, about, unreadable.reason)

    def _contradicts(self, peer: str, entry: Entry) -> bool:
        """Whether an entry said to be our own is none that we hold, or that we may have lost."""
        own = self._ledgers[peer].chain(self._party)
        return peer not in self.state.recovering and entry not in own[entry.index - 1 :][:1]

    def changed(self, peer: str) -> None:
        """Tell everybody how the ledger with this peer stands now."""
        self._voice.say(LedgerChanged, peer=peer, heads=self._ledgers[peer].heads)
