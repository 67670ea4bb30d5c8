"""All that a centre knows, as plain data: a slice for each part. Parts keep nothing else but configuration and wiring.

Queues that are empty between two turns, and what is worked out anew from the rest, are no state.
"""

from datetime import datetime
from typing import Final

import msgspec

from hotline_protocol.airspace import Position, Volume4D
from hotline_protocol.events import ActualState
from hotline_protocol.injection import Advice, AnnouncedState, ReportSighting, SightingKind
from hotline_protocol.ledger import GENESIS, Entry, Head
from hotline_protocol.line import Advise, Confirm, Mail, Protest, Reason, Release, Ring, Tier
from hotline_protocol.orders import Sitting
from hotline_protocol.slices import Slice

from .calls import Call, Item
from .filed import Filed, Status
from .strain.felt import Felt
from .strain.model import ModelState
from .uses import Use
from .voice import LONG_AGO

REMEMBERED_CALLS: Final = 1_000


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A ring that waits, since when, and from when on the line is said to be busy."""

    ring: Ring
    since: datetime
    until: datetime


class DeskState(Slice, kw_only=True):
    """Calls in progress, what waits for one, rings that wait for a line, and calls that are over.

    ``in_vain`` counts the rings to each peer that were not answered, ``rung`` all rings of ours.
    """

    calls: list[Call] = []
    waiting: list[Item] = []
    callers: dict[str, Caller] = {}
    past: dict[tuple[str, str], None] = {}
    in_vain: dict[str, int] = {}
    rung: int = 0

    def forget(self, peer: str, call_id: str) -> None:
        """This call with this peer is over: a ring for it that comes late is not taken. The latest are remembered."""
        self.past[peer, call_id] = None
        if len(self.past) > REMEMBERED_CALLS:
            del self.past[next(iter(self.past))]

    def is_past(self, ring: Ring) -> bool:
        """Whether the call of this ring is over."""
        return (ring.source, ring.call_id) in self.past


class PlansState(Slice, kw_only=True):
    """Our plans by id: as they stand, and versions that are negotiated while an earlier one is in force.

    ``times`` are starts and ends to come (a heap; some are of versions that have been replaced). ``over`` are the ids
    of plans that are over, and until when they are kept whole; of those ``forgotten`` only the last status is known.
    """

    plans: dict[str, Filed] = {}
    pending: dict[str, Filed] = {}
    times: list[tuple[datetime, str]] = []
    over: list[tuple[datetime, str]] = []
    forgotten: dict[str, Status] = {}


class ConsentsState(Slice, kw_only=True):
    """The tier, by its number, to which each negotiation has been seen to rise."""

    tiers_seen: dict[str, int] = {}


class PictureState(Slice, kw_only=True):
    """Uses of the air by reference, each with its volumes; and when they end (a heap, some are of former volumes)."""

    uses: dict[str, tuple[Use, tuple[Volume4D, ...]]] = {}
    ends: list[tuple[datetime, str]] = []


class LedgerState(Slice, kw_only=True):
    """Both chains of a pair: ``own`` and ``copied``, with the hash of the last entry of each.

    ``early`` are entries that wait for those before them, ``seals`` the peer's seals of its entries.
    """

    own: list[Entry] = []
    copied: list[Entry] = []
    own_hash: str = GENESIS
    copied_hash: str = GENESIS
    early: dict[int, Entry] = {}
    granted: dict[tuple[str, str], Entry] = {}
    released: dict[tuple[str, str], None] = {}
    seals: dict[int, str] = {}


class HeardEpoch(msgspec.Struct, frozen=True):
    """How far the numbering of a source has come in one of its epochs."""

    epoch: str
    seq: int


class Recovering(Slice, kw_only=True):
    """A peer that is to say how far it has come, and the messages by which it has been asked."""

    asked_by: set[str] = set()


class BooksState(Slice, kw_only=True):
    """How far each source has numbered, differences that are on record, and what each peer was last asked for.

    ``recovering`` are peers that are asked what we had before state was lost; ``waits`` those of them that we wait for
    before we enter anything.
    """

    heard: dict[str, tuple[HeardEpoch, ...]] = {}
    mismatches: dict[tuple[str, str], None] = {}
    asked: dict[str, tuple[int, Head]] = {}
    recovering: dict[str, Recovering] = {}
    waits: set[str] = set()


class RecoveryState(Slice, kw_only=True):
    """What is postponed until a chain is whole, until when each peer is waited for, and when it was last heard."""

    postponed: list[Confirm | Release] = []
    until: dict[str, datetime] = {}
    heard: dict[str, datetime] = {}


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """Stop what we fly there: on its way to the aircraft. ``cause`` is the message in which it was asked."""

    peer: str
    advice: Advice
    understood_at: datetime
    cause: str


class Understood(msgspec.Struct, frozen=True, kw_only=True):
    """What was said, and where it was understood to be."""

    said: Protest | Advise
    at: Position


class Slip(msgspec.Struct, frozen=True, kw_only=True):
    """A place misheard: how far off, and in which direction."""

    error_nm: float
    bearing_deg: float


class Advised(msgspec.Struct, frozen=True, tag="advised"):
    """Advice that a peer has given."""

    peer: str
    advice: Advice


class Objected(msgspec.Struct, frozen=True, tag="objected"):
    """What a peer has protested against."""

    peer: str
    kind: SightingKind
    at: Position
    seen_at: datetime
    statement: str


class HeedingState(Slice, kw_only=True):
    """What is passed on to aircraft, mail that is not read yet (heaps), what is read back, and what has been heeded."""

    orders: list[tuple[datetime, int, Order]] = []
    unread: list[tuple[datetime, int, Mail]] = []
    count: int = 0
    heeded: list[Advised | Objected] = []
    read_back: tuple[Understood, Slip | None] | None = None


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the other side has not yet said to have understood, to be told by somebody of this ``tier``.

    It is advice, or a protest against a sighting. ``said_as`` is the message that said it.
    """

    ref: str
    peer: str
    reason: Reason
    tier: Tier
    advice: Advice | None = None
    sighting: ReportSighting | None = None
    failed_calls: int = 0
    said_as: str = ""

    @property
    def what(self) -> ReportSighting | Advice:
        """The sighting or the advice that is to be told. Raises ValueError where there is neither."""
        what = self.advice or self.sighting
        if what is None:
            raise ValueError(f"{self.ref}: nothing is to be told")
        return what

    def is_over(self, now: datetime) -> bool:
        """It no longer holds. A protest always does: what it is about has been."""
        return self.advice is not None and self.advice.end <= now


