"""The books of two sides: copies agree whatever is lost, late, twice or forged on the way."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.airspace import Circle, Volume4D
from hotline_protocol.flightplan import Priority
from hotline_protocol.ledger import GENESIS, Entry, EntryKind, Head
from hotline_services.aoc.ledger import MAX_EARLY, PairLedger

from .joined import DAWN, ON_THE_LINE


def air(hours: float = 1) -> Volume4D:
    area = Circle(centre=ON_THE_LINE, radius_nm=5)
    return Volume4D(area=area, lower_ft=0, upper_ft=9_000, start=DAWN, end=DAWN + timedelta(hours=hours))


def granted(ledger: PairLedger, name: str, hours: float = 1) -> Entry:
    return ledger.grant(name, [air(hours)], "0" * 16, Priority.ROUTINE, DAWN)


def written(count: int) -> PairLedger:
    """The books of us, with so many grants to ru."""
    ledger = PairLedger("us", "ru")
    for number in range(count):
        granted(ledger, f"a{number}")
    return ledger


def forged(entry: Entry, **changes: Any) -> Entry:
    return msgspec.structs.replace(entry, **changes)


def test_a_new_chain_begins_at_genesis_on_both_sides() -> None:
    assert PairLedger("us", "ru").heads == PairLedger("ru", "us").heads == {"us": Head(), "ru": Head()}


def test_each_entry_names_the_one_before_it_by_its_hash() -> None:
    chain = written(3).chain("us")
    assert [entry.index for entry in chain] == [1, 2, 3]
    assert [entry.previous for entry in chain] == [GENESIS, chain[0].hash, chain[1].hash]


@given(st.data())
def test_entries_in_any_order_and_as_often_as_you_like_make_the_same_copy(data: st.DataObject) -> None:
    ours, theirs = written(8), PairLedger("ru", "us")
    again = data.draw(st.lists(st.sampled_from(ours.chain("us")), max_size=8))
    told = data.draw(st.permutations([*ours.chain("us"), *again]))
    new: list[Entry] = []
    while told:
        size = data.draw(st.integers(1, len(told)))
        copied = theirs.take(told[:size])
        assert copied.fork is None
        new.extend(copied.new)
        told = told[size:]
    assert tuple(new) == theirs.chain("us") == ours.chain("us")
    assert theirs.heads == ours.heads


@given(st.data())
def test_no_forgery_changes_a_copy_or_keeps_a_true_entry_out(data: st.DataObject) -> None:
    ours, theirs = written(4), PairLedger("ru", "us")
    true = ours.chain("us")
    changes = st.fixed_dictionaries(
        {},
        optional={
            "granter": st.sampled_from(("us", "ru", "tr")),
            "user": st.sampled_from(("us", "ru", "tr")),
            "index": st.sampled_from((1, 2, 5, MAX_EARLY, 10**6, 10**30)),
            "previous": st.sampled_from((GENESIS, "f" * 64)),
            "kind": st.sampled_from(EntryKind),
            "agreement_id": st.sampled_from(("a0", "other")),
        },
    )
    lies = [forged(data.draw(st.sampled_from(true)), **change) for change in data.draw(st.lists(changes, max_size=12))]
    late = [lie for lie in lies if lie.index > len(true) or (lie.granter, lie.user) != ("us", "ru")]
    theirs.take(data.draw(st.permutations(late)))
    theirs.take(true)
    theirs.take([lie for lie in lies if lie not in late])
    assert theirs.chain("us")[: len(true)] == true
    assert all(entry.granter == "us" and entry.user == "ru" for entry in theirs.chain("us"))


def test_an_entry_that_comes_early_waits_and_what_is_missing_is_asked_for() -> None:
    first, second, third = written(3).chain("us")
    theirs = PairLedger("ru", "us")
    early = theirs.take([third, second])
    assert (early.new, early.lacks) == ((), True)
    copied = theirs.take([first])
    assert (copied.new, copied.lacks) == ((first, second, third), False)


def test_a_bad_entry_does_not_lose_the_good_ones_before_it() -> None:
    first, second = written(2).chain("us")
    theirs = PairLedger("ru", "us")
    copied = theirs.take([first, forged(second, previous=GENESIS)])
    assert copied.new == theirs.chain("us") == (first,)
    assert copied.fork is not None
    assert copied.fork.entry.index == 2
    assert not copied.lacks, "to ask for the same again would go on for ever"
    assert theirs.take([second]).new == (second,)


def test_an_entry_that_differs_from_the_copy_is_a_fork_and_the_copy_stands() -> None:
    ours, theirs = written(1), PairLedger("ru", "us")
    theirs.take(ours.chain("us"))
    copied = theirs.take([forged(ours.chain("us")[0], volumes=(air(2),))])
    assert copied.fork is not None
    assert "differs" in str(copied.fork)
    assert theirs.heads == ours.heads


@pytest.mark.parametrize("change", [{"granter": "tr"}, {"granter": "ru"}, {"user": "tr"}])
def test_an_entry_of_other_parties_is_refused(change: dict[str, str]) -> None:
    theirs = PairLedger("ru", "us")
    copied = theirs.take([forged(written(1).chain("us")[0], **change)])
    assert copied.fork is not None
    assert theirs.chain("us") == ()


def test_early_entries_are_kept_within_bounds_and_never_in_the_way() -> None:
    ours, theirs = written(3), PairLedger("ru", "us")
    first = ours.chain("us")[0]
    theirs.take([forged(first, index=index) for index in range(10**6, 10**6 + 3 * MAX_EARLY)])
    theirs.take([forged(first, index=index) for index in range(4, 3 * MAX_EARLY)])
    assert len(theirs.state.early) <= MAX_EARLY
    assert theirs.take(ours.chain("us")).new == ours.chain("us")


def test_a_chain_longer_than_what_may_come_early_is_copied_in_one_go() -> None:
    ours, theirs = written(MAX_EARLY + 50), PairLedger("ru", "us")
    copied = theirs.take(ours.chain("us"))
    assert (len(copied.new), copied.lacks, copied.fork) == (MAX_EARLY + 50, False, None)


def test_a_tail_is_cut_to_the_size_that_is_asked_for() -> None:
    ours = written(5)
    assert ours.tail(1, 3) == ours.chain("us")[1:4]
    assert ours.tail(5, 3) == ()


def test_a_release_ends_a_grant_once_and_only_a_grant_of_ours() -> None:
    ours = written(1)
    assert ours.release("other", DAWN) is None
    released = ours.release("a0", DAWN)
    assert released is not None
    assert (released.kind, released.previous) == (EntryKind.RELEASED, ours.chain("us")[0].hash)
    assert ours.release("a0", DAWN) is None
    assert len(ours.chain("us")) == 2


def test_a_grant_stands_until_it_is_released_or_past_on_both_sides() -> None:
    ours, theirs = PairLedger("us", "ru"), PairLedger("ru", "us")
    kept, given_back, past = granted(ours, "kept", 3), granted(ours, "given-back", 3), granted(ours, "past", 1)
    ours.release("given-back", DAWN)
    theirs.take(ours.chain("us"))
    later = DAWN + timedelta(hours=2)
    for books in (ours, theirs):
        assert list(books.standing("us", DAWN)) == [kept, past]
        assert list(books.standing("us", later)) == [kept]
        assert books.granted("us", "given-back") == given_back
        assert not books.stands(given_back, DAWN)


def test_a_chain_passes_through_its_own_heads_and_no_others() -> None:
    ours = written(3)
    for entry in ours.chain("us"):
        assert ours.passes("us", Head(length=entry.index, hash=entry.hash))
        assert not ours.passes("us", Head(length=entry.index, hash=GENESIS))
    assert ours.passes("us", Head())
    assert not ours.passes("us", Head(length=4, hash="f" * 64))
    assert not ours.passes("us", Head(length=10**30, hash="f" * 64))
