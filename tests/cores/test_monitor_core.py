"""The monitor notices what is missing, asks for it again in bounded measure, and reads in order."""

from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from hotline_protocol.events import DeadLettered, InputRejected, LineAnnounced
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Presence, Resend, Unreadable
from hotline_protocol.topics import decode, encode
from hotline_services.monitor.core import MonitorCore, Progress
from hotline_services.monitor.order import Limits, Mark, Span

from .talk import at, health

AFRESH = Progress()
LIMITS = Limits(patience_s=30, first_ask_s=10, longest_ask_s=40, asks=3, lookback=100, held_at_most=50)


def said(count: int, source: str = "us", epoch: str = "e1") -> list[Message]:
    """Messages numbered from 1 of one source."""
    author = Author(source, epoch)
    return [author.say(LineAnnounced, at(n), state=AnnouncedState.OPEN) for n in range(count)]


class Monitor:
    """A core, what it has handed on, and what it has said."""

    def __init__(self, progress: Progress = AFRESH, limits: Limits = LIMITS) -> None:
        self.read: list[Message] = []
        self.core = MonitorCore(progress=progress, limits=limits, hand_on=self.read.append)

    @property
    def numbers(self) -> list[int]:
        return [message.seq for message in self.read]

    def hear(self, *messages: Message, when: float = 0.0) -> list[Message]:
        return [answer for message in messages for answer in self.core.receive(message, at(when))]

    def lapse(self) -> list[Message]:
        deadline = self.core.next_deadline
        assert deadline is not None
        answers = list(self.core.lapse(deadline))
        assert self.core.next_deadline is None or self.core.next_deadline > deadline
        return answers

    def until_quiet(self) -> list[Message]:
        answers = []
        while self.core.next_deadline is not None:
            answers += self.lapse()
        return answers


def asked(answers: list[Message]) -> list[tuple[str, str, int, int]]:
    return [(a.to, a.wanted_epoch, a.first_seq, a.last_seq) for a in answers if isinstance(a, Resend)]


def test_messages_in_order_are_handed_on_and_nothing_is_asked_for() -> None:
    monitor = Monitor()
    monitor.hear(*said(5))
    assert monitor.numbers == [1, 2, 3, 4, 5]
    assert monitor.core.next_deadline is None


def test_a_message_out_of_order_waits_for_the_one_before_it() -> None:
    one, two, three = said(3)
    monitor = Monitor()
    monitor.hear(one, three)
    assert monitor.numbers == [1]
    monitor.hear(two)
    assert monitor.numbers == [1, 2, 3]
    assert monitor.core.next_deadline is None


def test_a_duplicate_is_handed_on_once_also_while_it_waits_and_after() -> None:
    one, two, three = said(3)
    monitor = Monitor()
    monitor.hear(one, three, three, one, two, two, three)
    assert monitor.numbers == [1, 2, 3]


@given(st.permutations(range(12)), st.lists(st.integers(0, 11)))
def test_any_order_with_any_repetition_is_read_in_order(order: list[int], again: list[int]) -> None:
    messages, monitor = said(12), Monitor()
    monitor.hear(*(messages[n] for n in [*order, *again]))
    assert monitor.numbers == list(range(1, 13))
    assert monitor.core.next_deadline is None


def test_a_gap_is_asked_for_again_by_its_epoch_and_numbers() -> None:
    messages, monitor = said(6), Monitor()
    monitor.hear(messages[0], messages[5])
    assert asked(monitor.lapse()) == [("us", "e1", 2, 5)]


def test_a_request_can_be_told_from_every_other_and_is_not_numbered() -> None:
    messages, monitor = said(3), Monitor()
    monitor.hear(messages[0], messages[2])
    requests = [answer for answer in monitor.until_quiet() if isinstance(answer, Resend)]
    assert len({request.id for request in requests}) == LIMITS.asks
    assert {request.seq for request in requests} == {0}


