"""Every message and every input format in hostile forms, fed to every core. As a program: one of its checks, with
bounds on processor time and memory that the system enforces.

``python hostile_forms.py CHECK`` ends with 0 when no input took longer than :data:`MOST_S`, or raised.
"""

import contextlib
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import msgspec
from hostile_values import forms, hostile_lines  # type: ignore[import-not-found]  # beside this program

from hotline_protocol.agreement import Agreement, AgreementError
from hotline_protocol.airspace import MAX_VERTICES, Area, Circle, Corridor, Polygon, Position, Volume4D
from hotline_protocol.arc import Arc
from hotline_protocol.boundaries import Boundaries, boundaries_of
from hotline_protocol.core import Core
from hotline_protocol.events import PlanStatus
from hotline_protocol.examples import examples
from hotline_protocol.flightplan import Flexibility, FlightKind, FlightPlan, PlanState, Priority
from hotline_protocol.geometry import area_problem, moved, shape_of
from hotline_protocol.geometry import centre as middle_of
from hotline_protocol.hearing import ear
from hotline_protocol.injection import FlyUnannounced, SubmitPlan
from hotline_protocol.intake import check_plan
from hotline_protocol.line import (
    Answer,
    Concur,
    Counter,
    Decline,
    Propose,
    ProposeTrace,
    Reason,
    Ring,
    Tier,
    offer_digest,
    trace_digest,
)
from hotline_protocol.menu import Block, Choice, Menu, Sector, Window
from hotline_protocol.message import Author, Message, digest_of
from hotline_protocol.names import SKY
from hotline_protocol.topics import EVENT, HEALTH, INJECT, STATUS, address_of, decode, encode
from hotline_services.director.scenario import read_scenario
from hotline_services.director.script import Scenario
from hotline_services.monitor.core import MonitorCore
from hotline_services.monitor.projection import Projection
from hotline_services.simulation.shell import Simulation
from hotline_services.world import centre, sky

MOST_S: Final = 10.0
CHECK_S: Final = 240
MEMORY: Final = 2 << 30
LARGEST: Final = 4 << 20
"""No broker of ours passes on a message of more bytes."""
TOLD: Final = 2_000
"""So much of an input is told of when it is slow, or raises: some have megabytes."""
SOON_H: Final = 0.02
"""Long enough to pick up a phone or to think, and shorter than the silence that ends a call."""

T = TypeVar("T")


class Bound:
    """Feeds cores, lets them act on time that passes, and holds each input to :data:`MOST_S`."""

    def __init__(self) -> None:
        self.scenario: Final[Scenario] = read_scenario("valley-2017")
        self.now = min(message.time for message in examples()) - timedelta(minutes=10)
        self.said: list[Message] = []
        self.inputs = 0
        self.slow: list[str] = []
        self.worst = (0.0, "")

    def measure(self, what: str, work: Callable[[], T]) -> T:
        """Do this, and note what it cost."""
        self.inputs += 1
        began = time.process_time()
        try:
            done = work()
        except BaseException:
            sys.stderr.write(f"raised over {what[:2_000]}\n")
            raise
        took = time.process_time() - began
        self.worst = max(self.worst, (took, what[:300]))
        if took > MOST_S:
            self.slow.append(f"{took:.1f} s: {what[:500]}")
        return done

    def feed(self, core: Core, topic: str, payload: bytes) -> None:
        """As a shell does: decode, receive, and whatever is due by then."""

        def work() -> None:
            said: list[Message] = []
            for message in ear(topic, payload, self.now):
                said += core.receive(message, self.now)
            if core.next_deadline is not None and core.next_deadline <= self.now:
                said += core.lapse(self.now)
            for message in said:
                assert decode(address_of(message), encode(message)) == message
            self.said += said

        self.measure(f"{type(core).__name__} {topic} {payload[:TOLD]!r}", work)

    def centre(self, party: str = "us") -> Core:
        return self._begun(centre(self.scenario, party, 1))

    def sky(self) -> Core:
        return self._begun(sky(self.scenario, 1, tracks_every=timedelta(minutes=10)))

    def _begun(self, core: Core) -> Core:
        core.lapse(self.now)
        return core

    def pass_time(self, core: Core, hours: float) -> list[Message]:
        """Let time pass; returns what the core has said meanwhile and in answer to what it was fed last."""
        said, self.said = self.said, []
        until = self.now + timedelta(hours=hours)
        while core.next_deadline is not None and core.next_deadline <= until:
            at = max(self.now, core.next_deadline)
            said += self.measure(f"{type(core).__name__} lapse at {at}", partial(core.lapse, at))
        for message in said:
            assert decode(address_of(message), encode(message)) == message
        self.now = until
        return said

    def end(self) -> int:
        told = [f"{self.inputs} inputs; the longest took {self.worst[0]:.2f} s: {self.worst[1]}", *self.slow[:20]]
        sys.stdout.write("\n".join(told) + "\n")
        return 1 if self.slow else 0


