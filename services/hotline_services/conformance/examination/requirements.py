"""What a centre must do, one sentence each, and where that is said. An id is never used for anything else."""

from typing import Final

import msgspec


class Requirement(msgspec.Struct, frozen=True):
    """``said_in`` is the page and its section."""

    id: str
    sentence: str
    said_in: str

    @property
    def group(self) -> str:
        """What stands before the number: requirements of one group are about one thing."""
        return self.id.partition("-")[0]


_PROTOCOL: Final = "protocol.md"
_JOIN: Final = "join.md"
_NEVER: Final = "invariants.md"
_LINE: Final = "line-review.md"


def _of(group: str, *lines: tuple[str, str]) -> tuple[Requirement, ...]:
    return tuple(Requirement(f"{group}-{number}", *line) for number, line in enumerate(lines, 1))


GROUPS: Final = {
    "HEALTH": "Presence",
    "WIRE": "What it says can be read",
    "REJ": "What it cannot use",
    "RCPT": "Receipts",
    "DUP": "Repetitions",
    "CALL": "Calls",
    "SIL": "Silence",
    "TALK": "Protests, advice and mail",
    "NEG": "Being asked for consent",
    "STALE": "Stale offers",
    "LEDGER": "The ledger",
    "DIG": "Line checks and digests",
    "REC": "Reconciling",
    "ASK": "Asking for consent",
    "REV": "Line reviews",
    "SIGN": "Signatures, where both sides have keys",
}

