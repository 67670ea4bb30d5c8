"""What any MQTT client can do to change a plan: bytes on a topic, and what the centres say then."""

from datetime import timedelta

import msgspec

from hotline_protocol.events import InputRejected, PlanStatus
from hotline_protocol.flightplan import PlanState
from hotline_protocol.hearing import ear
from hotline_protocol.line import Release
from hotline_protocol.service import Unreadable
from hotline_protocol.topics import INJECT

from .joined import Joined, plan

FPL = "(FPL-EXER11-IM-2F18/M-SDFG/S-OSDZ0900-N0471F310 DCT RAQQA DCT 3520N04010E-OSLK0130-DOF/170618 RMK/PATROL)"


def hand_in(world: Joined, payload: bytes) -> None:
    for message in ear(INJECT.filter(to="us"), payload, world.now):
        assert not isinstance(message, Unreadable), message.reason
        world.deliver(message)
    world.run(minutes=5)


def test_a_plan_of_the_same_id_with_a_higher_version_takes_the_place_of_the_one_before() -> None:
    world, first = Joined(), plan("p")
    hand_in(world, msgspec.json.encode(first))
    later = msgspec.to_builtins(first) | {"version": 2, "end": (first.end + timedelta(minutes=20)).isoformat()}
    hand_in(world, msgspec.json.encode(later))
    assert [status.state for status in world.all(PlanStatus)][-1] is PlanState.ACCEPTED
    assert world.status("p").volumes[0].end == first.end + timedelta(minutes=20)
    assert len(world.all(Release)) == 1


def test_an_icao_message_moves_the_plan_that_it_names() -> None:
    world = Joined()
    hand_in(world, FPL.encode())
    before = world.status("EXER11-20170618-0900").volumes
    hand_in(world, b"(DLA-EXER11-OSDZ0945-OSLK-DOF/170618)")
    after = world.status("EXER11-20170618-0900").volumes
    assert after[0].start - before[0].start == timedelta(minutes=45)
    hand_in(world, b"(CHG-EXER11-OSDZ0945-OSLK-DOF/170618-15/N0471F250 DCT RAQQA DCT 3520N04010E)")
    assert {volume.upper_ft for volume in world.status("EXER11-20170618-0900").volumes} == {25_500}
    assert world.all(InputRejected) == []
