"""A centre with a key takes back only those entries of its own ledger that it has sealed, also after a rekeying."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import UNSET

from hotline_protocol.events import EscalationKind, InputRejected
from hotline_protocol.ledger import Entry, EntryKind, Head
from hotline_protocol.line import Entered, Entries, Reconcile
from hotline_protocol.message import Author, Message
from hotline_protocol.roster import Roster, read_roster, write_roster
from hotline_protocol.seal import BAD_SEAL, seal_own, sealed_bytes, without_seal
from hotline_protocol.service import Unreadable
from hotline_protocol.signature import take_off
from hotline_protocol.topics import address_of, decode, encode
from hotline_services.aoc.ledger import PairLedger
from hotline_services.delivery.payloads import Signing
from hotline_services.keys.folder import Wanted, make_missing
from hotline_services.runtime.guard import Contents, Guard
from hotline_services.runtime.hearing import given_falsely
from hotline_services.runtime.intake import Turn
from hotline_services.runtime.replay import Past
from hotline_services.runtime.signing import BAD_SIGNATURE, Signer, Verifier, load_signing, signing_of
from hotline_services.simulation.chance import Chance

from .joined import PROMPT, agreement, plan
from .test_live_parts import NOON, Log, delivery, intake
from .torn import Journaled, Torn


def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.generate()


OLD, NEW = Signer(key()), Signer(key())
SIGNERS = {"us": OLD, "ru": Signer(key())}
ROSTER = Roster(keys={name: (signer.public,) for name, signer in SIGNERS.items()})
REKEYED = Roster(keys={**ROSTER.keys, "us": (NEW.public,)})
FORMER = Roster(keys={"us": (OLD.public,)})


def chain(length: int, granter: str = "us", user: str = "ru", mark: str = "n") -> tuple[Entry, ...]:
    entries: list[Entry] = []
    head = Head()
    for index in range(1, length + 1):
        entry = Entry(
            granter=granter,
            user=user,
            index=index,
            previous=head.hash,
            kind=EntryKind.GRANTED,
            agreement_id=f"{mark}{index}.00000000",
            entered_at=NOON,
        )
        entries.append(entry)
        head = Head(length=index, hash=entry.hash)
    return tuple(entries)


def given(entries: tuple[Entry, ...], sealed_by: Signer | None = None, of: Entry | None = None) -> Entries:
    """What ru gives us."""
    message = Author("ru").say(Entries, NOON, to="us", entries=entries)
    if sealed_by is None:
        return message
    own = Author("us").say(Entered, NOON, to="ru", entry=of or entries[-1])
    sent = decode(address_of(own), take_off(sealed_by.encode(address_of(own), own)).unsigned)
    assert isinstance(sent, Entered)
    return msgspec.structs.replace(message, seal=sent.seal)


def problem(signing: Signing, message: Message, name: str = "us") -> str:
    assert signing.unproven is not None
    found = signing.unproven(name, message)
    return found.code if found else ""


US = signing_of(OLD, Verifier(ROSTER))


def test_the_seal_of_the_last_entry_stands_for_all_before_it() -> None:
    entries = chain(5)
    assert problem(US, given(entries, OLD)) == ""
    assert problem(US, given(entries[2:], OLD)) == ""
    assert problem(US, given(entries[:1], OLD)) == ""


@pytest.mark.parametrize(
    "message",
    [
        given(chain(2)),
        given(chain(2), SIGNERS["ru"]),
        given(chain(2), OLD, of=chain(1)[0]),
        given((*chain(2)[::-1],), OLD),
        given((chain(1, mark="f")[0], chain(2)[1]), OLD),
        given((*chain(2), *chain(1, "ru", "us")), OLD, of=chain(2)[1]),
        Author("ru").say(Entered, NOON, to="us", entry=chain(1)[0]),
    ],
    ids=["unsealed", "a stranger's", "another entry's", "not in order", "forged before", "not the last", "entered"],
)
def test_what_no_seal_stands_for_is_no_entry_of_ours(message: Message) -> None:
    assert problem(US, message) == BAD_SEAL


def test_what_others_have_granted_needs_no_seal_of_ours() -> None:
    assert problem(US, given(chain(3, "ru", "us"))) == ""
    assert problem(US, Author("ru").say(Reconcile, NOON, to="us", agreement="0" * 16, heads={})) == ""
    assert problem(US, given(())) == ""


def test_after_a_rekeying_former_keys_count_for_seals_and_for_nothing_else() -> None:
    rekeyed = Verifier(REKEYED, former=FORMER)
    ours = signing_of(NEW, rekeyed)
    assert [problem(ours, given(chain(2), signer)) for signer in (OLD, NEW)] == ["", ""]
    assert problem(signing_of(NEW, Verifier(REKEYED)), given(chain(2), OLD)) == BAD_SEAL
    message = Author("us").say(Entered, NOON, to="ru", entry=chain(1)[0])
    refused = rekeyed.problem(address_of(message), OLD.encode(address_of(message), message))
    assert refused is not None
    assert refused.code == BAD_SIGNATURE


def test_without_keys_nothing_is_sealed_and_nothing_asked_for() -> None:
    assert signing_of(None, None).unproven is None
    message = Author("us").say(Entered, NOON, to="ru", entry=chain(1)[0])
    assert b"seal" not in encode(message)
    assert Guard(None, "us").unproven(given(chain(1))) is None
    assert problem(signing_of(OLD, None), given(chain(1))) == BAD_SEAL
    assert problem(signing_of(OLD, None), given(chain(1), OLD)) == ""


def test_only_entries_of_ones_own_are_sealed() -> None:
    for message in (given(chain(2)), Author("us").say(Entries, NOON, to="ru", entries=())):
        assert seal_own(message, lambda _: b"") is message
    kept = msgspec.structs.replace(Author("us").say(Entered, NOON, to="ru", entry=chain(1)[0]), seal="A" * 86)
    assert seal_own(kept, lambda _: b"") is kept


def test_a_seal_is_part_of_no_hash_and_signs_no_message() -> None:
    (entry,) = chain(1)
    assert sealed_bytes(entry) == b"hotline/v1/seal\n" + entry.hash.encode()
    assert not hasattr(entry, "seal")


def test_a_number_said_again_under_another_key_says_the_same() -> None:
    message = Author("us").say(Entered, NOON, to="ru", entry=chain(1)[0])
    contents = Contents()
    said = [seal_own(message, lambda _: b"1" * 64), seal_own(message, lambda _: b"2" * 64)]
    assert said[0] != said[1]
    assert [contents.contradicts(each) for each in (*said, message)] == [False, False, False]
    assert without_seal(said[0]) == message


def test_a_message_with_false_entries_is_receipted_told_and_not_taken_in() -> None:
    core = Log()
    guard = Guard(US.check, "ru", unproven=signing_of(SIGNERS["ru"], Verifier(ROSTER)).unproven)
    taking = intake(core, Past(), unproven=guard.unproven)
    forged = Author("us").say(Entries, NOON, to="ru", entries=chain(1, "ru", "us"))
    turn = Turn()
    taking.take(delivery(forged), NOON, turn)
    taking.take(delivery(forged), NOON, turn)
    (told,) = core.heard
    assert isinstance(told, Unreadable)
    assert (told.code, told.source, told.cause) == (BAD_SEAL, "us", forged.id)
    assert "us gives entry 1 as one of ru" in told.reason
    assert turn.arrived == [forged, forged]
    assert guard.refused == 1


def test_the_copy_of_a_chain_keeps_its_seals_and_is_given_back_up_to_the_last_one() -> None:
    entries = chain(5, "us", "ru")
    ledger = PairLedger("ru", "us")
    ledger.take(entries[:3])
    ledger.keep_seal(entries[1], "second")
    ledger.keep_seal(chain(3, mark="f")[2], "of another")
    ledger.keep_seal(entries[4], "not held")
    assert ledger.copied_tail(0, 200) == (entries[:2], "second")
    assert ledger.copied_tail(2, 200) == (entries[2:3], UNSET)
    ledger.take(entries[4:])
    ledger.keep_seal(entries[4], "fifth")  # it has come early
    ledger.take(entries[3:4])
    assert ledger.copied_tail(0, 200) == (entries, "fifth")
    assert ledger.copied_tail(0, 2) == (entries[:2], "second")
    assert ledger.copied_tail(0, 1) == (entries[:1], UNSET)


class Examining(Journaled):
    """A centre that is told of false entries in their place, as by its shell."""

    signing: Signing | None = None

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        unproven = None if self.signing is None else self.signing.unproven
        found = None if unproven is None else unproven(self.party, message)
        return super().receive(
            message if found is None else given_falsely(address_of(message), message, found, now), now
        )


class Sealed(Torn):
    """Both centres have keys."""

    def __init__(self) -> None:
        self.signing = {name: signing_of(signer, Verifier(ROSTER)) for name, signer in SIGNERS.items()}
        super().__init__()

    def centre(self, party: str) -> Examining:
        centre = Examining(party, PROMPT, agreement(), epoch="0", chance=Chance(1))
        centre.signing = self.signing[party]
        return centre

    def rekey(self, former: Roster) -> None:
        """Give us another key."""
        self.signing["us"] = signing_of(NEW, Verifier(REKEYED, former=former))

    def _take(self, said: Any) -> None:
        super()._take([self._sent(message) for message in said])

    def _sent(self, message: Message) -> Message:
        signer = NEW if self.signing[message.source].public == NEW.public else SIGNERS[message.source]
        return seal_own(message, signer.signature)


def agreed() -> Sealed:
    """Ru has been granted two flights by us."""
    sides = Sealed()
    for number, low in enumerate((20_000, 26_000), 1):
        sides.file("ru", plan(f"ru-{number}", lower_ft=low, upper_ft=low + 2_000))
        sides.run(minutes=4)
    assert len(sides.centres["us"].ledgers["ru"].chain("us")) == 2
    return sides


def own(sides: Sealed) -> tuple[Entry, ...]:
    return sides.centres["us"].ledgers["ru"].chain("us")


@pytest.mark.parametrize("rekeyed", [False, True])
def test_what_a_centre_has_sealed_and_lost_it_takes_back_also_after_a_rekeying(*, rekeyed: bool) -> None:
    sides = agreed()
    granted = own(sides)
    if rekeyed:
        sides.rekey(FORMER)
    sides.lose("us", 1)
    sides.run(minutes=5)
    assert own(sides) == granted
    assert not sides.all(InputRejected)
    assert not sides.escalations(EscalationKind.LEDGER_MISMATCH)


def test_after_a_rekeying_what_no_former_key_is_known_for_is_refused() -> None:
    sides = agreed()
    sides.rekey(Roster(keys={}))
    sides.lose("us", 1)
    sides.run(minutes=5)
    assert own(sides) == ()
    assert {event.problem.code for event in sides.all(InputRejected)} == {BAD_SEAL}


def forge(sides: Sealed, **fields: Any) -> None:
    """Ru gives us an entry that we have not made, as the next of our chain."""
    held = own(sides)
    last = Head(length=len(held), hash=held[-1].hash) if held else Head()
    entry = msgspec.structs.replace(chain(1)[0], index=last.length + 1, previous=last.hash)
    sides.deliver(Author("ru", "f").say(Entries, sides.now, to="us", entries=(entry,), **fields))


@pytest.mark.parametrize("seal", [UNSET, "A" * 86])
def test_a_party_that_lies_about_a_loss_can_give_no_entry_that_was_never_made(seal: Any) -> None:
    sides = agreed()
    granted = own(sides)
    sides.holds = lambda message: isinstance(message, Reconcile)
    sides.lose("us", len(sides.journal("us")))  # nothing was lost: us is only made to believe it
    forge(sides, seal=seal)
    assert own(sides) == granted
    (event,) = sides.all(InputRejected)
    assert (event.problem.code, event.problem.field, event.sender) == (BAD_SEAL, "seal", "ru")
    (escalated,) = sides.escalations(EscalationKind.LEDGER_MISMATCH)
    assert escalated.peer == "ru"
    sides.release_held()
    sides.run(minutes=5)
    assert own(sides) == granted


def test_rekeying_a_folder_of_keys_keeps_the_public_part_of_the_former_key(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    wanted = Wanted(services=("us", "ru"), people=("us-desk",), server_names=())
    make_missing(tmp_path, wanted, now)
    folder = tmp_path / "us"

    def signing() -> Signing:
        return load_signing(folder / "signing.key", folder / "roster.toml")

    before = [signing()]
    for _ in range(9):
        make_missing(tmp_path, msgspec.structs.replace(wanted, renew=frozenset({"us"})), now)
        before.append(signing())
    assert len({each.public for each in before}) == 10
    former = read_roster((folder / "former.toml").read_text()).keys
    assert former == {"us": tuple(each.public for each in before[1:-1])}
    make_missing(tmp_path, wanted, now)
    assert read_roster((folder / "former.toml").read_text()).keys == former
    message = Author("us").say(Entered, NOON, to="ru", entry=chain(1)[0])
    address = address_of(message)
    sealed = [decode(address, take_off(each.encode(address, message)).unsigned) for each in before]
    seals = [each.seal for each in sealed if isinstance(each, Entered)]
    found = [problem(signing(), msgspec.structs.replace(given(chain(1)), seal=seal)) for seal in seals]
    assert found == [BAD_SEAL, *[""] * 9]


def test_a_file_of_former_keys_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "roster.toml").write_text(write_roster(ROSTER))
    (tmp_path / "former.toml").write_text("[keys]\nus = ['short']\n")
    with pytest.raises(ValueError, match=r"former.toml: keys.us"):
        load_signing(None, tmp_path / "roster.toml")
