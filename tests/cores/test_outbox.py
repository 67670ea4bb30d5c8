"""What is kept until it has arrived, and taken in only once."""

from datetime import UTC, datetime

import pytest

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Stop
from hotline_services.delivery.outbox import WINDOW, Outbox, Seen

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
LATER = datetime(2020, 1, 1, 13, tzinfo=UTC)


def said(count: int) -> list[Message]:
    author = Author("us", "e1")
    return [author.say(Answer, NOON, to="ru", call_id="c") for _ in range(count)]


def test_a_message_is_due_again_after_ever_longer_waits_until_it_is_confirmed() -> None:
    (message,) = said(1)
    outbox = Outbox(first_resend_s=2, longest_resend_s=8)
    outbox.add(message, 0)
    due_at: list[float] = []
    while len(due_at) < 5:
        now_s = outbox.next_due
        assert now_s is not None
        assert outbox.due(now_s - 0.001) == []
        assert outbox.due(now_s) == [message]
        due_at.append(now_s)
    assert due_at == [2, 6, 14, 22, 30]
    assert outbox.confirm([message.id]) == [message.id]
    assert outbox.next_due is None


def test_confirming_names_only_what_was_waiting() -> None:
    first, second = said(2)
    outbox = Outbox()
    outbox.add(first, 0)
    assert outbox.confirm([second.id, first.id, first.id]) == [first.id]
    assert len(outbox) == 0


def test_nobody_confirms_what_was_said_to_another() -> None:
    (message,) = said(1)
    outbox = Outbox()
    outbox.add(message, 0)
    assert outbox.confirm([message.id], by="sky") == []
    assert outbox.confirm([message.id], by="ru") == [message.id]


def test_after_a_break_everything_is_due_in_the_order_in_which_it_was_said() -> None:
    messages = said(5)
    outbox = Outbox()
    for at_s, message in enumerate(messages):
        outbox.add(message, at_s)
    outbox.hurry(10)
    assert outbox.due(10) == messages


def test_a_message_is_new_once_in_whatever_order() -> None:
    seen = Seen()
    messages = said(50)
    assert all(seen.first_time(message) for message in messages[::-1])
    assert not any(seen.first_time(message) for message in messages)


def test_messages_of_another_epoch_are_other_messages() -> None:
    seen = Seen()
    for epoch in ("e1", "e2"):
        assert seen.first_time(Author("us", epoch).say(Answer, NOON, to="ru", call_id="c"))


def test_an_uncounted_message_does_not_stand_in_the_way_of_another_that_bears_its_id() -> None:
    seen = Seen()
    for to in ("ru", "us"):
        assert seen.first_time(Stop(id="one", source="control", seq=0, time=NOON, to=to))
    assert not seen.first_time(Stop(id="one", source="control", seq=0, time=LATER, to="us"))


@pytest.mark.parametrize("again", [False, True])
def test_an_uncounted_message_is_told_by_its_id(again: bool) -> None:
    seen = Seen()
    seen.first_time(Stop(id="one", source="us", seq=0, time=NOON, to="ru"))
    other = Stop(id="one" if again else "two", source="us", seq=0, time=NOON, to="ru")
    assert seen.first_time(other) is not again


def test_what_is_older_than_the_window_counts_as_seen() -> None:
    seen = Seen()
    messages = said(2 * WINDOW + 1)
    for message in messages[1:]:
        seen.first_time(message)
    assert not seen.first_time(messages[0])
