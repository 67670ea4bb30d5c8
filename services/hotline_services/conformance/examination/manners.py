"""How the examiner treats what it has not asked for: as briefly as a centre may, so that nothing waits for ever."""

from hotline_protocol.line import (
    Advise,
    Affirm,
    Answer,
    Busy,
    CallOutcome,
    Counter,
    CounterTrace,
    Decline,
    DeclineTrace,
    Disclose,
    Entered,
    Entries,
    HangUp,
    LineCheck,
    LineChecked,
    Noted,
    OnCall,
    Propose,
    ProposeTrace,
    Protest,
    ReadBack,
    Reconcile,
    Release,
    Ring,
)
from hotline_protocol.message import Message

from .peer import Peer

CALL_BACK = "call-back."


class Manners:
    """Takes calls that no script waits for, says no to what is asked, and keeps the books."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._call = ""

    @property
    def in_call(self) -> bool:
        """Whether a call is in progress that no script knows of."""
        return bool(self._call)

    def keep_books(self, message: Message) -> None:
        """What is heard of the ledger, whoever else waits for it."""
        books = self._peer.books
        match message:
            case Entered():
                books.take((message.entry,))
            case Entries():
                books.take(message.entries)
            case Reconcile() | LineCheck() | LineChecked():
                books.told(message.heads)
                lacking = books.lacking(message.heads)
                if lacking:
                    self._peer.say(Entries, entries=lacking)
            case Release():
                entry = books.release(message.agreement_id, self._peer.now)
                if entry is not None:
                    self._peer.say(Entered, entry=entry)
            case _:
                pass

    def deal_with(self, message: Message, busy_with: str | None) -> bool:
        """Whether this was for us to deal with, and not for a script, which is ``busy_with`` a call."""
        if isinstance(message, Ring):
            self._take(message, busy_with)
            return True
        if isinstance(message, OnCall) and message.call_id == self._call:
            self._reply(message)
            return True
        return False

    def _take(self, ring: Ring, busy_with: str | None) -> None:
        if busy_with is not None or (self._call and ring.call_id != self._call):
            self._peer.say(Busy, call_id=ring.call_id, cause=ring.id)
            return
        self._call = ring.call_id
        self._peer.say(Answer, call_id=ring.call_id, cause=ring.id)
        if any(ref.startswith(CALL_BACK) for ref in ring.about):  # it is for us to speak, and we have nothing to say
            self.hang_up(CallOutcome.COMPLETED)

    def hang_up(self, outcome: CallOutcome = CallOutcome.DROPPED) -> None:
        """Leave the call that we have taken, if there is one."""
        if self._call:
            self._peer.say(HangUp, call_id=self._call, outcome=outcome)
            self._call = ""

    def _reply(self, message: OnCall) -> None:
        say, call, peer = self._peer.say, self._call, self._peer
        match message:
            case HangUp():
                self._call = ""
            case LineCheck():
                say(
                    LineChecked,
                    call_id=call,
                    agreement=peer.brief.rules.digest,
                    heads=peer.books.heads,
                    heard_seq=message.seq,
                    cause=message.id,
                )
            case Protest() | Advise():
                say(Noted, call_id=call, cause=message.id)
            case ReadBack(at=at):
                say(Affirm, call_id=call, at=at, cause=message.id)
            case Propose() | Counter():
                negotiation = message.negotiation_id
                say(Decline, call_id=call, negotiation_id=negotiation, answers=message.offer, reason="not now")
            case ProposeTrace() | CounterTrace():
                say(DeclineTrace, call_id=call, review_id=message.review_id, answers=message.offer, reason="not now")
            case Disclose() | _:
                pass
