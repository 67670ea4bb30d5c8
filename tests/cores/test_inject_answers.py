"""What `hotline inject --wait` makes of a centre's answers to plans, changes and cancellations."""

import pytest

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.hearing import ear
from hotline_protocol.topics import INJECT
from hotline_services.cli.answers import Answers
from hotline_services.cli.inject import told_rejected
from hotline_services.injecting import read_texts

from .joined import Joined

FPL = "(FPL-EXER11-IM-2F18/M-SDFG/S-OSDZ0900-N0471F310 DCT RAQQA DCT 3520N04010E-OSLK0130-DOF/170618 RMK/PATROL)"
DLA = "(DLA-EXER11-OSDZ0945-OSLK-DOF/170618)"
NAME = "EXER11-20170618-0900"


def sent(world: Joined, text: str, answers: Answers) -> int:
    """Hand the text in as `hotline inject` does. Return how many messages had been said before."""
    before = len(world.said)
    (letter,) = read_texts([("", text.encode())], world.now).letters
    for message in ear(INJECT.filter(to="us"), answers.expect(letter).payload, world.now):
        world.deliver(message)
    return before


def told(world: Joined, answers: Answers, since: int) -> list[str]:
    """The answers in what has been said since: the state of a plan, or what was rejected and its field."""
    words = []
    for message in world.said[since:]:
        about = told_rejected(message, answers.about(message)) if isinstance(message, InputRejected) else ""
        if answers.hear(message):
            words.append(message.state.value if isinstance(message, PlanStatus) else about)
    return words


@pytest.mark.parametrize(
    ("text", "last"),
    [
        (DLA, "accepted"),
        ("(CHG-EXER11-OSDZ0900-OSLK-DOF/170618-18/RMK/TANKER)", "accepted"),
        ("(CNL-EXER11-OSDZ0900-OSLK-DOF/170618)", "withdrawn"),
        ("(ARR-EXER11-OSDZ-OSLK1030)", "withdrawn"),
        ('{"type": "change-plan", "plan_id": "EXER11-20170618-0900", "shift_min": 30}', "accepted"),
    ],
)
def test_a_change_or_cancellation_is_followed_to_its_end(text: str, last: str) -> None:
    world, answers = Joined(), Answers()
    sent(world, FPL, Answers())
    world.run(minutes=20)
    before = sent(world, text, answers)
    assert answers.missing
    world.run(minutes=20)
    assert told(world, answers, before)[-1] == last
    assert (answers.missing, answers.refused) == ([], False)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            DLA.replace("EXER11", "EXER12"),
            "DLA about EXER12  refused: field 7: DLA: no plan is known that was filed as",
        ),
        (
            "(CNL-EXER12-OSDZ0900-OSLK-DOF/170618)",
            "the cancellation of EXER12-20170618-0900  refused: plan_id: no plan",
        ),
        ('{"type": "change-plan", "plan_id": "EXER11-20170618-0900"}', "refused: plan_id: nothing is named"),
    ],
)
def test_an_order_that_is_rejected_is_told_as_refused_with_the_reason(text: str, reason: str) -> None:
    world, answers = Joined(), Answers()
    sent(world, FPL, Answers())
    world.run(minutes=20)
    before = sent(world, text, answers)
    (word,) = told(world, answers, before)
    assert reason in word
    assert (answers.missing, answers.refused) == ([], True)


def test_the_cancellation_of_a_plan_that_is_over_is_answered_with_its_state() -> None:
    world, answers = Joined(), Answers()
    cancel = f'{{"type": "cancel-plan", "plan_id": "{NAME}"}}'
    for text in (FPL, cancel):
        sent(world, text, Answers())
        world.run(minutes=20)
    before = sent(world, cancel, answers)
    assert told(world, answers, before) == ["withdrawn"]
    assert (answers.missing, answers.refused) == ([], False)


def test_a_change_of_a_plan_that_is_being_negotiated_is_not_answered_by_the_end_of_the_version_before() -> None:
    world, answers = Joined(), Answers()
    world.lost = lambda message: hasattr(message, "call_id")
    before = sent(world, FPL, answers)
    sent(world, DLA, answers)
    assert told(world, answers, before) == ["negotiating", "withdrawn", "negotiating"]
    assert answers.missing == [NAME]
    world.lost = lambda _: False
    since = len(world.said)
    world.run(minutes=120)
    assert told(world, answers, since)[-1] == "accepted"
    assert answers.missing == []


def test_rejections_of_what_others_sent_are_no_answer() -> None:
    world, answers = Joined(), Answers()
    sent(world, FPL, answers)
    since = sent(world, DLA.replace("EXER11", "EXER12"), Answers())
    assert told(world, answers, since) == []
    assert not answers.refused
