"""What shows a service that the end of its journal was lost, and what does not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hotline_protocol.events import LedgerChanged
from hotline_protocol.ledger import Head
from hotline_protocol.line import Answer, LineCheck, Reconcile
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Held, Presence, Receipt
from hotline_services.delivery.outbox import Seen
from hotline_services.runtime.store import Heard, Recovered
from hotline_services.runtime.tail import LISTEN_S, PATIENCE_S, Tail

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
HEADS = {"us": Head(length=3, hash="a" * 64), "ru": Head()}


class Kept:
    """A store that has had these epochs."""

    def __init__(self, *epochs: str, loss: str = "") -> None:
        self.epochs = epochs
        self.epoch = epochs[-1]
        self.loss = loss


def tail(said: int = 7, *, steps: int = 9, clock: list[float] | None = None, loss: str = "") -> Tail:
    """That of us, which has said so much in epoch e2, and has had an epoch e1."""
    clock = clock or [0.0]
    found = Tail("us", ("e1", "e2"), lambda: clock[0])
    found.session = "now"
    found.begin("e2")
    author = Author("us", "e2")
    found.tell([author.say(Answer, NOON, to="ru", call_id="c") for _ in range(said)])
    found.tell([author.say(LedgerChanged, NOON, peer="ru", heads=HEADS)])
    store: Any = Kept("e1", "e2", loss=loss)
    found.resume(store, Recovered(said=(), heard=[Heard(NOON, None)]), has_past=bool(steps))
    return found


def receipt(*ids: str) -> Receipt:
    return Receipt(id="r", source="ru", seq=0, time=NOON, to="us", ids=ids)


def health(epoch: str, said: int | None, source: str = "us", session: str = "before") -> Health:
    told: dict[str, Any] = {} if said is None else {"said": said}
    return Health(id="h", source=source, seq=0, time=NOON, presence=Presence.DOWN, session=session, epoch=epoch, **told)


@pytest.mark.parametrize(
    ("message", "evidence"),
    [
        (receipt("us-e2-8"), ""),
        (receipt("us-e2-9"), "ru has received us-e2-9, and we know 8"),
        (receipt("us-e1-900"), ""),
        (receipt("us-e3-900", "ru-e2-900", "us-e2-x", "us-e2-"), ""),
        (health("e2", 8), ""),
        (health("e2", 9), "our own last sign of life tells of message 9, and we know 8"),
        (health("e1", 900), ""),
        (health("e9", 1), "our own last sign of life is of epoch e9, which we do not know"),
        (health("e9", 0), ""),
        (health("0", None), ""),
        (health("e9", 900, session="now"), ""),
        (health("e2", 900, source="ru"), ""),
    ],
)
def test_what_is_between_shells_shows_a_loss_only_where_it_tells_of_more_than_we_know(
    message: Message, evidence: str
) -> None:
    found = tail()
    found.hear(message, Seen())
    assert found.loss == evidence


def said(kind: type[Any], cause: str | None = None, **fields: Any) -> Message:
    message: Message = Author("ru", "x").say(kind, NOON, cause=cause, to="us", **fields)
    return message


@pytest.mark.parametrize(
    ("message", "is_lost"),
    [
        (said(Answer, "us-e2-8", call_id="c"), False),
        (said(Answer, "us-e2-9", call_id="c"), True),
        (said(Answer, None, call_id="c"), False),
        (said(Reconcile, agreement="0" * 16, heads=HEADS), False),
        (said(Reconcile, agreement="0" * 16, heads={"us": Head(length=4, hash="b" * 64)}), True),
        (said(LineCheck, call_id="c", agreement="0" * 16, heads={"us": Head(length=4, hash="b" * 64)}), True),
        (said(Reconcile, agreement="0" * 16, heads={"ru": Head(length=4, hash="b" * 64)}), False),
    ],
)
def test_what_is_said_on_the_line_shows_a_loss_where_it_answers_what_we_have_not_said(
    message: Message, is_lost: bool
) -> None:
    assert tail().contradicts(message) is is_lost


def test_a_process_acts_on_one_loss_whatever_others_claim() -> None:
    found = tail()
    found.hear(receipt("us-e2-9"), Seen())
    found.begin("e3")
    assert found.loss == ""
    found.hear(receipt("us-e3-99"), Seen())
    assert not found.contradicts(said(Answer, "us-e3-99", call_id="c"))
    assert found.loss == ""


def test_of_an_epoch_that_this_process_began_nobody_can_know_more() -> None:
    found = tail(steps=0)
    found.hear(receipt("us-e2-1000009"), Seen())
    assert not found.contradicts(said(Answer, "us-e2-9", call_id="c"))
    assert not found.contradicts(said(Reconcile, agreement="0" * 16, heads={"us": Head(length=4, hash="b" * 64)}))
    assert found.loss == ""
    found.hear(health("e9", 1), Seen())  # what an earlier process of ours has said is another matter
    assert found.loss


def test_whoever_has_a_past_listens_before_it_says_anything() -> None:
    clock = [0.0]
    found = tail(clock=clock)
    assert not found.is_settled
    found.spoke()
    found.came_back()
    clock[0] = LISTEN_S / 2
    assert not found.is_settled
    clock[0] = LISTEN_S
    assert found.is_settled


def test_a_broker_that_brings_nothing_back_is_not_waited_for_for_ever() -> None:
    clock = [0.0]
    found = tail(clock=clock)
    found.spoke()
    clock[0] = PATIENCE_S - 1
    assert not found.is_settled
    clock[0] = PATIENCE_S
    assert found.is_settled


def test_without_a_past_or_with_a_loss_there_is_nothing_to_listen_for() -> None:
    assert tail(steps=0).is_settled
    assert tail(loss="damaged").is_settled
    listening = tail()
    listening.hear(receipt("us-e2-9"), Seen())
    assert listening.is_settled


def test_a_sign_of_life_that_tells_of_fewer_messages_than_we_have_is_answered_by_the_last() -> None:
    found, seen = tail(), Seen()
    author = Author("ru", "r1")
    for _ in range(5):
        seen.first_time(author.say(Answer, NOON, to="us", call_id="c"))
    assert found.hear(health("r1", 4, source="ru"), seen) == "ru-r1-5"
    assert found.hear(health("r1", 5, source="ru"), seen) is None
    assert found.hear(health("r2", 0, source="ru"), seen) is None
    assert found.hear(health("r1", None, source="ru"), seen) is None


def test_what_may_be_lost_is_asked_of_every_source_that_was_heard_of() -> None:
    found, seen = tail(), Seen()
    author = Author("ru", "r1")
    for _ in range(500):
        seen.first_time(author.say(Answer, NOON, to="us", call_id="c"))
    found.hear(health("d1", 3, source="director"), seen)
    found.hear(health("p1", 0, source="page"), seen)
    assert found.held(seen) == (
        Held(source="ru", epoch="r1", next_seq=300),
        Held(source="director", epoch="d1", next_seq=1),
    )
