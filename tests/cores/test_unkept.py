"""What is sent with QoS 0 is out of date at once: it is sent or it is not, and nobody writes it down."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from hotline_protocol.events import LineAnnounced
from hotline_protocol.injection import AnnouncedState
from hotline_protocol.message import Author, Message
from hotline_protocol.sky import Tracks
from hotline_protocol.topics import EVENT, TOPICS, TRACK, address_of, encode, is_kept
from hotline_services.delivery.presence import Peers
from hotline_services.delivery.tracing import Headers
from hotline_services.records.record import Record
from hotline_services.runtime.dispatch import Dispatch
from hotline_services.runtime.intake import Intake, Turn
from hotline_services.runtime.journal import Journal
from hotline_services.runtime.replay import Past, replay
from hotline_services.runtime.service import Service
from hotline_services.runtime.store import Heard
from hotline_services.runtime.wire import Delivery, PublishRefused

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)


def tracks(number: int) -> Tracks:
    return Tracks(id=f"tracks-{number}", source="sky", seq=0, time=NOON, tracks=())


class Radar:
    """Says at each lapse where things are, and that it has looked."""

    next_deadline: datetime | None = NOON

    def __init__(self, epoch: str) -> None:
        self._author = Author("sky", epoch)
        self.heard: list[Message] = []

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:  # noqa: ARG002
        self.heard.append(message)
        return []

    def lapse(self, now: datetime) -> Sequence[Message]:
        self.next_deadline = None
        return [tracks(1), self._author.say(LineAnnounced, now, state=AnnouncedState.OPEN), tracks(2)]


class Line:
    """A connection that keeps what it is given."""

    up, backlog = True, 0

    def __init__(self) -> None:
        self.published: list[str] = []
        self.shown: list[str] = []

    def publish(
        self,
        topic: str,
        payload: bytes,  # noqa: ARG002
        done: Callable[[PublishRefused | None], object],  # noqa: ARG002
        *,
        retain: bool = False,  # noqa: ARG002
        headers: Headers | None = None,  # noqa: ARG002
    ) -> bool:
        self.published.append(topic)
        return True

    def show(self, topic: str, payload: bytes) -> None:  # noqa: ARG002
        self.shown.append(topic)


def turn_of(core: Radar) -> Turn:
    service = Service(name="sky", core=lambda _: core, subscriptions=[])
    turn = Turn()
    Intake(service, core, Past(), {}).lapse(NOON, turn)
    return turn


def test_only_tracks_are_not_kept() -> None:
    assert [topic for topic in TOPICS if topic.qos == 0] == [TRACK]
    assert not is_kept(tracks(1))


def test_what_is_not_kept_is_said_but_belongs_in_no_journal() -> None:
    turn = turn_of(Radar("e"))
    assert [type(message) for message in turn.said] == [Tracks, LineAnnounced, Tracks]
    assert [type(message) for message in turn.kept] == [LineAnnounced]


def test_what_is_not_kept_is_sent_once_and_waits_for_nobody() -> None:
    line = Line()
    dispatch = Dispatch(line, Peers(), lambda: 0.0)
    dispatch.send(turn_of(Radar("e")).said)
    assert (line.shown, line.published) == (["hotline/v1/track/sky"] * 2, [EVENT.filter(source="sky")])
    assert len(dispatch) == 1
    dispatch.connected(session_present=False)
    assert len(line.shown) == 2


def test_a_journal_without_them_replays(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sky.sqlite3", "sky")
    turn = turn_of(Radar(journal.epoch))
    journal.commit(turn.heard, turn.kept, [])
    assert sum(1 for _ in replay(Radar(journal.epoch), journal.recover(), Past())) == 1
    assert [type(message) for message in journal.recover().unconfirmed] == [LineAnnounced]
    journal.close()


def test_they_are_heard_each_time_and_leave_no_memory() -> None:
    core = Radar("e")
    past, turn = Past(), Turn()
    intake = Intake(Service(name="map", core=lambda _: core, subscriptions=[]), core, past, {})
    for number in (1, 2):
        told = tracks(number)
        intake.take(Delivery(address_of(told), encode(told), retained=False, qos=0, mid=0, life=1), NOON, turn)
    assert core.heard == [tracks(1), tracks(2)]
    assert past.seen.first_time(tracks(1))


def test_the_record_holds_none(tmp_path: Path) -> None:
    record = Record(tmp_path / "monitor.sqlite3")
    event = Author("sky", "e").say(LineAnnounced, NOON, state=AnnouncedState.OPEN)
    record.commit([Heard(NOON, tracks(1)), Heard(NOON, event)], [], [])
    assert record.progress().marks[0].highest == 1
    assert [message.id for message in record.said_between("e", 0, 9)] == []
    record.close()
