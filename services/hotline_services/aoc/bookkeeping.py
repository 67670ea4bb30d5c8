"""What the other side says about the ledger: taken up, entered, lapsed, given back, compared."""

from hotline_protocol.line import Confirm, Entered, Entries, Release

from .books import Books
from .consent import Consents
from .internal import AirReleased, ChainsLookedAt
from .ledger import PairLedger
from .recovery import Recovery
from .talks import Talks
from .uses import grant_ref
from .voice import Voice


class Bookkeeping:
    """Passes each on to whose business it is. What would add to a chain that may not be whole is postponed."""

    def __init__(
        self,
        party: str,
        ledgers: dict[str, PairLedger],
        books: Books,
        talks: Talks,
        consents: Consents,
        recovery: Recovery,
        voice: Voice,
    ) -> None:
        self._party = party
        self._ledgers = ledgers
        self._books = books
        self._talks = talks
        self._consents = consents
        self._recovery = recovery
        self._voice = voice

    def hear_claim(self, message: Confirm | Release) -> None:
        """They take up what we hold, or give back what we have granted: it adds to our chain."""
        if not self._recovery.postpone(message):
            self._enter(message)

    def hear_entered(self, entered: Entered) -> None:
        """They have entered something in their chain."""
        self._take(entered)

    def hear_entries(self, entries: Entries) -> None:
        """They send what we lack of either chain."""
        for entry in self._books.take_back(entries.source, entries.entries, entries.id):
            self._talks.restore(entry)
        self._take(entries)

    def catch_up(self, _: ChainsLookedAt) -> None:
        """Do what had been postponed until a chain was whole."""
        for message in self._recovery.take_due():
            self._enter(message)

    def _enter(self, message: Confirm | Release) -> None:
        if isinstance(message, Confirm):
            self._talks.hear_taken(message)
        else:
            self._released(message)

    def _take(self, message: Entered | Entries) -> None:
        for entry in self._books.take(message):
            self._consents.hear_entry(entry)

    def _released(self, release: Release) -> None:
        if self._ledgers[release.source].release(release.agreement_id, self._voice.now) is None:
            return
        self._voice.tell(AirReleased(grant_ref(release.source, release.agreement_id)))
        chain = self._ledgers[release.source].chain(self._party)
        self._voice.say(Entered, to=release.source, entry=chain[-1])
        self._books.changed(release.source)