class TellingState(Slice, kw_only=True):
    """What is yet to be told, by reference; when advice ends (a heap); and how many warnings there have been."""

    untold: dict[str, Untold] = {}
    ends: list[tuple[datetime, str]] = []
    warnings: int = 0


class PostureState(Slice, kw_only=True):
    """Calls in a row that each peer did not answer, and how the line to it was found."""

    unanswered: dict[str, int] = {}
    found: dict[str, ActualState] = {}


class SuspensionState(Slice, kw_only=True):
    """How the line is declared, whether strain has declared it so, and peers with whom it has come to a crisis."""

    announced: AnnouncedState = AnnouncedState.OPEN
    of_strain: bool = False
    crises: dict[str, None] = {}


class RelationsState(Slice, kw_only=True):
    """The strain with each peer, the share of a warning that has come together, and when what was spoilt."""

    models: dict[str, ModelState] = {}
    urges: dict[str, float] = {}
    spoilt: dict[tuple[str, Felt], datetime] = {}


class Lease(msgspec.Struct, frozen=True, kw_only=True):
    """Whose the seat is, and until when at least."""

    by: Sitting
    until: datetime


class SeatState(Slice, kw_only=True):
    """The lease of the person who has the seat; None where the automatic officer has it."""

    lease: Lease | None = None


class AttendanceState(Slice, kw_only=True):
    """Whether anybody of each tier that is not always there was there last, and when that is looked at next."""

    there: dict[Tier, bool] = {}
    next_look: datetime | None = None


class LineChecksState(Slice, kw_only=True):
    """When the line is tried next; the first time, we only find out when that is."""

    next_check: datetime | None = LONG_AGO


class NetworkState(Slice, kw_only=True):
    """The session of each peer that is up, and the peers whose clocks are known to be wrong."""

    sessions: dict[str, str] = {}
    wrong_clocks: set[str] = set()
