"""What a shell with a roster takes in: only what is signed, in its order, and saying one thing for each number."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from hotline_protocol.line import Answer
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Clock, Health, Presence, Stop
from hotline_protocol.topics import address_of, encode
from hotline_services.runtime.guard import CONTRADICTED, GRACE_S, LATE, REPLAYED, TOLD, Contents, Guard, contradicted
from hotline_services.runtime.signing import bad_signature
from hotline_services.runtime.wire import Delivery

NOON = datetime(2020, 1, 1, 12, tzinfo=UTC)
FORGED = b"forged"


def check(_address: str, payload: bytes) -> Any:
    return bad_signature("forged") if payload == FORGED else None


class Settled(Guard):
    """One that has been connected for long."""

    def __init__(self) -> None:
        self.now_s = 100.0
        super().__init__(check, "ru", lambda: self.now_s)


def code(guard: Guard, message: Message, *, retained: bool = False, again: bool = False) -> str:
    problem = guard.problem(Delivery(address_of(message), encode(message), retained, 1, 1, 1, again=again))
    return problem.code if problem else ""


def clock(minutes: int, **fields: Any) -> Clock:
    set_at = NOON + timedelta(minutes=minutes)
    fields = {"id": f"c{minutes}", "source": "director", "speed": 1.0, **fields}
    return Clock(seq=0, time=NOON, simulated_start=NOON, real_start=set_at, **fields)


def health(seconds: int, session: str = "a", presence: Presence = Presence.UP, source: str = "us") -> Health:
    name = f"{source}-{session}-{seconds}-{presence.value}"
    at = NOON + timedelta(seconds=seconds)
    return Health(id=name, source=source, seq=0, time=at, presence=presence, session=session)


def test_without_a_roster_everything_is_taken() -> None:
    guard = Guard(None)
    assert guard.problem(Delivery("hotline/v1/clock", FORGED, retained=False, qos=1, mid=1, life=1)) is None
    assert code(guard, clock(2)) == code(guard, clock(1)) == ""
    assert guard.contents is None


def test_what_is_forged_is_refused_and_counted() -> None:
    guard = Settled()
    for count in (1, 2):
        guard.now_s += 60
        assert guard.problem(Delivery("hotline/v1/line/us/ru", FORGED, retained=False, qos=1, mid=1, life=1))
        assert guard.refused == count


def test_the_same_bytes_are_reported_once_in_ten_seconds_and_counted_each_time() -> None:
    guard = Settled()
    codes = []
    for seconds in (0, 5, 5, 1):
        guard.now_s += seconds
        problem = guard.problem(Delivery("hotline/v1/line/us/ru", FORGED, retained=False, qos=1, mid=1, life=1))
        codes.append(problem and problem.code)
    assert codes == ["bad-signature", TOLD.code, TOLD.code, "bad-signature"]
    assert guard.refused == 4


def test_older_state_that_the_broker_delivers_again_is_nobodys_fault() -> None:
    guard = Settled()
    assert [code(guard, clock(minutes)) for minutes in (1, 3)] == ["", ""]
    assert [code(guard, health(seconds)) for seconds in (10, 20)] == ["", ""]
    assert [code(guard, older, again=True) for older in (clock(1), health(10))] == [LATE.code, LATE.code]
    assert guard.refused == 0


def test_an_older_clock_of_the_same_source_is_refused() -> None:
    guard = Settled()
    assert [code(guard, clock(minutes)) for minutes in (1, 1, 3, 2, 3, 4)] == ["", "", "", REPLAYED, "", ""]
    assert code(guard, clock(0, source="us")) == ""
    assert guard.refused == 1


def test_older_state_that_the_broker_had_kept_is_late_and_nobodys_fault() -> None:
    guard = Settled()
    guard.connected()
    assert code(guard, clock(2)) == ""
    assert code(guard, clock(1)) == LATE.code
    guard.now_s += GRACE_S
    assert code(guard, clock(1)) == REPLAYED
    assert code(guard, clock(1), retained=True) == LATE.code
    assert guard.refused == 1


def test_an_older_sign_of_life_of_the_same_session_is_refused() -> None:
    guard = Settled()
    assert [code(guard, health(second)) for second in (1, 2, 2, 1, 3)] == ["", "", "", REPLAYED, ""]


def test_a_session_that_another_has_followed_says_nothing_again_but_can_go_on() -> None:
    guard = Settled()
    assert [code(guard, health(9, "a")), code(guard, health(1, "b"))] == ["", ""]
    assert code(guard, health(9, "a")) == REPLAYED
    assert code(guard, health(10, "a")) == ""
    assert code(guard, health(2, "b")) == ""


def test_a_will_counts_once_though_it_bears_the_time_of_its_connect() -> None:
    guard = Settled()
    will = health(1, presence=Presence.DOWN)
    assert [code(guard, each) for each in (health(1), health(5), will, will)] == [""] * 4
    assert code(guard, health(6)) == ""
    assert code(guard, will) == REPLAYED
    assert code(guard, health(6, presence=Presence.DOWN)) == ""


def test_signs_of_life_of_several_services_do_not_disturb_each_other() -> None:
    guard = Settled()
    assert [code(guard, health(9)), code(guard, health(1, source="ru"))] == ["", ""]


def stop(seconds: int) -> Stop:
    return Stop(id=f"s{seconds}", source="control", seq=0, time=NOON + timedelta(seconds=seconds), to="ru")


def test_an_order_to_stop_that_was_said_before_we_were_up_stops_nothing() -> None:
    guard = Settled()
    assert code(guard, stop(5)) == REPLAYED
    assert code(guard, health(10, source="ru")) == ""
    assert code(guard, health(20, source="ru")) == ""
    assert [code(guard, stop(seconds)) for seconds in (9, 10, 15)] == [REPLAYED, "", ""]


def test_one_number_says_one_thing() -> None:
    author, contents = Author("us", "e1"), Contents()
    first, second = (author.say(Answer, NOON, to="ru", call_id=name) for name in ("1", "2"))
    assert [contents.contradicts(each) for each in (second, first, first, second)] == [False] * 4
    other = msgspec.structs.replace(first, call_id="other")
    assert contents.contradicts(other)
    assert not contents.contradicts(first)
    assert not contents.contradicts(msgspec.structs.replace(other, epoch="e2"))
    assert not contents.contradicts(msgspec.structs.replace(other, source="ru"))
    assert not contents.contradicts(msgspec.structs.replace(first, seq=0))
    assert not contents.contradicts(msgspec.structs.replace(other, seq=0))
    assert contradicted(other).code == CONTRADICTED
