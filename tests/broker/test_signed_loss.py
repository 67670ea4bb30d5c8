"""Signed centres over a real broker take back what they have lost, and nothing that others say they have lost."""

import shutil
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.nightly import nightly

from hotline_protocol.events import Escalated, EscalationKind, InputRejected, StateLost
from hotline_protocol.flightplan import PlanState
from hotline_protocol.ledger import Entry, EntryKind, Head
from hotline_protocol.line import Entered, Entries, Reconcile
from hotline_protocol.message import Author, Message, canonical_json
from hotline_protocol.roster import Roster, write_roster
from hotline_protocol.seal import BAD_SEAL
from hotline_protocol.service import Health, Presence, Receipt
from hotline_protocol.topics import address_of, encode
from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.signing import Signer, private_pem

from .stack import heads
from .test_lost_tail import agreeing, copied, five_agreed, is_lost, put_back
from .test_signed_stack import Signed, signed

pytestmark = pytest.mark.either_broker


def rekey(stack: Signed, name: str) -> None:
    """Another key for this name, as ``hotline party rekey`` makes it."""
    folder, key = stack.keys.folder, Ed25519PrivateKey.generate()
    former = Roster(keys={name: (stack.keys.signers[name].public,)})
    (folder / "former.toml").write_text(write_roster(former))
    (folder / f"{name}.pem").write_bytes(private_pem(key))
    roster = Roster(keys={**stack.keys.roster.keys, name: (Signer(key).public,)})
    (folder / "roster.new").write_text(write_roster(roster))
    shutil.move(folder / "roster.new", folder / "roster.toml")


@pytest.mark.parametrize("rekeyed", [True, *nightly([False])])
async def test_a_signed_centre_takes_back_what_it_has_lost_also_after_a_rekeying(
    own_broker: EmbeddedBroker, tmp_path: Path, *, rekeyed: bool
) -> None:
    async with signed(own_broker, tmp_path) as stack:
        await five_agreed(stack, 0)
        copied(tmp_path / "ru.sqlite3", tmp_path / "copy")
        await five_agreed(stack, 5)
        stack.kill("aoc ru")
        put_back(tmp_path / "copy", tmp_path / "ru.sqlite3")
        if rekeyed:
            rekey(stack, "ru")
        since = len(stack.said)
        stack.launch("aoc ru")
        lost = await stack.hear(is_lost, since=since)
        assert lost.source == "ru"
        taken = await stack.hear(lambda m: isinstance(m, Entries) and m.source == "us", since=since)
        assert isinstance(taken, Entries)
        assert {entry.granter for entry in taken.entries} == {"ru"}
        await agreeing(stack, since)
        await five_agreed(stack, 10)
        await agreeing(stack, since)
        sealed = [m for m in stack.said if isinstance(m, Entered | Entries)]
        assert sealed
        assert all(isinstance(m.seal, str) for m in sealed)
        assert not [m for m in stack.said if isinstance(m, InputRejected) and m.problem.code == BAD_SEAL]
        mismatches = [m for m in stack.said if isinstance(m, Escalated) and m.kind is EscalationKind.LEDGER_MISMATCH]
        assert not mismatches


def lies(stack: Signed) -> list[Message]:
    """By which somebody would make us believe that it has lost state."""
    last = next(m for m in reversed(stack.said) if m.source == "us" and m.seq)
    birth = next(m for m in reversed(stack.said) if isinstance(m, Health) and m.source == "us")
    ahead = f"us-{last.epoch}-{last.seq + 1_000}"
    now, liar = last.time, Author("ru", "liar")
    claims = {"agreement": "0" * 16, "heads": {"us": Head(length=1_000, hash="f" * 64)}}
    return [
        Receipt(id="lie", source="ru", seq=0, time=now, to="us", ids=(ahead,)),
        msgspec.structs.replace(birth, id="former", session="a", epoch="unknown", said=1_000, presence=Presence.UP),
        liar.say(Reconcile, now, to="us", cause=ahead, **claims),
    ]


async def test_no_password_makes_a_signed_centre_believe_in_a_loss_and_no_key_gives_it_entries(
    own_broker: EmbeddedBroker, tmp_path: Path
) -> None:
    async with signed(own_broker, tmp_path) as stack:
        assert (await stack.agree("first")).state is PlanState.ACCEPTED
        since = len(stack.said)
        stack.kill("aoc us")
        stack.launch("aoc us")  # from here on it would believe it once
        await stack.up("us", since=since)
        for lie in lies(stack):
            await stack.say(address_of(lie), encode(lie))
            await stack.refused(address_of(lie), "us", 1)
        assert (await stack.agree("second")).state is PlanState.ACCEPTED
        assert not [m for m in stack.said if isinstance(m, StateLost)]
        held, ru = heads(stack, "us")["us"], stack.keys.signers["ru"]
        claim = lies(stack)[-1]
        await stack.say(address_of(claim), ru.encode(address_of(claim), claim))
        lost = await stack.hear(is_lost)
        assert lost.source == "us"
        entry = Entry(
            granter="us",
            user="ru",
            index=held.length + 1,
            previous=held.hash,
            kind=EntryKind.GRANTED,
            agreement_id="ru-liar-n1.00000000",
            entered_at=claim.time,
        )
        forged = Author("ru", "forger").say(Entries, claim.time, to="us", entries=(entry,))
        await stack.say(address_of(forged), ru.encode(address_of(forged), forged))
        told = await stack.hear(lambda m: isinstance(m, InputRejected) and m.problem.code == BAD_SEAL)
        assert isinstance(told, InputRejected)
        assert (told.source, told.sender, told.topic) == ("us", "ru", address_of(forged))
        start = stack.start + timedelta(hours=20)
        await stack.inject(canonical_json(stack.plan("last", start=start, end=start + timedelta(hours=1))))
        assert (await stack.settled("last")).state is PlanState.ACCEPTED
        given = [m for m in stack.said if isinstance(m, Entered | Entries) and m.source == "us"]
        assert not [m for m in given if entry in (m.entries if isinstance(m, Entries) else (m.entry,))]