def test_what_came_before_the_first_message_heard_is_asked_for() -> None:
    monitor = Monitor()
    monitor.hear(said(4)[3])
    assert asked(monitor.lapse()) == [("us", "e1", 1, 3)]


def test_no_more_is_asked_for_than_the_lookback() -> None:
    monitor = Monitor()
    monitor.hear(said(1_000)[999])
    assert asked(monitor.lapse()) == [("us", "e1", 900, 999)]


def test_asking_grows_rarer_and_ends_and_the_loss_is_reported() -> None:
    messages, monitor = said(3), Monitor()
    monitor.hear(messages[0], messages[2])
    answers = monitor.until_quiet()
    assert len(asked(answers)) == LIMITS.asks
    (report,) = [answer for answer in answers if isinstance(answer, InputRejected)]
    assert (report.problem.code, report.problem.field, report.sender) == ("gap", "seq", "us")
    assert "messages 2 to 2 of us, epoch e1" in report.problem.reason


def test_what_waits_for_a_gap_is_handed_on_without_it_after_a_while() -> None:
    messages, monitor = said(3), Monitor()
    monitor.hear(messages[0], messages[2])
    monitor.core.lapse(at(LIMITS.patience_s - 1))
    assert monitor.numbers == [1]
    monitor.core.lapse(at(LIMITS.patience_s))
    assert monitor.numbers == [1, 3]


def test_no_more_waits_for_a_gap_than_may_be_held() -> None:
    messages, monitor = said(60), Monitor()
    monitor.hear(*messages[1:])
    assert monitor.numbers == list(range(2, 61))


def test_one_that_was_given_up_and_comes_late_is_handed_on_once() -> None:
    messages, monitor = said(3), Monitor()
    monitor.hear(messages[0], messages[2])
    monitor.until_quiet()
    monitor.hear(messages[1], messages[1], when=900)
    assert monitor.numbers == [1, 3, 2]


def test_an_answer_in_part_leaves_the_rest_to_be_asked_for_anew() -> None:
    messages, monitor = said(6), Monitor()
    monitor.hear(messages[0], messages[5])
    monitor.lapse()
    monitor.hear(messages[2], when=11)
    assert asked(monitor.lapse()) == [("us", "e1", 2, 2), ("us", "e1", 4, 5)]


def test_two_epochs_of_a_source_are_two_countings() -> None:
    monitor = Monitor()
    monitor.hear(*said(2), *said(2, epoch="e2"))
    assert monitor.numbers == [1, 2, 1, 2]
    assert monitor.core.next_deadline is None


def test_a_source_that_is_down_is_not_asked_and_at_once_when_it_is_back() -> None:
    messages, monitor = said(3), Monitor()
    monitor.hear(health("us", 0), messages[0], messages[2], health("us", 0, Presence.DOWN))
    assert [asked(monitor.lapse()) for _ in range(10)] == [[]] * 10
    deadline = monitor.core.next_deadline
    assert deadline is not None
    assert monitor.core.receive(health("us", 5_000, session="2"), deadline) == ()
    assert asked(monitor.lapse()) == [("us", "e1", 2, 2)]


def test_after_a_restart_the_old_gaps_are_asked_for_when_the_source_is_heard_of() -> None:
    progress = Progress(epoch="m1", said=4, marks=(Mark(source="us", epoch="e1", highest=5, missing=(Span(2, 3),)),))
    monitor = Monitor(progress)
    monitor.hear(health("us", 0))
    assert asked(monitor.lapse()) == [("us", "e1", 2, 3)]


def test_after_a_restart_what_had_come_is_known_and_numbering_goes_on() -> None:
    progress = Progress(epoch="m1", said=4, marks=(Mark(source="us", epoch="e1", highest=2),))
    monitor = Monitor(progress)
    monitor.hear(*said(3))
    assert monitor.numbers == [3]
    (answer,) = monitor.hear(rubbish())
    assert (answer.id, answer.seq) == ("monitor-m1-5", 5)


def test_messages_that_are_not_numbered_are_handed_on_as_they_come() -> None:
    monitor = Monitor()
    monitor.hear(health("us", 5), health("us", 1))
    assert len(monitor.read) == 2
    assert monitor.core.next_deadline is None


