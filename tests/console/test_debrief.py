"""The after-action report: what it tells of a desk, held against what was said."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.cores.joined import DAWN, ON_THE_LINE, Joined, config, plan
from tests.simulated.at_the_desk import manned_day
from tests.simulated.faulty_day import END_AT

from hotline_protocol.events import InputRejected
from hotline_protocol.examples_story import CALL, NEGOTIATION, at
from hotline_protocol.flightplan import Problem
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import Answer, CallOutcome, Concur, Counter, HangUp, Reason, Tier
from hotline_protocol.menu import Choice
from hotline_protocol.message import Message
from hotline_protocol.orders import AnswerRing, CallOnDesk, CounterOffer, DecisionAwaited, LeaveDesk, TakeDesk
from hotline_services.cli.debrief import debrief
from hotline_services.cli.exits import BAD_INPUT
from hotline_services.console.desk.after_action import report_text
from hotline_services.console.desk.debrief import Debrief
from hotline_services.console.desk.debrief_report import AfterAction, Ending
from hotline_services.console.desk.sitting import Draft, SittingAt
from hotline_services.runtime.recording import Header, RecordingWriter

from .fake import HIGHER, FakeDesk, offer_of

SITTING = {"sitting": "console-ru-1"}


class Exercise(Joined):
    """Two centres, a person at the desk of ``ru``, and everything that was said with the orders too."""

    def order(self, kind: type[Message], **fields: Any) -> None:
        self.run(minutes=0.5)
        order = self._outside.say(kind, self.now, to="ru", **SITTING, **fields)
        self.said.append(order)
        self.deliver(order)

    def answer(self, kind: type[Message], **fields: Any) -> None:
        asked = self.all(DecisionAwaited)[-1]
        self.order(kind, negotiation_id=asked.negotiation_id, offer=asked.offer, **fields)

    def report(self, party: str = "ru") -> AfterAction:
        fold = Debrief(party)
        for message in self.said:
            fold.hear(message, message.time)
        return fold.report()


def exercise() -> Exercise:
    """An offer is countered by order, and that is agreed to; a second call is missed."""
    world = Exercise(config(think_s=5), config(think_s=5))
    world.order(TakeDesk, operator="Col. X", lease_s=86_400)
    world.file("us", plan("near"))
    world.order(AnswerRing, call_id="us-0-c1")
    world.run(minutes=0.5)
    world.answer(CounterOffer, choice=Choice(sector=0, block=1, shift=6))
    world.run(minutes=5)
    world.file("us", plan("again", hours=9))
    world.run(minutes=5)
    world.order(LeaveDesk)
    world.run(minutes=30)
    return world


def test_calls_are_told_with_how_long_they_rang() -> None:
    report = exercise().report()
    first, second, *_ = report.calls
    assert (first.ours, first.answer_s, first.outcome) == (False, 30.0, CallOutcome.COMPLETED)
    assert (second.answer_s, second.outcome) == (None, CallOutcome.NO_ANSWER)
    assert "Missed: US at" in report_text(report)


@pytest.mark.parametrize("answered", [False, True])
def test_a_call_that_rang_or_was_up_when_the_seat_was_taken_is_counted(answered: bool) -> None:
    desk, fold = FakeDesk(), Debrief("ru")
    call = CallOnDesk(
        call_id=CALL,
        peer="us",
        ours=False,
        talking=answered,
        reason=Reason.INCIDENT,
        tier=Tier.DUTY_OFFICER,
        until=at(1),
    )
    fold.hear(msgspec.structs.replace(desk.taken(), call=call), at(0))
    if not answered:
        fold.hear(desk.ru.say(Answer, at(0.1), to="us", call_id=CALL), at(0.1))
    fold.hear(desk.us.say(HangUp, at(2), to="ru", call_id=CALL, outcome=CallOutcome.COMPLETED), at(2))
    assert "They rang once: 1 answered" in report_text(fold.report())
    assert fold.report().calls[0].answer_s is None, "nobody knows how long it had rung"


def test_a_decision_is_told_with_what_the_automatic_officer_would_have_said() -> None:
    report = exercise().report()
    first, *_ = report.decisions
    assert (first.ending, first.by_order, first.as_officer) == (Ending.COUNTER, True, False)
    assert first.said_worth is not None
    assert first.officer.value == "concur"
    assert "The automatic officer would have said the same to 0 of 1." in report_text(report)


def offered_again() -> AfterAction:
    """An offer is countered by order; it comes again as it was, and is concurred with. Its ring was not heard."""
    desk, fold = FakeDesk(), Debrief("ru")
    about = {"to": "us", "call_id": CALL, "negotiation_id": NEGOTIATION}
    first, again = desk.asked(), desk.asked(round=2, time=at(1))
    countering: dict[str, Any] = {"answers": first.offer, "choice": HIGHER, "offer": offer_of(HIGHER), "round": 1}
    for message in (
        first,
        desk.ru.say(Counter, at(0.5), **about, **countering, expires_at=at(3)),
        again,
        msgspec.structs.replace(again, id="told-again", time=at(1.2)),
        desk.ru.say(Concur, at(1.5), **about, offer=again.offer, hold_until=at(5)),
        desk.asked(round=3, time=at(2)),
        desk.us.say(HangUp, at(3), to="ru", call_id=CALL, outcome=CallOutcome.DROPPED),
    ):
        fold.hear(message, message.time)
    return fold.report()


def test_an_offer_that_comes_again_unchanged_is_another_decision() -> None:
    countered, concurred, left = offered_again().decisions
    assert (countered.ending, concurred.ending) == (Ending.COUNTER, Ending.CONCUR)
    assert (countered.answered_at, concurred.answered_at) == (at(0.5), at(1.5))
    assert left.ending is Ending.CALL_OVER


def test_an_order_that_was_refused_is_told_in_words() -> None:
    desk, fold = FakeDesk(), Debrief("ru")
    asked = desk.asked()
    answering = {"negotiation_id": asked.negotiation_id, "offer": asked.offer, "choice": HIGHER}
    order = SittingAt("ru", SITTING["sitting"], "Col. X").write(Draft(CounterOffer, answering), desk.time)
    problem = Problem(code="bad-order", field="choice", reason="that air is not free")
    refused: dict[str, Any] = {"topic": "CounterOffer", "evidence": order.id, "sender": order.source}
    for message in (asked, order, desk.ru.say(InputRejected, desk.time, **refused, problem=problem)):
        fold.hear(message, message.time)
    place = asked.menu.sectors[0].name
    told = f"- Order refused: counter with {place} · FL270-290 · on time: that air is not free."
    assert told in report_text(fold.report())


def test_agreements_tell_which_way_and_what_they_are_worth() -> None:
    world = exercise()
    granted = [agreed for agreed in world.report().agreements if not agreed.ours]
    assert granted
    assert granted[0].worth is not None
    assert granted[0].best is not None
    assert granted[0].best >= granted[0].worth
    assert {agreed.agreement_id for agreed in world.report("us").agreements if agreed.ours} == {
        agreed.agreement_id for agreed in granted
    }


def test_a_sitting_is_told_from_beginning_to_end() -> None:
    (sat,) = exercise().report().sittings
    assert sat.operator == "Col. X"
    assert sat.left_at is not None
    assert DAWN < sat.taken_at < sat.left_at


def of_sitting(said: Iterable[Message], hears: Callable[[Message], bool] = lambda _: True) -> AfterAction:
    fold = Debrief("ru", SITTING["sitting"])
    for message in filter(hears, said):
        fold.hear(message, message.time)
    return fold.report()


def test_one_sitting_is_the_same_from_the_record_and_as_it_is_heard_at_the_desk() -> None:
    """Before and after it there is more on record, of calls and of what the other side recorded."""
    world = Exercise(config(think_s=5), config(think_s=5))
    world.file("us", plan("before"))
    world.run(minutes=20)
    world.order(TakeDesk, operator="Col. X", lease_s=86_400)
    world.file("us", plan("near", hours=9))
    world.run(minutes=20)
    world.tell("us", ReportSighting, kind=SightingKind.SHOW_OF_FORCE, by="ru", at=ON_THE_LINE, seen_at=world.now)
    world.run(minutes=5)
    world.order(LeaveDesk)
    world.file("us", plan("after", hours=12))
    world.run(minutes=20)

    def is_heard(message: Message) -> bool:
        return "ru" in {message.source, getattr(message, "to", None)}

    assert not all(map(is_heard, world.said))
    there, on_record = of_sitting(world.said, is_heard), of_sitting(world.said)
    assert report_text(there) == report_text(on_record)
    assert there == on_record
    (sat,) = there.sittings
    assert (there.began_at, there.ended_at) == (sat.taken_at, sat.left_at)
    assert len(there.calls) < len(world.report().calls)


def test_what_a_desk_cannot_hear_is_said_not_to_be_known_and_not_to_be_none() -> None:
    world = exercise()
    assert of_sitting(world.said).escalations_by_others is None
    assert "Recorded by others, towards us: not known" in report_text(of_sitting(world.said))
    assert "Recorded by others, towards us: not known" not in report_text(world.report())


def test_a_report_says_that_the_line_was_lost_and_something_may_be_missing() -> None:
    fold, desk = Debrief("ru", FakeDesk().taken().by.sitting), FakeDesk()
    fold.lose_line()  # before the sitting: no matter
    fold.hear(desk.taken(), at(0))
    fold.lose_line()
    assert "The line to the broker was lost once meanwhile" in report_text(fold.report())


def test_without_a_person_there_are_no_decisions_but_calls_and_agreements() -> None:
    world = Exercise()
    world.file("us", plan("near"))
    report = world.report()
    assert (report.sittings, report.decisions) == ((), ())
    assert len(report.agreements) == 1
    assert "the automatic officer decided everything" in report_text(report)


@cache
def eventful() -> tuple[tuple[datetime, Message], ...]:
    day = manned_day(3)
    day.run(END_AT)
    return tuple(day.log)


@pytest.mark.parametrize("party", ["us", "ru"])
def test_every_answer_by_order_on_a_faulty_day_is_in_the_report(party: str) -> None:
    fold = Debrief(party)
    for heard_at, message in eventful():
        fold.hear(message, heard_at)
    report = fold.report()
    laid = {(m.offer, m.round) for _, m in eventful() if isinstance(m, DecisionAwaited) and m.source == party}
    assert len(report.decisions) == len(laid)
    by_order = {
        m.id
        for _, m in eventful()
        if isinstance(m, Concur | Counter) and m.source == party and str(m.cause).startswith("console-")
    }
    said = [d for d in report.decisions if d.by_order and d.ending in {Ending.CONCUR, Ending.COUNTER}]
    assert len(said) == len(by_order)
    assert all(decision.ending is not Ending.OPEN for decision in report.decisions)
    assert report_text(report).isascii() is False


def recording(path: Path) -> Path:
    with path.open("wb") as file:
        writer = RecordingWriter(file, Header(scenario="x", seed=1, start=DAWN, days=1, agreement="0" * 16))
        for message in exercise().said:
            writer.write(message, message.time)
    return path


def test_the_command_writes_text_json_and_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recording(tmp_path / "run.jsonl")
    assert debrief(run, party="ru") == 0
    assert capsys.readouterr().out.startswith("# After-action report: the desk of RU\n")
    assert debrief(run, party="ru", sitting=SITTING["sitting"]) == 0
    assert "Of the sitting console-ru-1 alone" in capsys.readouterr().out
    assert debrief(run, party="ru", json=True) == 0
    assert json.loads(capsys.readouterr().out)["decisions"][0]["officer"] == "concur"
    assert debrief(run, party="ru", out=tmp_path / "after.md") == 0
    assert (tmp_path / "after.md").read_text(encoding="utf-8").startswith("# After-action report")
    assert capsys.readouterr() == ("", "")


def test_a_report_is_not_written_over_what_is_there_unless_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, out = recording(tmp_path / "run.jsonl"), tmp_path / "after.md"
    out.write_text("my notes", encoding="utf-8")
    assert debrief(run, party="ru", out=out) == BAD_INPUT
    assert "--force" in capsys.readouterr().err
    assert out.read_text(encoding="utf-8") == "my notes"
    assert debrief(run, party="ru", out=out, force=True) == 0
    assert out.read_text(encoding="utf-8").startswith("# After-action report")


def test_the_command_says_in_a_sentence_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recording(tmp_path / "run.jsonl")
    rubbish = tmp_path / "rubbish"
    rubbish.write_text("rubbish")
    wrong = [
        debrief(run, party="xx"),
        debrief(tmp_path / "none", party="ru"),
        debrief(rubbish, party="ru"),
        debrief(run, party="ru", sitting="console-ru-2"),
        debrief(run, party="ru", out=tmp_path / "no" / "after.md"),
    ]
    complaints = capsys.readouterr().err.splitlines()
    assert wrong == [BAD_INPUT] * 5
    assert len(complaints) == 5
    assert "there is no sitting console-ru-2 at the desk of ru; it knows: console-ru-1" in complaints[3]
    assert "no centre called xx speaks in" in complaints[0]
    assert complaints[0].endswith("ru, us")


def test_who_has_no_desk_is_no_party_of_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = recording(tmp_path / "run.jsonl")
    for name in ("director", "monitor", "ru-desk"):
        assert debrief(run, party=name) == BAD_INPUT
        assert f"no centre called {name} speaks in" in capsys.readouterr().err


def test_a_recording_that_is_cut_off_is_told_of_as_far_as_it_goes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = recording(tmp_path / "run.jsonl")
    run.write_bytes(run.read_bytes()[:-10])
    assert debrief(run, party="ru") == 0
    told = capsys.readouterr()
    assert "cut off" in told.err
    assert told.out.startswith("# After-action")