REQUIREMENTS: Final[tuple[Requirement, ...]] = (
    *_of(
        "HEALTH",
        ("Its birth is retained: `health` with `up` and a session.", f"{_JOIN} 2"),
        ("It says its `health` again every ten real seconds.", f"{_JOIN} 2"),
        ("Told to stop, it says `down`, retained, before it goes.", f"{_PROTOCOL} The envelope, Presence"),
    ),
    *_of(
        "WIRE",
        ("Everything that it says is a whole message of the topic that it is said on.", f"{_PROTOCOL} The envelope"),
        ("No `id`, and no `seq` of an epoch, names two different messages.", f"{_PROTOCOL} The envelope"),
        ("The `time` of what it says is simulated time, by the clock of the broker.", f"{_JOIN} 3"),
        ("Fields that it does not know are ignored.", f"{_PROTOCOL} How it may change, 4"),
        ("The `cause` of an answer is the `id` of what it answers.", f"{_JOIN} 5"),
    ),
    *_of(
        "REJ",
        ("Bytes that are no JSON are answered with `input-rejected`, with field and reason.", f"{_PROTOCOL} Refusal"),
        ("A message of a type that it does not know is answered with `input-rejected`.", f"{_PROTOCOL} Refusal"),
        (
            "A message that lacks a field is answered with `input-rejected`, which names the field.",
            f"{_PROTOCOL} Refusal",
        ),
        ("What cannot be used disturbs nothing else: it goes on to answer calls.", f"{_PROTOCOL} Refusal"),
        ("A plan that cannot be flown is refused on `status`, with field and reason.", f"{_PROTOCOL} Refusal"),
        (
            "What comes on `inject` under the name of a party is answered with `input-rejected`.",
            f"{_PROTOCOL} Topics",
        ),
        ("It uses up no number and no `id` of that party.", f"{_PROTOCOL} Topics"),
    ),
    *_of(
        "RCPT",
        ("Every message on the line is receipted, by its `id`, to whoever said it.", f"{_JOIN} 4"),
        ("Every injected message is receipted, by its `id`, to whoever said it.", f"{_JOIN} 4"),
        ("What it says on the line it says again, unchanged, until that is receipted.", f"{_JOIN} 4"),
        ("What has been receipted it does not say again.", f"{_JOIN} 4"),
    ),
    *_of(
        "DUP",
        ("A repetition is receipted again.", f"{_JOIN} 4"),
        ("A ring that comes twice is answered once.", f"{_JOIN} 4"),
        ("A proposal that comes twice is answered once.", f"{_JOIN} 4"),
        ("A confirmation that comes twice makes one entry.", f"{_JOIN} 4"),
        ("Numbers begin anew in another epoch: what bears one of them is taken in.", f"{_PROTOCOL} Another epoch"),
    ),
    *_of(
        "CALL",
        ("A ring is answered, or told `busy`, before the agreed time for ringing is over.", f"{_JOIN} 5"),
        ("Another ring during a call is told `busy`.", f"{_JOIN} 5"),
        ("After a hang-up the call is over: nothing that is said in it later is taken up.", f"{_PROTOCOL} A call"),
        ("After a hang-up the line is free: the next ring is answered.", f"{_PROTOCOL} A call"),
        ("When both ring at once, it gives way to the call with the more urgent reason.", f"{_PROTOCOL} A call"),
        ("A call that it has begun it completes, when all has been said.", f"{_PROTOCOL} A call"),
        ("Of each call that it has begun it tells the end, once, with its outcome.", f"{_PROTOCOL} Messages"),
        ("Told `busy`, it rings again later.", f"{_PROTOCOL} A call"),
    ),
    *_of(
        "SIL",
        ("Where nobody answers, it stops ringing and hangs up in the agreed time.", f"{_PROTOCOL} A call"),
        ("A call in which nobody speaks it hangs up, when the agreed time is over.", f"{_PROTOCOL} A call"),
        ("It does not hang up before the agreed time is over.", f"{_PROTOCOL} A call"),
    ),
    *_of(
        "TALK",
        ("A protest is noted, perhaps after it has been read back.", f"{_JOIN} 5"),
        ("Advice is noted, perhaps after it has been read back.", f"{_JOIN} 5"),
        ("What is read back to it, it affirms.", f"{_JOIN} 5"),
        ("Mail is read, and that is said.", f"{_JOIN} 5"),
    ),
    *_of(
        "NEG",
        ("A proposal is answered while it stands: countered, concurred with, declined, or disclosed to.", f"{_JOIN} 5"),
        ("The answer names the offer that it answers.", f"{_JOIN} 5"),
        ("What it offers is on the menu, and named by its digest.", f"{_JOIN} 6"),
        ("A proposal that is not what its digest names is declined.", f"{_PROTOCOL} Digests"),
        ("A proposal that contradicts itself is declined.", f"{_PROTOCOL} Refusal"),
        ("It grants no air that a flight of its own is to use.", f"{_NEVER} 1"),
        ("A hold that is taken up in time is entered, for exactly that air.", f"{_JOIN} 5"),
        ("An offer of its own that is concurred with in time is entered, for exactly that air.", f"{_JOIN} 5"),
        ("What has been withdrawn is not entered any more.", f"{_PROTOCOL} A negotiation"),
        ("What it concurs with it holds, and for no longer than agreed.", f"{_PROTOCOL} A negotiation"),
        ("It lays open nothing at a tier where that is not agreed.", f"{_PROTOCOL} Messages"),
    ),
    *_of(
        "STALE",
        ("A proposal that has lapsed on its way is not concurred with.", f"{_JOIN} 3"),
        ("A hold that is taken up too late has lapsed: that is said, and nothing is entered.", f"{_JOIN} 5"),
        ("An offer of its own that is concurred with too late is not entered.", f"{_JOIN} 3"),
        ("A counter to anything but its last offer is not concurred with.", f"{_PROTOCOL} A negotiation"),
        ("What is confirmed and was never offered is not entered.", f"{_PROTOCOL} A negotiation"),
    ),
    *_of(
        "LEDGER",
        ("An entry follows the last one of its chain, by number and by hash.", f"{_PROTOCOL} The ledger"),
        ("At a line check it tells the heads of both chains as they have been entered.", f"{_PROTOCOL} The ledger"),
        ("An entry of the other side that contradicts its copy is not copied, and put on record.", f"{_NEVER} 2"),
        ("What is given back it enters as released.", f"{_PROTOCOL} The ledger"),
    ),
    *_of(
        "DIG",
        ("A line check is answered with the digest of the agreement that both sides have.", f"{_JOIN} 5"),
        (
            "Another agreement than its own, at a line check, is put on record as an incident.",
            f"{_PROTOCOL} The ledger",
        ),
        ("A line check is answered with the number of the last message that it has heard.", f"{_PROTOCOL} Messages"),
    ),
    *_of(
        "REC",
        ("When the other side is back, it says how far it has come.", f"{_PROTOCOL} The ledger"),
        ("It sends the entries of its own chain that the other side lacks, and no others.", f"{_JOIN} 5"),
        ("It asks for entries that it lacks, and copies them.", f"{_PROTOCOL} The ledger"),
        ("Entries that come in another order end up in theirs.", f"{_JOIN} 4"),
        ("A side that has lost state it tells how far it has come.", f"{_PROTOCOL} Another epoch"),
        (
            "A side that has lost state it sends what it holds of that side's own chain.",
            f"{_PROTOCOL} Another epoch",
        ),
        ("The seal that an entry came with it sends with that entry, which is then the last.", f"{_JOIN} 5"),
    ),
    *_of(
        "ASK",
        ("For a plan that needs consent it rings, and proposes.", f"{_PROTOCOL} A negotiation"),
        ("What it proposes is sound, and named by its digest.", f"{_JOIN} 6"),
        ("A hold is taken up before it ends.", f"{_PROTOCOL} A negotiation"),
        ("A plan is not accepted before the entry has come.", f"{_JOIN} 5"),
        ("It is accepted once the entry has come.", f"{_PROTOCOL} A negotiation"),
        ("What is declined at every tier ends, and that is told once.", f"{_NEVER} 3"),
        ("A counter that is not what its digest names is not concurred with.", f"{_PROTOCOL} Digests"),
        ("A counter to anything but its last offer is not concurred with.", f"{_PROTOCOL} A negotiation"),
        ("What is granted and no longer asked for is given back.", f"{_NEVER} 2"),
        (
            "What it holds it keeps until a later version of the plan is agreed, and then gives back.",
            f"{_PROTOCOL} A negotiation",
        ),
    ),
    *_of(
        "REV",
        ("An offer of a line is answered while it stands, and the answer names it.", f"{_JOIN} 5"),
        (
            "What it offers is this line, moved no further than agreed, and named by its digest.",
            f"{_LINE} What is offered",
        ),
        ("It makes no more offers than agreed, and then concurs or declines.", f"{_LINE} How it is bargained over"),
        (
            "What is not what its digest names, or no line that there is or may be, is declined.",
            f"{_LINE} What is offered",
        ),
        (
            "A line that it has not concurred with it does not take: it refuses that, with the reason.",
            f"{_LINE} How the line moves",
        ),
        (
            "At the time that was said the line moves, to what was said: it says so then, and not before.",
            f"{_LINE} How the line moves",
        ),
        (
            "From then on its agreement is that with the line as it was said, to the digit.",
            f"{_LINE} How the line moves",
        ),
    ),
    *_of(
        "SIGN",
        ("What it says on a signed topic is signed, as its last field, with its own key.", f"{_JOIN} 7"),
        ("What is not signed is refused with `bad-signature`, neither receipted nor answered.", f"{_JOIN} 7"),
        ("A signature of somebody else, or for another topic, is refused in the same way.", f"{_JOIN} 7"),
        ("A number that has said something else before is refused, neither receipted nor answered.", f"{_JOIN} 7"),
        ("What was forged with a number keeps out nothing that is genuine and bears it.", f"{_JOIN} 7"),
    ),
)

BY_ID: Final = {requirement.id: requirement for requirement in REQUIREMENTS}


class UnknownRequirementError(ValueError):
    """No requirement has this id, and no group this name; the message says which there are."""


def chosen(only: str | None) -> frozenset[str]:
    """The ids that ``CALL,NEG-3`` stands for; all of them for None. Raises UnknownRequirementError."""
    if only is None:
        return frozenset(BY_ID)
    wanted = [name.strip().upper() for name in only.split(",") if name.strip()]
    unknown = [name for name in wanted if name not in BY_ID and name not in GROUPS]
    if unknown or not wanted:
        raise UnknownRequirementError(
            f"{', '.join(unknown) or 'nothing'}: no such requirement; the groups are {', '.join(GROUPS)}, and a "
            "requirement is named as in CALL-1"
        )
    return frozenset(each.id for each in REQUIREMENTS if each.id in wanted or each.group in wanted)
