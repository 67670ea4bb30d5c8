"""Two centres joined by a line that a test can cut, hold back or listen to. No event loop, no socket."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, TypeVar

from hotline_protocol.agreement import Agreement, DeconflictionLine, TierRule, Timing, Zone
from hotline_protocol.airspace import Circle, Position
from hotline_protocol.events import Escalated, EscalationKind, PlanStatus
from hotline_protocol.flightplan import FlightPlan
from hotline_protocol.injection import SubmitPlan
from hotline_protocol.line import Tier
from hotline_protocol.menu import Block
from hotline_protocol.message import Author, Message
from hotline_protocol.service import Health, Presence
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import Away, Costs, Officer, PartyConfig, Posture, Roster, Watch
from hotline_services.aoc.officer import OwnOfficer
from hotline_services.simulation.chance import Chance

M = TypeVar("M", bound=Message)

DAWN = datetime(2017, 6, 18, 6, tzinfo=UTC)
PROMPT = PartyConfig(officer=Officer(answer_s=0, think_s=0))
ON_THE_LINE = Position(40.0, 35.5)
FAR_EAST = Position(41.6, 36.6)
FAR_WEST = Position(37.2, 34.2)


def agreement(**changes: Any) -> Agreement:
    """A memorandum with a straight line at 40 E, blocks of 4,000 ft and three tiers."""
    fields: dict[str, Any] = {
        "name": "test",
        "parties": ("us", "ru"),
        "line": DeconflictionLine(
            name="line", note="a test's", trace=(Position(40.0, 34.5), Position(40.0, 36.5)), near_nm=5.0
        ),
        "zones": (Zone(name="garrison", area=Circle(centre=Position(38.0, 33.4), radius_nm=20), holder="us"),),
        "altitude_blocks": tuple(
            Block(name=f"{low // 1000}", lower_ft=low, upper_ft=low + 4_000) for low in range(10_000, 34_000, 4_000)
        ),
        "tiers": (
            TierRule(tier=Tier.DUTY_OFFICER),
            TierRule(tier=Tier.DEPUTY_COMMANDER, disclosure=True, rounds=8),
        ),
        "timing": Timing(),
    }
    return Agreement(**(fields | changes))


def plan(
    plan_id: str, where: Position = ON_THE_LINE, *, hours: float = 3, lasts: float = 1, **changes: Any
) -> FlightPlan:
    """A patrol of 8 NM round a place, ``hours`` after dawn."""
    fields: dict[str, Any] = {
        "plan_id": plan_id,
        "callsign": "VIPER1",
        "area": Circle(centre=where, radius_nm=8),
        "lower_ft": 18_000,
        "upper_ft": 20_000,
        "start": DAWN + timedelta(hours=hours),
        "end": DAWN + timedelta(hours=hours + lasts),
    }
    return FlightPlan(**(fields | changes))


class Joined:
    """Both centres, the messages between them, and a clock that runs when told to."""

    def __init__(
        self,
        us: PartyConfig = PROMPT,
        ru: PartyConfig = PROMPT,
        *,
        rules: Agreement | None = None,
        rules_of_ru: Agreement | None = None,
        roster_us: Roster = Roster(),
        roster_ru: Roster = Roster(),
        seed: int = 1,
        officers: Mapping[str, OwnOfficer] = MappingProxyType({}),
    ) -> None:
        ours = rules or agreement()
        self.now = DAWN
        self.centres = {
            party: Centre(
                party, config, rules, epoch="0", chance=Chance(seed), roster=roster, officer=officers.get(party)
            )
            for party, config, rules, roster in (
                ("us", us, ours, roster_us),
                ("ru", ru, rules_of_ru or ours, roster_ru),
            )
        }
        self.said: list[Message] = []
        self.lost: Callable[[Message], bool] = lambda _: False
        self.held: list[Message] = []
        self.holds: Callable[[Message], bool] = lambda _: False
        self._wire: list[Message] = []
        self._outside = Author("exercise")
        self.run(minutes=0)

    def tell(self, party: str, order: type[Message], /, **fields: Any) -> None:
        """Inject something from outside, and let what follows at once happen."""
        self.deliver(self._outside.say(order, self.now, to=party, **fields))

    def file(self, party: str, plan: FlightPlan) -> None:
        self.tell(party, SubmitPlan, plan=plan)

    def deliver(self, message: Message) -> None:
        """Hand this to whom it is addressed to."""
        self._wire.append(message)
        self._pass_on()

    def health(self, of: str, presence: Presence, session: str = "s1") -> None:
        """The other side hears that this one is up or down."""
        other = "ru" if of == "us" else "us"
        message = Health(
            id=f"health-{of}-{session}-{presence.value}",
            source=of,
            seq=0,
            time=self.now,
            presence=presence,
            session=session,
        )
        self._take(self.centres[other].receive(message, self.now))
        self._pass_on()

    def release_held(self) -> None:
        """Let everything that was held back arrive now."""
        self.holds = lambda _: False
        self._wire, self.held = [*self._wire, *self.held], []
        self._pass_on()

    def run(self, *, minutes: float) -> None:
        """Let time pass."""
        until = self.now + timedelta(minutes=minutes)
        self._pass_on()
        while (due := self._next(until)) is not None:
            at, party = due
            self.now = max(self.now, at)
            centre = self.centres[party]
            self._take(centre.lapse(self.now))
            assert centre.next_deadline is None or centre.next_deadline > self.now, "a lapse must make progress"
            self._pass_on()
        self.now = until

    def _next(self, until: datetime) -> tuple[datetime, str] | None:
        times = [(at, party) for party, centre in self.centres.items() if (at := centre.next_deadline) is not None]
        first = min(times, default=None)
        return first if first is not None and first[0] <= until else None

    def _pass_on(self) -> None:
        while self._wire:
            message = self._wire.pop(0)
            if self.holds(message):
                self.held.append(message)
            elif not self.lost(message):
                self._take(self.centres[message.to].receive(message, self.now))  # type: ignore[attr-defined]

    def _take(self, said: Any) -> None:
        self.said.extend(said)
        self._wire.extend(message for message in said if hasattr(message, "to"))

    def all(self, kind: type[M]) -> list[M]:
        """Everything of this kind that was said by the centres."""
        return [message for message in self.said if isinstance(message, kind)]

    def status(self, plan_id: str) -> PlanStatus:
        """The last status of this plan."""
        return [status for status in self.all(PlanStatus) if status.plan_id == plan_id][-1]

    def escalations(self, kind: EscalationKind) -> list[Escalated]:
        return [event for event in self.all(Escalated) if event.kind is kind]


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def away(start_min: float, lasts_min: float, *, tier: Tier = Tier.DUTY_OFFICER) -> Roster:
    """Nobody of this tier is there from so long after dawn on."""
    start = DAWN + minutes(start_min)
    return Roster(watches={tier: Watch(away=(Away(start=start, end=start + minutes(lasts_min), reason="lunch"),))})


def circuit_down(start_min: float, lasts_min: float) -> Roster:
    """There is no tone from so long after dawn on."""
    start = DAWN + minutes(start_min)
    return Roster(circuit_down=(Away(start=start, end=start + minutes(lasts_min)),))


def config(
    *,
    costs: Costs = Costs(),
    posture: Posture = Posture(),
    think_s: float = 0,
    gather_s: float = 0,
) -> PartyConfig:
    return PartyConfig(
        costs=costs, posture=posture, officer=Officer(answer_s=think_s, think_s=think_s, gather_s=gather_s)
    )
