"""Changes that name only what is changed: orders of the page and the desk, and ICAO messages about a filed plan."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState, Priority
from hotline_protocol.hearing import ear
from hotline_protocol.injection import CancelPlan, ChangePlan, FileMessage, SubmitPlan
from hotline_protocol.topics import INJECT
from hotline_services.injecting import read_texts

from .joined import DAWN, FAR_EAST, Joined, minutes, plan

FPL = "(FPL-EXER11-IM-2F18/M-SDFG/S-OSDZ0900-N0471F310 DCT RAQQA DCT 3520N04010E-OSLK0130-DOF/170618 RMK/PATROL)"
NAME = "EXER11-20170618-0900"


def hand_in(world: Joined, text: str, to: str = "us") -> None:
    for message in ear(INJECT.filter(to=to), text.encode(), world.now):
        world.deliver(message)


def filed(*texts: str) -> Joined:
    world = Joined()
    for text in (FPL, *texts):
        hand_in(world, text)
    world.run(minutes=5)
    return world


def stands(world: Joined, plan_id: str = NAME) -> FlightPlan:
    return world.centres["us"].plans[plan_id].plan


def refusal(world: Joined) -> str:
    problem = world.all(InputRejected)[-1].problem
    return f"{problem.field}: {problem.reason}"


# Orders ------------------------------------------------------------------------------------------------------


def test_an_order_changes_what_it_names_and_nothing_else() -> None:
    world, first = Joined(), plan("p", FAR_EAST)
    world.file("us", first)
    world.tell("us", ChangePlan, plan_id="p", shift_min=30, lower_ft=19_000)
    shift = minutes(30)
    expected = msgspec.structs.replace(
        first, version=2, lower_ft=19_000, start=first.start + shift, end=first.end + shift
    )
    assert stands(world, "p") == expected
    world.tell("us", ChangePlan, plan_id="p", priority=Priority.PRIORITY, end=first.end + minutes(60))
    assert stands(world, "p").number == 3
    assert stands(world, "p").priority is Priority.PRIORITY
    assert stands(world, "p").lower_ft == 19_000


def test_orders_that_follow_on_each_other_add_up_before_the_first_is_agreed() -> None:
    world, first = Joined(), plan("p")
    world.file("us", first)
    world.lost = lambda message: hasattr(message, "call_id")
    world.tell("us", ChangePlan, plan_id="p", shift_min=30)
    world.tell("us", ChangePlan, plan_id="p", upper_ft=19_500)
    world.lost = lambda _: False
    world.run(minutes=60)
    assert stands(world, "p").number == 3
    assert (stands(world, "p").start, stands(world, "p").upper_ft) == (first.start + minutes(30), 19_500)


def test_what_bargaining_has_moved_is_changed_from_where_it_is() -> None:
    world, ours = Joined(), plan("us-1")
    world.file("ru", plan("ru-1"))
    world.file("us", ours)
    (moved,) = world.status("us-1").volumes
    world.said.clear()
    world.tell("us", ChangePlan, plan_id="us-1", end=moved.end - minutes(15))
    (after,) = world.status("us-1").volumes
    assert after == msgspec.structs.replace(moved, end=moved.end - minutes(15))


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"plan_id": "none", "shift_min": 5}, "plan_id"),
        ({"plan_id": "over", "shift_min": 5}, "plan_id"),
        ({"plan_id": "p"}, "plan_id"),
    ],
)
def test_an_order_that_cannot_be_followed_is_refused_with_its_field(order: dict[str, object], field: str) -> None:
    world = Joined()
    world.file("us", plan("p", FAR_EAST))
    world.file("us", plan("over"))
    world.tell("us", CancelPlan, plan_id="over")
    world.tell("us", ChangePlan, **order)
    assert refusal(world).startswith(f"{field}: ")


def test_an_order_to_an_impossible_time_is_refused_and_the_plan_stands() -> None:
    world, first = Joined(), plan("p", FAR_EAST)
    world.file("us", first)
    world.tell("us", ChangePlan, plan_id="p", end=first.start - minutes(5))
    refused = world.all(PlanStatus)[-2]
    assert refused.state is PlanState.REFUSED
    assert refused.problem is not None
    assert refused.problem.field == "end"
    assert stands(world, "p") == first


# ICAO messages -----------------------------------------------------------------------------------------------


def test_a_delay_moves_the_plan_to_its_new_time() -> None:
    world = filed()
    before = stands(world)
    hand_in(world, "(DLA-EXER11-OSDZ0945-OSLK-DOF/170618)")
    world.run(minutes=5)
    after = stands(world)
    assert (after.number, world.status(NAME).state) == (2, PlanState.ACCEPTED)
    assert (after.start - before.start, after.end - before.end) == (timedelta(minutes=45), timedelta(minutes=45))
    assert after.area == before.area


def test_a_delay_over_midnight_is_of_the_next_day() -> None:
    world = filed(FPL.replace("OSDZ0900", "OSDZ2330"))
    hand_in(world, "(DLA-EXER11-OSDZ0015-OSLK-0)")
    problem = world.all(InputRejected)
    assert problem, "two flights of that day are meant: it must say which"
    world = Joined()
    hand_in(world, FPL.replace("OSDZ0900", "OSDZ2330"))
    hand_in(world, "(DLA-EXER11-OSDZ0015-OSLK-0)")
    world.run(minutes=5)
    assert stands(world, "EXER11-20170618-2330").icao is not msgspec.UNSET
    assert "OSDZ0015" in str(stands(world, "EXER11-20170618-2330").icao)
    assert "DOF/170619" in str(stands(world, "EXER11-20170618-2330").icao)


def test_a_change_gives_the_fields_that_it_names_other_contents() -> None:
    world = filed()
    before = stands(world)
    hand_in(world, "(CHG-EXER11-OSDZ0900-OSLK-DOF/170618-15/N0471F250 DCT RAQQA DCT 3520N04010E-8/IX)")
    world.run(minutes=5)
    after = stands(world)
    assert (after.number, after.lower_ft, after.upper_ft) == (2, 24_500, 25_500)
    assert after.area == before.area
    hand_in(world, "(CHG-EXER11-OSDZ0900-OSLK-DOF/170618-16/OSLK0200-18/STS/MEDEVAC)")
    world.run(minutes=5)
    assert stands(world).number == 3
    assert stands(world).end - stands(world).start > after.end - after.start
    assert stands(world).priority is Priority.PRIORITY


def test_a_change_that_cannot_be_read_is_refused_with_its_field_and_the_plan_stands() -> None:
    world = filed()
    hand_in(world, "(CHG-EXER11-OSDZ0900-OSLK-DOF/170618-15/N0471F250 NOWHERE)")
    assert "NOWHERE" in refusal(world)
    assert stands(world).number == 1
    assert world.status(NAME).state is PlanState.ACCEPTED


def test_a_departure_begins_the_flight_when_it_left() -> None:
    world = filed()
    before = stands(world)
    hand_in(world, "(DEP-EXER11-OSDZ0907-OSLK-DOF/170618)")
    world.run(minutes=5)
    assert stands(world).start - before.start == timedelta(minutes=7)


def test_an_arrival_gives_the_rest_of_the_air_back() -> None:
    world = filed()
    world.run(minutes=(stands(world).start - DAWN) / timedelta(minutes=1) + 10)
    assert world.status(NAME).state is PlanState.ACTIVATED
    hand_in(world, f"(ARR-EXER11-OSDZ-OSLK{world.now:%H%M})")
    world.run(minutes=1)
    assert world.status(NAME).state is PlanState.ENDED
    assert list(world.centres["ru"].ledgers["us"].standing("ru", world.now)) == []


@pytest.mark.parametrize(
    "text",
    [
        "(DLA-EXER12-OSDZ0945-OSLK-DOF/170618)",
        "(DLA-EXER11-OSAP0945-OSLK-DOF/170618)",
        "(DLA-EXER11-OSDZ0945-OSAP-DOF/170618)",
        "(DLA-EXER11-OSDZ0945-OSLK-DOF/170622)",
        "(CHG-EXER11-OSDZ0930-OSLK-DOF/170618-16/OSLK0200)",
        "(DEP-EXER12-OSDZ0907-OSLK-0)",
        "(ARR-EXER12-OSDZ-OSLK1030)",
    ],
)
def test_a_message_that_names_no_known_plan_is_refused_by_the_name_that_it_gives(text: str) -> None:
    world = filed()
    hand_in(world, text)
    assert text[5:11] in refusal(world)
    assert text[1:4] in refusal(world)
    assert stands(world).number == 1


def test_a_cancellation_by_the_new_time_cancels_the_plan_that_was_delayed() -> None:
    world = filed("(DLA-EXER11-OSDZ0945-OSLK-DOF/170618)")
    hand_in(world, "(CNL-EXER11-OSDZ0945-OSLK-DOF/170618)")
    assert world.status(NAME).state is PlanState.WITHDRAWN


OTHERS_BLOCK = plan("ru-1", lower_ft=30_000, upper_ft=32_000, lasts=2)
OTHERS_TIME = plan("ru-1", lower_ft=10_000, upper_ft=34_000, hours=2, lasts=1.2)


def moved_by_bargaining(others: FlightPlan = OTHERS_BLOCK) -> Joined:
    """The plan at another height or time than was filed, since the other side flies there."""
    world = Joined()
    world.file("ru", others)
    hand_in(world, FPL)
    world.run(minutes=60)
    status = world.status(NAME)
    assert (status.state, status.as_filed) == (PlanState.ACCEPTED, False)
    return world


def air_of(world: Joined) -> list[tuple[object, int, int]]:
    return [(volume.area, volume.lower_ft, volume.upper_ft) for volume in world.centres["us"].plans[NAME].volumes]


def off_block(world: Joined) -> str:
    """The EOBT of the plan as it was agreed."""
    return f"{world.centres['us'].plans[NAME].start:%H%M}"


def test_a_message_changes_only_what_it_says_of_a_plan_that_bargaining_has_moved() -> None:
    world = moved_by_bargaining()
    agreed, when = air_of(world), off_block(world)
    hand_in(world, f"(CHG-EXER11-OSDZ{when}-OSLK-DOF/170618-18/RMK/TANKER)")
    world.run(minutes=5)
    assert (stands(world).number, stands(world).remarks) == (2, "TANKER")
    assert air_of(world) == agreed
    assert off_block(world) == when
    hand_in(world, f"(CHG-EXER11-OSDZ{when}-OSLK-DOF/170618-15/N0471F250 DCT RAQQA DCT 3520N04010E)")
    world.run(minutes=60)
    assert (stands(world).number, stands(world).lower_ft, stands(world).upper_ft) == (3, 24_500, 25_500)


def test_a_delay_keeps_the_place_and_height_to_which_bargaining_has_moved_a_plan() -> None:
    world = moved_by_bargaining()
    hand_in(world, "(DLA-EXER11-OSDZ1200-OSLK-DOF/170618)")
    world.run(minutes=60)
    after = stands(world)
    assert (after.number, f"{after.start:%H%M}") == (2, "1200")
    assert (after.lower_ft, after.upper_ft) != (30_500, 31_500)


@pytest.mark.parametrize("text", ["(CHG-EXER11-OSDZ{}-OSLK-DOF/170618-18/RMK/TANKER)", "(DEP-EXER11-OSDZ{}-OSLK-0)"])
@pytest.mark.parametrize("filed_at", [True, False])
def test_a_plan_that_bargaining_has_moved_is_named_by_the_filed_and_by_the_agreed_time(
    text: str, filed_at: bool
) -> None:
    world = moved_by_bargaining(OTHERS_TIME)
    assert off_block(world) != "0900"
    hand_in(world, text.format("0900" if filed_at else off_block(world)))
    world.run(minutes=5)
    assert not world.all(InputRejected)


def test_the_arrival_of_a_flight_that_bargaining_has_moved_gives_the_rest_of_the_air_back() -> None:
    world = moved_by_bargaining()
    world.run(minutes=(world.centres["us"].plans[NAME].start - world.now) / timedelta(minutes=1) + 10)
    hand_in(world, f"(ARR-EXER11-OSDZ-OSLK{world.now:%H%M})")
    world.run(minutes=1)
    assert world.status(NAME).state is PlanState.ENDED


def test_a_plan_that_bargaining_has_moved_in_time_is_cancelled_by_either_time() -> None:
    for filed_at in (True, False):
        world = moved_by_bargaining(OTHERS_TIME)
        hand_in(world, f"(CNL-EXER11-OSDZ{'0900' if filed_at else off_block(world)}-OSLK-DOF/170618)")
        assert world.status(NAME).state is PlanState.WITHDRAWN


def test_a_later_message_names_the_plan_by_its_new_time() -> None:
    world = filed("(DLA-EXER11-OSDZ0945-OSLK-DOF/170618)")
    hand_in(world, "(CHG-EXER11-OSDZ0945-OSLK-DOF/170618-18/RMK/TANKER)")
    world.run(minutes=5)
    assert stands(world).number == 3
    assert stands(world).remarks == "TANKER"


def test_an_order_that_moves_a_filed_plan_in_time_moves_the_time_by_which_messages_name_it() -> None:
    world = filed()
    world.tell("us", ChangePlan, plan_id=NAME, shift_min=15)
    world.run(minutes=5)
    hand_in(world, "(CHG-EXER11-OSDZ0915-OSLK-DOF/170618-18/RMK/TANKER)")
    world.run(minutes=5)
    assert stands(world).number == 3


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("(DLA-EXER11-OSDZ-OSLK-0)", "field 13"),
        ("(DLA-EXER11-OSDZ2460-OSLK-0)", "field 13"),
        ("(CHG-EXER11-OSDZ0900-OSLK-0)", "field 22"),
        ("(CHG-EXER11-OSDZ0900-OSLK-0-22/X)", "field 22"),
        ("(ARR-EXER11-OSDZ)", "field 17"),
        ("(DEP-E-OSDZ0900-OSLK-0)", "field 7"),
        ("(DLA-EXER11-OSDZ0900-OSLK-DOF/179918)", "field 18 DOF"),
    ],
)
def test_a_message_that_is_not_well_formed_is_refused_before_it_is_sent(text: str, field: str) -> None:
    reading = read_texts([("", text.encode())], datetime(2017, 6, 18, tzinfo=UTC))
    assert not reading.letters
    assert [complaint.problem.field for complaint in reading.complaints] == [field]


def test_the_message_is_handed_on_as_it_was_written() -> None:
    (message,) = ear(INJECT.filter(to="us"), b"(dla-exer11/a1234\n-osdz0945 -oslk-0)", DAWN)
    assert isinstance(message, FileMessage)
    assert message.text == "(DLA-EXER11/A1234 -OSDZ0945 -OSLK-0)"


def test_a_plan_keeps_the_message_that_it_was_read_from() -> None:
    (message,) = ear(INJECT.filter(to="us"), FPL.replace("DOF/170618 ", "").encode(), DAWN)
    assert isinstance(message, SubmitPlan)
    assert "DOF/170618 RMK/PATROL" in str(message.plan.icao)


# Changes in a file, or on the page -----------------------------------------------------------------------------


CHANGE = b'{"type": "change-plan", "plan_id": "p", "shift_min": 30, "to": "ru"}'


def test_a_change_in_a_text_is_handed_on_for_the_party_that_is_named() -> None:
    reading = read_texts([("", b"[" + CHANGE + b"," + msgspec.json.encode(plan("q")) + b"]")], DAWN)
    change, _ = reading.letters
    assert (change.changes, change.about, change.name) == ("change", "p", "change about p")
    assert msgspec.json.decode(change.payload) == {"type": "change-plan", "plan_id": "p", "shift_min": 30}
    assert reading.complaints == ()
    for text in (change.payload, b"[" + change.payload + b"]"):
        (order,) = ear(INJECT.filter(to="us"), text, DAWN)
        assert isinstance(order, ChangePlan)
        assert (order.to, order.plan_id, order.shift_min, order.lower_ft) == ("us", "p", 30, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [({"shift_min": 5_000}, "shift_min"), ({"upper_ft": "high"}, "upper_ft"), ({"priority": "top"}, "priority")],
)
def test_what_is_wrong_with_a_change_is_told_with_its_field(fields: dict[str, object], field: str) -> None:
    text = msgspec.json.encode({"type": "change-plan", "plan_id": "p", **fields})
    reading = read_texts([("", text)], DAWN)
    assert not reading.letters
    assert [complaint.problem.field for complaint in reading.complaints] == [field]


def test_a_field_that_no_change_has_is_told() -> None:
    text = msgspec.json.encode({"type": "change-plan", "plan_id": "p", "shift": 30, "upper_ft": 19_000})
    reading = read_texts([("", text)], DAWN)
    assert [note.problem.field for note in reading.notes] == ["shift"]


def test_a_whole_number_with_a_point_is_taken_in_a_change_wherever_it_stands() -> None:
    change = b'{"type": "change-plan", "plan_id": "p", "shift_min": 30.0}'
    for text in (change, b"[" + change + b"]", b'{"plans": [' + change + b"]}"):
        (order,) = ear(INJECT.filter(to="us"), text, DAWN)
        assert isinstance(order, ChangePlan)
        assert order.shift_min == 30


def test_a_cancellation_in_json_is_handed_on_as_one() -> None:
    text = b'{"type": "cancel-plan", "plan_id": "p"}'
    (letter,) = read_texts([("", b"[" + text + b"]")], DAWN).letters
    assert letter.cancels == "p"
    for each in (text, b"[" + text + b"]"):
        (order,) = ear(INJECT.filter(to="us"), each, DAWN)
        assert isinstance(order, CancelPlan)
        assert order.plan_id == "p"


@pytest.mark.parametrize("kind", ["change-plam", "file-message", "", 7, None])
def test_what_has_another_type_and_is_no_plan_is_refused_by_its_type(kind: object) -> None:
    text = msgspec.json.encode({"type": kind, "plan_id": "p", "shift_min": 30})
    (complaint,) = read_texts([("a.json", text)], DAWN).complaints
    assert str(complaint).startswith("a.json: p: type: is ")
    assert str(complaint).endswith("; it may be change-plan or cancel-plan, and a plan has none")


def test_a_field_that_is_missing_is_told_beside_what_is_no_field() -> None:
    text = msgspec.json.encode(plan("p")).replace(b"upper_ft", b"uper_ft")
    (complaint,) = read_texts([("", text)], DAWN).complaints
    assert str(complaint) == "p: upper_ft: is missing; uper_ft is not a field; upper_ft?"
