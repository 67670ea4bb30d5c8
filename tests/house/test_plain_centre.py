"""The example of a centre in another language says what the protocol allows, and understands what it hears."""

import runpy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest

from hotline_protocol import examples as story
from hotline_protocol import topics
from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.injection import Deviate, FlyUnannounced, InjectedMessage, SubmitPlan
from hotline_protocol.line import (
    Answer,
    Busy,
    Decline,
    Entered,
    Entries,
    LineChecked,
    LineMessage,
    Noted,
    OnCall,
    Reconcile,
    Release,
    Ring,
    ToPeer,
)
from hotline_protocol.message import Message
from hotline_protocol.service import Clock, Health, Receipt

EXAMPLE = Path(__file__).parents[2] / "examples/plain_centre.py"
TOLD: dict[type[Message], Any] = {type(example): example for example in story.examples()}
CLOCK = TOLD[Clock]


class Desk:
    """The example with a broker that only listens; what it says is read as strictly as anything else."""

    def __init__(self) -> None:
        self.said: list[Message] = []
        self.centre: Any = runpy.run_path(str(EXAMPLE))["PlainCentre"]("ru", self._publish)
        self.hear(CLOCK)

    def _publish(self, topic: str, text: str, *, retain: bool) -> None:
        message = topics.decode(topic, text.encode())
        assert retain == topics.topic_of(message).retain
        self.said.append(message)

    def hear(self, message: Message) -> list[Message]:
        """What it says to this."""
        before = len(self.said)
        self.centre.hear(topics.address_of(message), topics.encode(message))
        return self.said[before:]

    def hear_in_call(self, message: Message) -> list[Message]:
        """What it says to this in the call that this names, or in none; without the receipts."""
        if isinstance(message, OnCall) and not isinstance(message, Ring):
            self.hear(msgspec.structs.replace(TOLD[Ring], id="r1", **{n: getattr(message, n) for n in CALL}))
        return [said for said in self.hear(message) if not isinstance(said, Receipt)]


CALL = ("source", "to", "call_id")
TO_RU = [example for example in TOLD.values() if isinstance(example, ToPeer) and example.to == "ru"]


@pytest.mark.parametrize("message", TO_RU, ids=lambda message: type(message).__name__)
def test_it_confirms_everything_that_it_hears_on_the_line(message: Message) -> None:
    receipt, *_ = Desk().hear(message)
    assert isinstance(receipt, Receipt)
    assert receipt.ids == (message.id,)


@pytest.mark.parametrize(
    ("heard", "kind"), [("Ring", Answer), ("Propose", Decline), ("LineCheck", LineChecked), ("Noted", None)]
)
def test_it_answers_what_wants_an_answer(heard: str, kind: type[Message] | None) -> None:
    message = next(each for each in TO_RU if type(each).__name__ == heard)
    answers = [(type(each), each.cause) for each in Desk().hear_in_call(message)]
    assert answers == ([(kind, message.id)] if kind else [])


def test_what_comes_twice_is_confirmed_twice_and_answered_once() -> None:
    desk = Desk()
    ring = next(each for each in TO_RU if type(each).__name__ == "Ring")
    assert [type(each) for each in desk.hear(ring)] == [Receipt, Answer]
    assert [type(each) for each in desk.hear(ring)] == [Receipt]


def test_it_says_again_what_was_not_confirmed_and_nothing_else() -> None:
    desk = Desk()
    _, answer = desk.hear(next(each for each in TO_RU if type(each).__name__ == "Ring"))
    desk.centre.say_again()
    assert desk.said[-1] == answer
    confirmed = TOLD[Receipt]
    desk.hear(Receipt(id="r", source="us", seq=0, time=confirmed.time, to="ru", ids=(answer.id,)))
    count = len(desk.said)
    desk.centre.say_again()
    assert len(desk.said) == count


def test_it_says_that_it_is_there_once_it_knows_the_time() -> None:
    assert [type(each) for each in Desk().said] == [Health]


def test_it_objects_to_nothing_that_is_protested() -> None:
    protest = next(example for example in TOLD.values() if type(example).__name__ == "Protest")
    desk = Desk()
    desk.centre.party = "us"
    assert isinstance(desk.hear_in_call(protest)[-1], Noted)


def test_it_knows_what_every_message_to_a_centre_must_hold() -> None:
    fields: dict[str, str] = runpy.run_path(str(EXAMPLE))["FIELDS"]
    kinds = [kind for kind in get_args(LineMessage | InjectedMessage) if kind not in (FlyUnannounced, Deviate)]
    envelope = {field.name for field in msgspec.structs.fields(ToPeer)}
    wanted = {
        str(kind.__struct_config__.tag): {f.name for f in msgspec.structs.fields(kind) if f.required} - envelope
        for kind in kinds
    }
    assert {kind: set(names.split()) for kind, names in fields.items()} == wanted


def test_what_it_cannot_use_it_says_so_and_goes_on() -> None:
    desk = Desk()
    desk.centre.hear("hotline/v1/line/us/ru", b"{ no message")
    desk.centre.hear("hotline/v1/line/us/ru", b'{"type": "sing", "id": "x"}')
    desk.centre.hear("hotline/v1/line/us/ru", b'{"type": "ring", "id": "y", "call_id": "c"}')
    rejected = [each for each in desk.said if isinstance(each, InputRejected)]
    assert [each.problem.field for each in rejected] == ["message", "type", "reason"]
    assert [type(each) for each in desk.hear_in_call(TOLD[Ring])] == [Answer]


def test_it_takes_one_call_at_a_time() -> None:
    desk = Desk()
    desk.hear(TOLD[Ring])
    other = msgspec.structs.replace(TOLD[Ring], id="other", call_id="other")
    assert [type(each) for each in desk.hear_in_call(other)] == [Busy]


def test_it_refuses_plans() -> None:
    status = Desk().hear_in_call(TOLD[SubmitPlan])[-1]
    assert isinstance(status, PlanStatus)
    assert status.state is PlanState.REFUSED


def test_a_seal_it_keeps_with_its_entry_and_gives_it_back() -> None:
    desk = Desk()
    desk.centre.party = "us"
    sealed = msgspec.structs.replace(TOLD[Entered], seal="A" * 86)
    desk.hear(sealed)
    lost = msgspec.structs.replace(TOLD[Reconcile], source="ru", to="us", heads={}, lost=True)
    given = next(said for said in desk.hear(lost) if isinstance(said, Entries))
    assert (given.entries, given.seal) == ((sealed.entry,), sealed.seal)


def test_what_it_is_granted_it_copies_and_gives_back() -> None:
    desk = Desk()
    desk.centre.party = "us"
    entered = TOLD[Entered]
    given = desk.hear(entered)[-1]
    assert isinstance(given, Release)
    assert given.agreement_id == entered.entry.agreement_id
    assert desk.centre._heads("ru")["ru"] == {"length": 1, "hash": entered.entry.hash}