def addressed(message: Message, to: str) -> Message:
    """The same message to this service, if it is to anybody."""
    return msgspec.structs.replace(message, to=to) if hasattr(message, "to") else message


def every_message(bound: Bound) -> None:
    """Each message type, to a centre, the sky and the monitor. What several hear alike is made hostile once."""
    monitor = MonitorCore(hand_on=Projection().apply)
    for message in examples():
        parties: list[tuple[Core, Message]] = [(bound.centre(to), addressed(message, to)) for to in ("us", "ru")]
        heard_by = [*parties, (bound.sky(), addressed(message, SKY)), (monitor, message)]
        for one in {encode(heard): heard for _, heard in heard_by}.values():
            cores = [core for core, heard in heard_by if heard == one]
            for form in forms(one):
                for core in cores:
                    bound.feed(core, address_of(one), form)
        for core, _ in heard_by[:-1]:
            bound.pass_time(core, 1)


class Timed:
    """A core whose inputs are measured."""

    def __init__(self, core: Core, bound: Bound) -> None:
        self._core: Final = core
        self._bound: Final = bound

    @property
    def next_deadline(self) -> datetime | None:
        return self._core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        what = f"{type(self._core).__name__} {type(message).__name__} {encode(message)[:TOLD]!r}"
        return self._bound.measure(what, lambda: self._core.receive(message, now))

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self._bound.measure(f"{type(self._core).__name__} lapse at {now}", lambda: self._core.lapse(now))


def hostile_areas(many: int) -> Iterator[Area]:
    """Areas with which nothing is wrong, and which are as hard as such can be."""
    for line in hostile_lines(many):
        spots = tuple(Position(lon, lat) for lon, lat in line)
        for area in (
            Corridor(route=spots, half_width_nm=0.01),
            Corridor(route=spots, half_width_nm=200.0),
            Polygon(vertices=spots),
        ):
            if len(spots) > 2 and area_problem(area) is None:
                yield area
    for radius_nm in (0.001, 200.0):
        yield Circle(centre=Position(40.5, 35.3), radius_nm=radius_nm)


def plans(start: datetime) -> Iterator[FlightPlan]:
    """One for each hostile area and some windows, as flexible as can be."""
    areas = [*hostile_areas(MAX_VERTICES), *hostile_areas(40)]
    for n, area in enumerate(areas):
        for hours in (1, 24):
            plan = FlightPlan(
                plan_id=f"us-{n}-{hours}",
                callsign="HOSTILE",
                area=area,
                lower_ft=0,
                upper_ft=60_000 if n % 2 else 1_000,
                start=start + timedelta(minutes=n),
                end=start + timedelta(hours=hours, minutes=n),
                flexibility=Flexibility(max_shift_min=360, max_offset_nm=100, other_blocks=True),
            )
            if not check_plan(plan, start):
                yield plan


def every_plan(bound: Bound) -> None:
    """Plans that are all sound, and hard on whoever bargains about them, flies or watches them."""
    scenario, start = bound.scenario, bound.scenario.start.astimezone(UTC)
    simulation = Simulation(start)
    for party in scenario.agreement.parties:
        simulation.add(party, partial(lambda name: Timed(centre(scenario, name, 1), bound), party), hears=[HEALTH])
    simulation.add(SKY, lambda: Timed(sky(scenario, 1), bound), hears=[STATUS, INJECT, EVENT])
    author = Author("director")
    for n, plan in enumerate(plans(start + timedelta(hours=1))):
        at = start + timedelta(minutes=n)
        simulation.inject(author.say(SubmitPlan, at, to=("us", "ru")[n % 2], plan=plan), at)
        simulation.inject(author.say(FlyUnannounced, at, to=SKY, plan=plan), at)
    simulation.run(start + timedelta(days=2))


