"""A sky that a test tells what the centres would, and in which time passes when it says so."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from hotline_protocol.agreement import Agreement, DeconflictionLine, Zone
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import LineMoved, PlanStatus
from hotline_protocol.flightplan import FlightPlan, PlanState
from hotline_protocol.geometry import expand
from hotline_protocol.injection import Deviate, FlyUnannounced, SubmitPlan
from hotline_protocol.message import Author, Message
from hotline_protocol.names import SKY
from hotline_services.director.setting import Sky as Setting
from hotline_services.simulation.chance import Chance
from hotline_services.traffic.sky import Sky

from .joined import agreement as any_agreement

M = TypeVar("M", bound=Message)

DAWN = datetime(2017, 6, 18, 6, tzinfo=UTC)
NOON = DAWN + timedelta(hours=6)
MINUTE = timedelta(minutes=1)

LINE = DeconflictionLine(
    name="line",
    note="a test's, drawn northwards: west is on its left",
    trace=(Position(40.0, 34.5), Position(40.0, 36.5)),
    left="ru",
    right="us",
)
WEST = Position(39.5, 35.5)
EAST = Position(40.5, 35.5)
ON_THE_LINE = Position(40.0, 35.5)
FAR_EAST = Position(41.6, 36.3)
SEES_ALL = Setting(sees=1.0, sees_after_s=60)


def agreement(**changes: Any) -> Agreement:
    """The line at 40 E with ru to the west and us to the east of it; a garrison of us in the south-west."""
    return any_agreement(**({"line": LINE} | changes))


def zone(name: str, where: Position, radius_nm: float, holder: str | None) -> Zone:
    return Zone(name=name, area=Circle(centre=where, radius_nm=radius_nm), holder=holder)


def plan(
    plan_id: str, where: Position = EAST, *, radius_nm: float = 8, minutes: float = 60, **changes: Any
) -> FlightPlan:
    """A support flight of an hour from noon on."""
    fields: dict[str, Any] = {
        "plan_id": plan_id,
        "callsign": plan_id.upper().replace("-", "")[:7],
        "area": Circle(centre=where, radius_nm=radius_nm),
        "lower_ft": 18_000,
        "upper_ft": 20_000,
        "start": NOON,
        "end": NOON + timedelta(minutes=minutes),
    }
    return FlightPlan(**(fields | changes))


class Watched:
    """A sky, and everything that it has said."""

    def __init__(
        self,
        sky: Setting = SEES_ALL,
        rules: Agreement | None = None,
        *,
        seed: int = 1,
        tracks_every: timedelta | None = None,
    ) -> None:
        self.rules = rules or agreement()
        self.core = Sky(self.rules, sky, DAWN, Chance(seed), tracks_every=tracks_every)
        self.now = DAWN
        self.said: list[Message] = []
        self.fed: list[tuple[datetime, Message | None]] = []
        self._authors = {name: Author(name) for name in ("us", "ru", "director")}

    # What it is told.

    def feed(self, message: Message) -> None:
        self.fed.append((self.now, message))
        self.said += self.core.receive(message, self.now)

    def submit(self, side: str, plan: FlightPlan) -> None:
        self.feed(self._authors["director"].say(SubmitPlan, self.now, to=side, plan=plan))

    def status(self, side: str, plan: FlightPlan, state: PlanState, **changes: Any) -> PlanStatus:
        """What its centre would say of it now."""
        settled = state not in {PlanState.NEGOTIATING, PlanState.REFUSED, PlanState.ENDED, PlanState.WITHDRAWN}
        fields: dict[str, Any] = {
            "plan_id": plan.plan_id,
            "callsign": plan.callsign,
            "plan": plan.digest,
            "state": state,
            "volumes": expand(plan) if settled else (),
            "operator": plan.operator,
        }
        return self._authors[side].say(PlanStatus, self.now, **(fields | changes))

    def tell(self, side: str, plan: FlightPlan, state: PlanState, **changes: Any) -> None:
        self.feed(self.status(side, plan, state, **changes))

    def clear(self, side: str, plan: FlightPlan) -> None:
        """It is filed, and accepted as filed."""
        self.submit(side, plan)
        self.tell(side, plan, PlanState.ACCEPTED)

    def fly_unannounced(self, plan: FlightPlan, side: str | None = None) -> None:
        self.feed(self._authors["director"].say(FlyUnannounced, self.now, to=SKY, plan=plan, side=side))

    def deviate(self, side: str, plan: FlightPlan, **fields: Any) -> None:
        self.feed(self._authors["director"].say(Deviate, self.now, to=SKY, side=side, plan_id=plan.plan_id, **fields))

    def move_line(self, source: str, trace: tuple[Position, ...], **changes: Any) -> None:
        """What ``source`` says when the line runs so."""
        fields: dict[str, Any] = {"review_id": "r-1", "agreement": self.rules.with_trace(trace).digest, "trace": trace}
        self.feed(Author(source).say(LineMoved, self.now, **(fields | changes)))

    def run(self, until: datetime) -> None:
        """Let time pass."""
        while (due := self.core.next_deadline) is not None and due <= until:
            self.now = max(self.now, due)
            self.fed.append((self.now, None))
            self.said += self.core.lapse(self.now)
            again = self.core.next_deadline
            assert again is None or again > self.now, "a lapse must make progress"
        self.now = until

    # What it has said.

    def all(self, kind: type[M]) -> list[M]:
        return [message for message in self.said if isinstance(message, kind)]

    def only(self, kind: type[M]) -> M:
        (message,) = self.all(kind)
        return message

    def stories(self) -> list[tuple[str, datetime]]:
        """What kinds of things it has said, and when."""
        return [(type(message).__name__, message.time) for message in self.said]


def kinds(messages: Sequence[Message]) -> list[str]:
    return [type(message).__name__ for message in messages]
