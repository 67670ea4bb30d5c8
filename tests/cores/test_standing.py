"""`hotline status`: ledgers whose heads differ are never called equal, and who has lost state is named."""

from datetime import UTC, datetime, timedelta

import pytest

from hotline_protocol.events import LedgerChanged, StateLost
from hotline_protocol.ledger import Head
from hotline_protocol.message import Author, Message
from hotline_services.cli.standing import told
from hotline_services.monitor.projection import Projection
from hotline_services.monitor.standing import standing

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
A, B = "a" * 64, "b" * 64


def lines(*messages: Message) -> list[str]:
    projection = Projection()
    for message in messages:
        projection.apply(message)
    return [line.strip() for line in told(standing(projection, NOON)) if line.startswith("  ")]


def heads(author: Author, peer: str, length: int, last: str, minutes: int = 0) -> Message:
    chains = {author.source: Head(), peer: Head()} | {"ru": Head(length=length, hash=last)}
    return author.say(LedgerChanged, NOON + timedelta(minutes=minutes), peer=peer, heads=chains)


def of_ru(found: list[str]) -> str:
    return next(line for line in found if line.startswith("granted by ru to us"))


@pytest.mark.parametrize(
    ("copied", "last", "ending"),
    [
        (3, A, "they agree"),
        (3, B, "THEY DIFFER"),
        (2, B, "THEY DIFFER"),
        (4, A, "THEY DIFFER"),
        (0, "0" * 64, "THEY DIFFER"),
    ],
)
def test_ledgers_agree_where_length_and_last_hash_do_and_nowhere_else(copied: int, last: str, ending: str) -> None:
    ru, us = Author("ru", "r1"), Author("us", "u1")
    assert of_ru(lines(heads(ru, "us", 3, A), heads(us, "ru", copied, last))).endswith(ending)


def test_a_side_that_has_said_nothing_of_its_ledger_does_not_agree() -> None:
    assert of_ru(lines(heads(Author("ru", "r1"), "us", 3, A))).endswith("THEY DIFFER")


def test_a_side_that_has_lost_state_is_named_and_its_ledger_is_what_it_says_since() -> None:
    ru, us, again = Author("ru", "r1"), Author("us", "u1"), Author("us", "u2")
    before = [heads(ru, "us", 3, A), heads(us, "ru", 3, A)]
    later = NOON + timedelta(minutes=5)
    lost = again.say(StateLost, later, lost_epoch="u1", last_seq=12, reason="ru has received us-u1-15, and we know 12")
    found = lines(*before, lost, heads(again, "ru", 2, B, minutes=5))
    assert of_ru(found).endswith("THEY DIFFER")
    assert any(": knows its messages up to 12 and no later: ru has received" in line for line in found)
    assert of_ru(lines(*before, lost, heads(again, "ru", 2, B, 5), heads(again, "ru", 3, A, 6))).endswith("they agree")