def every_flight(bound: Bound) -> None:
    """What a centre that does not check its plans may have cleared, all of it at once and in one place."""
    core, author = bound.sky(), Author("us")
    areas = [*hostile_areas(MAX_VERTICES), *hostile_areas(40)]
    for n, area in enumerate(areas):
        for legs in (1, 64, 2_000):
            start = bound.now + timedelta(minutes=n)
            volume = Volume4D(area=area, lower_ft=10_000, upper_ft=12_000, start=start, end=start + timedelta(hours=24))
            parts = (
                (volume,) * min(legs, LARGEST // len(msgspec.json.encode(volume)))
                if legs != 64
                else tuple(msgspec.structs.replace(volume, area=other) for other in areas[n : n + 64])
            )
            status = author.say(
                PlanStatus,
                bound.now,
                plan_id=f"p-{n}-{legs}",
                callsign="HOSTILE",
                plan="0" * 16,
                state=PlanState.ACCEPTED,
                volumes=parts,
            )
            bound.feed(core, address_of(status), encode(status))
    bound.pass_time(core, 48)


class Caller:
    """The other side, in a call that the centre has taken."""

    def __init__(self, bound: Bound, reason: Reason) -> None:
        self._bound: Final = bound
        self._author: Final = Author("ru")
        self.core: Final = bound.centre("us")
        busy = FlightPlan(
            plan_id="busy",
            callsign="BUSY",
            area=Circle(centre=Position(41.0, 36.0), radius_nm=20.0),
            lower_ft=0,
            upper_ft=60_000,
            start=bound.now + timedelta(hours=1),
            end=bound.now + timedelta(hours=23),
        )
        filed = Author("director").say(SubmitPlan, bound.now, to="us", plan=busy)
        bound.feed(self.core, address_of(filed), encode(filed))
        self.say(Ring, call_id="c1", reason=reason, tier=Tier.DUTY_OFFICER)
        self.said = bound.pass_time(self.core, SOON_H)

    def say(self, kind: type[Message], /, **fields: Any) -> None:
        message = self._author.say(kind, self._bound.now, to="us", **fields)
        self._bound.feed(self.core, address_of(message), encode(message))


def hostile_menus(bound: Bound) -> Iterator[Menu]:
    """As large as can be said, of areas that are hard, all of which meet or none."""
    large, small = list(hostile_areas(MAX_VERTICES)), list(hostile_areas(40))
    blocks = tuple(Block(name=f"b{n}", lower_ft=n * 2_000, upper_ft=n * 2_000 + 4_000) for n in range(16))
    for areas, sectors, legs in ((large, 5, 1), (large, 5, 4), (small, 3, 64), (large + small, 16, 64)):
        for first in range(0, len(areas), 3):
            chosen = [[areas[(first + n + leg) % len(areas)] for leg in range(legs)] for n in range(sectors)]
            yield Menu(
                sectors=tuple(Sector(name=f"s{n}", areas=tuple(some)) for n, some in enumerate(chosen)),
                blocks=blocks,
                shifts_min=tuple(range(-120, 125, 5)),
                windows=(Window(start=bound.now + timedelta(hours=1), end=bound.now + timedelta(hours=20)),) * legs,
            )


def every_proposal(bound: Bound) -> None:
    """Menus that are all well-formed, proposed to a centre that has plans of its own."""
    weighed = 0
    for menu in hostile_menus(bound):
        caller, named = Caller(bound, Reason.ROUTINE), digest_of(menu)
        assert any(isinstance(message, Answer) for message in caller.said)
        choice = Choice(sector=0, block=0, shift=24)
        fields = {"call_id": "c1", "negotiation_id": "n1", "round": 1, "expires_at": bound.now + timedelta(minutes=5)}
        asked = {"menu": menu, "choice": choice, "kind": FlightKind.PATROL, "priority": Priority.ROUTINE}
        caller.say(Propose, offer=offer_digest("n1", "c1", named, choice), **fields, **asked)
        caller.said = bound.pass_time(caller.core, SOON_H)
        for n in range(12):
            choice = Choice(sector=n, block=n, shift=n)
            weighed += any(isinstance(message, Counter | Decline | Concur) for message in caller.said)
            theirs = [message.offer for message in caller.said if isinstance(message, Counter)] or ["0" * 16]
            offer = offer_digest("n1", "c1", named, choice)
            caller.say(Counter, answers=theirs[-1], choice=choice, offer=offer, **{**fields, "round": n + 2})
            caller.said = bound.pass_time(caller.core, SOON_H)
        bound.pass_time(caller.core, 2)
    assert weighed > 20, "else nothing was hard for it"


def every_trace(bound: Bound) -> None:
    """Offers at a line review in which each control point goes somewhere else than its neighbours."""
    agreement = bound.scenario.agreement
    assert agreement.line is not None
    assert agreement.line_review is not None
    arc = Arc(agreement.line, agreement.line_review.spacing_nm)
    for step in (0.1, 1.0, 5.0, 15.0):
        for period in (2, 3, 7):
            caller = Caller(bound, Reason.LINE_REVIEW)
            trace = arc.offer([step * (n % period - 1) for n in range(len(arc.control))])
            fields = {"call_id": "c1", "review_id": "r1", "round": 1, "expires_at": bound.now + timedelta(minutes=5)}
            caller.say(ProposeTrace, trace=trace, offer=trace_digest("r1", "c1", trace), **fields)
            bound.pass_time(caller.core, 1)


def every_format(bound: Bound) -> None:
    """Text on the topics that people type into."""
    core = bound.centre()
    for text in hostile_texts():
        bound.feed(core, INJECT.filter(to="us"), text)


def hostile_texts() -> Iterator[bytes]:
    """Two megabytes of each."""
    size = 2_000_000
    for unit in (
        b"(", b")", b"-", b"(FPL", b"(FPL-", b"(FPL-A-IS-F16/M-S/C-OSLK0900-N0450F200 ", b"DCT ", b"N0450F200 DCT ",
        b"3500N03900E ", b"(FPL-TEST01-IS\n", b"[", b"{", b'{"plans":', b'[{"a":', b'{"plan_id":"x",', b"\x00", b"\n",
        b" ", b"\xef\xbb\xbf", b"-18/DOF/", b"EET/", b"RMK/ ", b"A" * 1_000 + b" ", b'"', b"\\", b"1", b"1,", b"-1e",
        b"9" * 100 + b",",
    ):  # fmt: skip
        for before in (
            b"",
            b"(FPL-TEST01-IS-F16/M-S/C-OSLK0900-N0450F200 ",
            b"[",
            b'{"plans":[',
            b'{"plan_id":"p","area":',
        ):
            yield (before + unit * (size // len(unit)))[:size]
            yield (before + unit * (size // len(unit)))[: size - 1] + b")"


def every_shape(bound: Bound) -> None:
    """What whoever draws or measures an area asks of it."""
    start = bound.now + timedelta(hours=1)
    for area in (*hostile_areas(MAX_VERTICES), *hostile_areas(40)):
        what = str(area)[:300]
        bound.measure(f"shape_of {what}", partial(shape_of, area))
        bound.measure(f"centre {what}", partial(middle_of, area))
        bound.measure(f"moved {what}", partial(moved, area, 1.0, -1.0))
        volume = Volume4D(area=area, lower_ft=0, upper_ft=9_000, start=start, end=start + timedelta(hours=1))
        bound.measure(f"demands {what}", partial(boundaries_of(bound.scenario.agreement).demands, volume, "us"))
    for line in (*hostile_lines(MAX_VERTICES), *hostile_lines(40)):
        trace = tuple(Position(lon, lat) for lon, lat in line)
        bound.measure(f"line {line[:9]}", partial(_draw, bound.scenario.agreement, trace))


def _draw(agreement: Agreement, trace: tuple[Position, ...]) -> None:
    with contextlib.suppress(AgreementError):
        Boundaries(agreement.with_trace(trace))


CHECKS: Final = {
    "shapes": every_shape,
    "messages": every_message,
    "plans": every_plan,
    "flights": every_flight,
    "proposals": every_proposal,
    "traces": every_trace,
    "formats": every_format,
}


def main() -> int:
    resource.setrlimit(resource.RLIMIT_CPU, (CHECK_S, CHECK_S))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    bound = Bound()
    CHECKS[sys.argv[1]](bound)
    return bound.end()


if __name__ == "__main__":
    sys.exit(main())