def test_its_own_messages_are_read_but_never_asked_for() -> None:
    monitor = Monitor()
    monitor.hear(said(3, source="monitor")[2])
    assert monitor.numbers == [3]
    assert monitor.core.next_deadline is None


def test_the_number_of_sources_followed_is_bounded_and_nothing_held_is_lost() -> None:
    monitor = Monitor(limits=Limits(sources_at_most=2))
    monitor.hear(said(2, source="a")[1], said(2, source="b")[1], said(1, source="c")[0])
    assert [(message.source, message.seq) for message in monitor.read] == [("a", 2), ("c", 1)]


def rubbish(topic: str = "hotline/v1/line/us/ru", code: str = "malformed", evidence: str = "{") -> Unreadable:
    return Unreadable(
        id="unreadable-1",
        source="unknown",
        seq=0,
        time=at(0),
        topic=topic,
        code=code,
        field="message",
        reason="Input data was truncated",
        evidence=evidence,
    )


def test_rubbish_is_answered_with_its_field_and_reason() -> None:
    (answer,) = Monitor().hear(rubbish())
    assert isinstance(answer, InputRejected)
    assert (answer.problem.field, answer.problem.reason) == ("message", "Input data was truncated")


def test_an_answer_can_itself_be_read_however_long_the_rubbish_was() -> None:
    (answer,) = Monitor().hear(rubbish(topic="x" * 60_000, evidence="y" * 60_000))
    assert decode("hotline/v1/event/monitor", encode(answer)) == answer


def test_an_input_that_was_set_aside_is_reported() -> None:
    (answer,) = Monitor().hear(rubbish(code="dead-letter"))
    assert isinstance(answer, DeadLettered)


def test_rubbish_is_left_to_whom_it_was_meant_for_once_anybody_of_that_name_has_been_heard_of() -> None:
    monitor = Monitor()
    monitor.hear(health("ru", 0))
    assert monitor.hear(rubbish(), rubbish(topic="hotline/v1/inject/ru")) == []
    assert len(monitor.hear(rubbish(topic="hotline/v1/inject/xx"), rubbish(topic="hotline/v1/line/ru/us"))) == 2
    assert len(monitor.hear(rubbish(code="dead-letter"), rubbish(topic="hotline/v1/event/ru"))) == 2


def test_rubbish_under_its_own_name_is_not_answered_since_that_would_never_end() -> None:
    assert Monitor().hear(rubbish(topic="hotline/v1/event/monitor")) == []


def test_a_number_beyond_all_bounds_does_no_harm() -> None:
    author = Author("us", "e1")
    author.seq = 2**64 - 3
    monitor = Monitor()
    monitor.hear(author.say(LineAnnounced, at(0), state=AnnouncedState.OPEN), *said(2))
    assert sorted(monitor.numbers) == [1, 2]
    assert isinstance(monitor.core.next_deadline, datetime)
    monitor.until_quiet()
    assert len(monitor.read) == 3


@given(st.lists(st.booleans(), min_size=30, max_size=30), st.lists(st.booleans(), min_size=60, max_size=60))
def test_whatever_is_lost_before_the_last_message_heard_comes_by_asking(arrives: list[bool], again: list[bool]) -> None:
    messages, monitor, luck = said(30), Monitor(limits=Limits(asks=100)), iter(again)
    for message, is_heard in zip(messages, arrives, strict=True):
        if is_heard:
            monitor.hear(message)
    while monitor.core.next_deadline is not None:
        deadline = monitor.core.next_deadline
        for request in monitor.lapse():
            assert isinstance(request, Resend)
            for wanted in messages[request.first_seq - 1 : request.last_seq]:
                if next(luck, True):
                    monitor.core.receive(wanted, deadline)
    last = max((n for n, is_heard in enumerate(arrives, 1) if is_heard), default=0)
    assert sorted(monitor.numbers) == list(range(1, last + 1))
