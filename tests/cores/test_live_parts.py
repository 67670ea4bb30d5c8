"""The parts of the live shell that need no broker: what is taken in, what is held back, what time it is."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hotline_protocol.agreement import Agreement, TierRule
from hotline_protocol.events import LineAnnounced
from hotline_protocol.flightplan import Problem
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.line import Answer, Tier
from hotline_protocol.menu import Block
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Clock, Health, Presence, Unreadable
from hotline_protocol.topics import HEALTH, LINE, address_of, encode
from hotline_services.delivery.presence import Peers
from hotline_services.delivery.tracing import Headers
from hotline_services.pacing.scaled_clock import EARLIEST, LATEST, ScaledClock
from hotline_services.runtime.daemon import in_daemon_thread
from hotline_services.runtime.dispatch import CROWDED, Dispatch
from hotline_services.runtime.hearing import Hear, input_id
from hotline_services.runtime.intake import Intake, Turn
from hotline_services.runtime.replay import Past
from hotline_services.runtime.service import Service
from hotline_services.runtime.speed import TooFastError, check_speed
from hotline_services.runtime.wire import BrokerSettings, Delivery, PublishRefused

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
PEER = Author("us", "e1")


class Log:
    """A core that keeps what it hears, and dies of what it is told to."""

    def __init__(self, deadly: str = "") -> None:
        self.heard: list[Message] = []
        self.next_deadline: datetime | None = None
        self._deadly = deadly

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        if isinstance(message, Answer) and message.call_id == self._deadly:
            raise ValueError("deadly")
        self.heard.append(message)
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        return []


def intake(
    core: Log,
    past: Past,
    attempts: dict[str, int] | None = None,
    hear: Hear | None = None,
    unproven: Callable[[Message], Problem | None] = lambda _: None,
) -> Intake:
    service = Service(name="ru", core=lambda _: core, subscriptions=[LINE.filter(to="ru"), HEALTH.filter(source="us")])
    if hear is not None:
        service = Service(name="ru", core=lambda _: core, subscriptions=[LINE.filter(to="ru")], hear=hear)
    return Intake(service, core, past, attempts or {}, unproven=unproven)


def delivery(message: Message) -> Delivery:
    return Delivery(address_of(message), encode(message), retained=False, qos=1, mid=1, life=1)


def answer(call_id: str = "c") -> Answer:
    return PEER.say(Answer, NOON, to="ru", call_id=call_id)


def health(presence: Presence, session: str = "s1", source: str = "us") -> Health:
    return Health(
        id=f"h-{session}-{presence.value}", source=source, seq=0, time=NOON, presence=presence, session=session
    )


def test_a_message_that_comes_twice_is_heard_once_and_receipted_twice() -> None:
    core, turn, message = Log(), Turn(), answer()
    shell = intake(core, Past())
    for _ in range(2):
        shell.take(delivery(message), NOON, turn)
    assert core.heard == [message]
    assert turn.arrived == [message, message]


def test_rubbish_is_heard_each_time() -> None:
    core, turn = Log(), Turn()
    shell = intake(core, Past())
    for _ in range(2):
        shell.take(Delivery("hotline/v1/line/us/ru", b"\x00", retained=False, qos=1, mid=1, life=1), NOON, turn)
    assert [type(message) for message in core.heard] == [Unreadable, Unreadable]


def test_what_the_broker_has_kept_though_it_is_no_state_is_refused_each_time() -> None:
    core, turn, message = Log(), Turn(), answer()
    shell = intake(core, Past())
    for _ in range(2):
        shell.take(delivery(message)._replace(retained=True), NOON, turn)
    assert [(type(heard), heard.code) for heard in core.heard if isinstance(heard, Unreadable)] == [
        (Unreadable, "retained")
    ] * 2
    assert turn.arrived == []
    shell.take(delivery(message), NOON, turn)
    assert core.heard[-1] == message


def test_only_news_of_a_peer_reaches_the_core_and_only_of_peers_that_it_listens_to() -> None:
    core, turn = Log(), Turn()
    shell = intake(core, Past())
    for message in (health(Presence.UP), health(Presence.UP), health(Presence.UP, source="monitor")):
        shell.take(delivery(message), NOON, turn)
    assert core.heard == [health(Presence.UP)]
    assert [(birth.peer, birth.news) for birth in turn.births] == [("us", True), ("us", False), ("monitor", True)]


def test_the_bug_that_ended_a_turn_keeps_what_was_done_before_it() -> None:
    core, turn = Log(deadly="x"), Turn()
    shell = intake(core, Past())
    before, deadly = answer(), answer("x")
    for message in (before, deadly):
        shell.take(delivery(message), NOON, turn)
    assert [heard.message for heard in turn.heard] == [before]
    assert turn.bug is not None
    assert turn.bug.message == deadly
    assert "ValueError: deadly" in turn.bug.error


def test_a_message_that_has_killed_three_times_comes_as_a_dead_letter_once() -> None:
    deadly = answer("x")
    core, past, turn = Log(deadly="x"), Past(), Turn()
    shell = intake(core, past, {deadly.id: 3})
    for _ in range(2):
        shell.take(delivery(deadly), NOON, turn)
    assert turn.bug is None
    (letter,) = core.heard
    assert isinstance(letter, Unreadable)
    assert (letter.code, letter.cause) == ("dead-letter", deadly.id)


def raising(topic: str, payload: bytes, now: datetime) -> list[Message]:
    raise RecursionError("too deep")


def test_bytes_that_kill_the_reading_of_them_are_set_aside_too() -> None:
    bytes_sent = Delivery("hotline/v1/line/us/ru", b"[[[[", retained=False, qos=1, mid=1, life=1)
    turn = Turn()
    intake(Log(), Past(), hear=raising).take(bytes_sent, NOON, turn)
    assert turn.bug is not None
    assert turn.bug.message.id == input_id(bytes_sent.topic, bytes_sent.payload)
    core, turn = Log(), Turn()
    intake(core, Past(), {input_id(bytes_sent.topic, bytes_sent.payload): 3}, raising).take(bytes_sent, NOON, turn)
    (letter,) = core.heard
    assert isinstance(letter, Unreadable)
    assert letter.code == "dead-letter"


def test_a_core_whose_deadline_does_not_move_is_a_bug() -> None:
    core, turn = Log(), Turn()
    core.next_deadline = NOON
    intake(core, Past()).lapse(NOON, turn)
    assert turn.bug is not None
    assert "still waits" in turn.bug.error


def test_a_late_will_of_an_earlier_session_is_no_news() -> None:
    peers = Peers()
    assert peers.news(health(Presence.UP, "s1"))
    assert peers.news(health(Presence.UP, "s2"))
    assert not peers.news(health(Presence.DOWN, "s1"))
    assert peers.news(health(Presence.DOWN, "s2"))
    assert peers.is_down("us")


class Line:
    """A connection that keeps what is published, and confirms when told."""

    def __init__(self) -> None:
        self.up = True
        self.backlog = 0
        self.published: list[str] = []
        self.confirm: list[Callable[[PublishRefused | None], object]] = []

    def publish(
        self,
        topic: str,
        payload: bytes,  # noqa: ARG002
        done: Callable[[PublishRefused | None], object],
        *,
        retain: bool = False,  # noqa: ARG002
        headers: Headers | None = None,  # noqa: ARG002
    ) -> bool:
        self.published.append(topic)
        self.confirm.append(done)
        return True

    def show(self, topic: str, payload: bytes) -> None:
        raise AssertionError(f"nothing is to be shown on {topic}: {payload!r}")


def to_ru(author: Author) -> Message:
    return author.say(Answer, NOON, to="ru", call_id="c")


def announced(author: Author) -> Message:
    return author.say(LineAnnounced, NOON, state=AnnouncedState.OPEN)


def test_after_the_broker_forgot_us_a_peer_is_spoken_to_when_it_is_heard_from() -> None:
    line, author = Line(), Author("us")
    dispatch = Dispatch(line, Peers(), lambda: 0.0)
    dispatch.connected(session_present=False)
    dispatch.send([to_ru(author), announced(author)])
    assert line.published == ["hotline/v1/event/us"]
    dispatch.peer_up("ru", news=True)
    assert line.published == ["hotline/v1/event/us", "hotline/v1/line/us/ru"]


def test_a_peer_that_is_heard_before_the_broker_has_said_yes_is_spoken_to() -> None:
    line = Line()
    line.up = False
    dispatch = Dispatch(line, Peers(), lambda: 0.0)
    dispatch.send([to_ru(Author("us"))])
    dispatch.peer_up("ru", news=True)
    line.up, line.published = True, []
    dispatch.connected(session_present=False)
    assert line.published == ["hotline/v1/line/us/ru"]


def test_what_waits_for_a_silent_peer_is_sent_after_two_seconds_all_the_same() -> None:
    line, times = Line(), [0.0]
    dispatch = Dispatch(line, Peers(), lambda: times[0])
    dispatch.send([to_ru(Author("us"))])
    dispatch.send_due()
    assert line.published == []
    times[0] = 2.0
    dispatch.send_due()
    assert line.published == ["hotline/v1/line/us/ru"]


def test_nothing_is_sent_again_to_a_peer_that_is_gone_until_it_is_back() -> None:
    line, peers, times = Line(), Peers(), [0.0]
    dispatch = Dispatch(line, peers, lambda: times[0])
    dispatch.connected(session_present=True)
    dispatch.send([to_ru(Author("us"))])
    peers.news(health(Presence.DOWN, source="ru"))
    times[0] = 1_000.0
    dispatch.send_due()
    assert len(line.published) == 1
    dispatch.peer_up("ru", news=True)
    assert len(line.published) == 2


def test_a_peer_that_comes_and_goes_all_the_time_adds_nothing_to_what_the_broker_is_behind_with() -> None:
    line, times = Line(), [0.0]
    dispatch = Dispatch(line, Peers(), lambda: times[0])
    dispatch.connected(session_present=True)
    dispatch.send([to_ru(Author("us"))])
    line.backlog = CROWDED + 1
    for _ in range(100):
        dispatch.peer_up("ru", news=True)
    assert len(line.published) == 1
    line.backlog = 0
    dispatch.send_due()
    assert len(line.published) == 2


def test_a_peer_that_is_behind_but_at_work_is_not_sent_everything_again() -> None:
    line, author, times = Line(), Author("us"), [0.0]
    dispatch = Dispatch(line, Peers(), lambda: times[0])
    dispatch.connected(session_present=True)
    messages = [to_ru(author) for _ in range(1_000)]
    dispatch.send(messages)
    times[0], line.published = 1.9, []
    dispatch.received("ru", [messages[0].id])
    times[0] = 2.0
    dispatch.send_due()
    assert 0 < len(line.published) <= 20
    times[0] = 40.0
    dispatch.send_due()
    assert len(line.published) >= 999


def test_a_broadcast_has_arrived_when_the_broker_says_so_and_a_line_message_when_the_peer_does() -> None:
    line, author = Line(), Author("us")
    dispatch = Dispatch(line, Peers(), lambda: 0.0)
    dispatch.connected(session_present=True)
    personal, broadcast = to_ru(author), announced(author)
    dispatch.send([personal, broadcast])
    for done in line.confirm:
        done(None)
    assert dispatch.take_confirmed() == [broadcast.id]
    dispatch.received("ru", [personal.id])
    assert dispatch.take_confirmed() == [personal.id]
    assert len(dispatch) == 0


def test_a_refused_publish_is_counted_and_kept() -> None:
    line = Line()
    dispatch = Dispatch(line, Peers(), lambda: 0.0)
    dispatch.connected(session_present=True)
    dispatch.send([announced(Author("us"))])
    line.confirm[0](PublishRefused("hotline/v1/event/us", "Not authorized"))
    assert (dispatch.refused, len(dispatch)) == (1, 1)


def clock(real: list[datetime], speed: float = 60.0) -> ScaledClock:
    setting = Clock(id="c", source="d", seq=0, time=NOON, simulated_start=NOON, real_start=real[0], speed=speed)
    return ScaledClock(setting, lambda: real[0])


def test_a_minute_at_sixty_times_the_speed_takes_a_second() -> None:
    real = [datetime(2026, 1, 1, tzinfo=UTC)]
    scaled = clock(real)
    assert scaled.real_delay(NOON + 60 * SECOND) == 1.0
    real[0] += SECOND
    assert scaled.now() == NOON + 60 * SECOND
    assert scaled.real_delay(NOON) == 0.0


def test_time_stands_still_rather_than_go_back() -> None:
    real = [datetime(2026, 1, 1, tzinfo=UTC)]
    scaled = clock(real)
    real[0] += SECOND
    assert scaled.now() == NOON + 60 * SECOND
    real[0] -= SECOND
    assert scaled.now() == NOON + 60 * SECOND
    assert scaled.not_before(NOON + 90 * SECOND) == 30 * SECOND
    assert scaled.now() == NOON + 90 * SECOND


@pytest.mark.parametrize("start", ["0001-01-01T00:00:00+14:00", "2017-06-18T12:00:00Z", "9999-12-31T23:59:59-12:00"])
@pytest.mark.parametrize("real_start", ["0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("speed", [5e-324, 60.0, 100_000.0])
def test_a_clock_beyond_all_bounds_stands_still_at_them(start: str, real_start: str, speed: float) -> None:
    real = [datetime(2026, 1, 1, tzinfo=UTC)]
    said = {"simulated_start": start, "real_start": real_start, "speed": speed}
    setting = msgspec.convert({"id": "c", "source": "d", "seq": 0, "time": NOON, "type": "clock", **said}, Clock)
    scaled = ScaledClock(setting, lambda: real[0])
    before = scaled.now()
    real[0] += SECOND
    assert EARLIEST <= before <= scaled.now() <= LATEST
    assert scaled.real_delay(LATEST + 60 * SECOND) > 0


AGREEMENT = Agreement(
    name="test",
    parties=("us", "ru"),
    altitude_blocks=(Block(name="low", lower_ft=0, upper_ft=10_000),),
    tiers=(TierRule(tier=Tier.DUTY_OFFICER),),
)


def test_a_speed_at_which_delay_eats_a_tenth_of_the_shortest_deadline_is_refused() -> None:
    check_speed(1_200, 0.005, AGREEMENT)
    with pytest.raises(
        TooFastError, match=r"At 1300x .* 6.5 simulated seconds .* deadline of 60 s. At most 1,200x would do"
    ):
        check_speed(1_300, 0.005, AGREEMENT)


@pytest.mark.parametrize(
    ("url", "settings"),
    [
        ("mqtt://10.0.0.1", BrokerSettings(host="10.0.0.1")),
        (
            "mqtts://us:p%40ss@broker",
            BrokerSettings(host="broker", port=8883, username="us", password="p@ss", tls=True),  # noqa: S106
        ),
        ("broker:2000", BrokerSettings(host="broker", port=2000)),
    ],
)
def test_a_broker_is_named_by_one_line(url: str, settings: BrokerSettings) -> None:
    assert BrokerSettings.from_url(url) == settings


def test_a_broker_is_not_named_by_another_kind_of_line() -> None:
    with pytest.raises(ValueError, match="begins with mqtt:// or mqtts://, not http://"):
        BrokerSettings.from_url("http://broker")


@pytest.mark.parametrize("error", [OSError, ArithmeticError, SystemExit])
async def test_whoever_waits_for_a_thread_is_told_what_ended_it(error: type[BaseException]) -> None:
    def work() -> None:
        raise error("of this")

    with pytest.raises(error, match="of this"):
        async with asyncio.timeout(90):
            await in_daemon_thread(work)
