"""A day of two centres on which everything may go wrong, drawn from one seed."""

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, time
from functools import cache, partial
from itertools import combinations
from typing import Any

import msgspec

from hotline_protocol.agreement import Agreement, LineCheckRule, LineReviewRule, Timing, read_agreement
from hotline_protocol.airspace import Area, Circle, Corridor, Polygon, Position
from hotline_protocol.flightplan import Flexibility, FlightPlan, Priority
from hotline_protocol.injection import (
    AnnouncedState,
    AnnounceLine,
    CancelPlan,
    ChangePlan,
    DeclareEmergency,
    Injected,
    ReportSighting,
    SightingKind,
    SubmitPlan,
)
from hotline_protocol.message import Message
from hotline_protocol.names import DIRECTOR
from hotline_protocol.topics import HEALTH, STATUS, TOPICS
from hotline_services.aoc.centre import Centre
from hotline_services.aoc.config import (
    Costs,
    Officer,
    PartyConfig,
    Posture,
    Review,
    Strain,
    StrainModel,
    Strategy,
    StrategyKind,
)
from hotline_services.director.play import Act, Director
from hotline_services.monitor.core import MonitorCore
from hotline_services.resources import scenarios_folder
from hotline_services.simulation.chance import Chance
from hotline_services.simulation.network import Crash, Faults, NetworkModel, Outage, Partition
from hotline_services.simulation.shell import Simulation

from . import people, troubles
from .dice import HOUR, MINUTE, QUIET_FROM, START, Dice

PARTIES = ("us", "ru")
MONITOR = "monitor"
FILED_UNTIL = 4.0  # hours; nothing is injected after this
RESTART_AT = 8.9  # one side restarts, and so the other compares ledgers with it
END_AT = 9.9  # the line has been tried at 9:00


class Tap:
    """A core, and the ids of what it was fed: by a replay too, since that is how it comes back."""

    def __init__(self, core: Centre) -> None:
        self.core = core
        self.heard: list[str] = []

    @property
    def next_deadline(self) -> datetime | None:
        return self.core.next_deadline

    def receive(self, message: Message, now: datetime) -> Sequence[Message]:
        self.heard.append(message.id)
        return self.core.receive(message, now)

    def lapse(self, now: datetime) -> Sequence[Message]:
        return self.core.lapse(now)


class FaultyDay:
    """The day of this seed; ``log`` is everything that was said in it.

    Without ``more`` it has two parties, and knows loss, delay, duplication, outages and deaths alone. With ``more``,
    some days have three or four parties, and each kind of trouble of ``troubles.py`` befalls some days. With ``amends``
    plans are changed in place on some days, which are else as they would be.
    """

    def __init__(
        self, seed: int, monitor: MonitorCore | None = None, *, more: bool = True, amends: bool = True
    ) -> None:
        chance = Chance(seed)
        self.parties = troubles.parties(Dice(chance, "parties")) if more else PARTIES
        self.agreement = _agreement(Dice(chance, "agreement"), Dice(chance, "review"), self.parties)
        self.log: list[tuple[datetime, Message]] = []
        faults = _faults(Dice(chance, "faults"), self.parties)
        if more:
            faults = troubles.added(faults, chance, self.parties)
        self.intrusions = faults.intrusions
        self.simulation = Simulation(START, seed, _network(Dice(chance, "network"), self.parties), faults)
        self._down = people.circuit(Dice(chance, "circuit"), QUIET_FROM)
        for party in self.parties:
            config = _party(*(Dice(chance, f"{part}/{party}") for part in ("party", "review", "strain")))
            self.simulation.add(party, partial(self._centre, party, config), hears=[HEALTH])
        filed = tuple(_acts(Dice(chance, "acts"), self.agreement))
        filed = (*filed, *_amendments(Dice(chance, "amendments"), filed, self.agreement)) if more and amends else filed
        drawn = (*filed, *_advice(chance, self.parties), *_sightings(Dice(chance, "troubles"), self.parties))
        acts = tuple(sorted(drawn, key=lambda act: act.at))
        self.simulation.add(DIRECTOR, lambda: Director(acts), hears=[STATUS])
        if monitor is not None:
            self.simulation.add(MONITOR, lambda: monitor, hears=TOPICS)

    def _centre(self, party: str, config: PartyConfig) -> Tap:
        chance = self.simulation.chance
        config = msgspec.structs.replace(config, officer=people.officer(Dice(chance, f"ears/{party}"), config.officer))
        roster = people.roster(Dice(chance, f"roster/{party}"), self._down, QUIET_FROM)
        return Tap(Centre(party, config, self.agreement, epoch="0", chance=chance, roster=roster))

    def run(self, until_h: float) -> None:
        """Go on until this hour of the day."""
        self.simulation.run(START + until_h * HOUR, lambda message, at: self.log.append((at, message)))

    def tap(self, party: str) -> Tap:
        core = self.simulation.core(party)
        assert isinstance(core, Tap)
        return core

    @property
    def centres(self) -> dict[str, Centre]:
        return {party: self.tap(party).core for party in self.parties}

    @property
    def lost(self) -> dict[str, Set[str]]:
        """By party, the ids of what it said and then lost with the end of its journal."""
        return {party: self.simulation.lost(party) for party in self.parties}

    @property
    def known(self) -> list[tuple[datetime, Message]]:
        """The log without what its source no longer knows of."""
        lost = frozenset().union(*self.lost.values())
        return [(at, message) for at, message in self.log if message.id not in lost]

    @property
    def heard(self) -> dict[str, list[str]]:
        return {party: self.tap(party).heard for party in self.parties}


@cache
def _memorandum() -> Agreement:
    return read_agreement((scenarios_folder() / "agreements" / "valley.toml").read_text(encoding="utf-8"))


def _agreement(dice: Dice, review: Dice, parties: Sequence[str]) -> Agreement:
    """The exercise memorandum with other times, the line tried every other hour by one side or the other, and most
    often moved in between."""
    hurry = dice.pick((0.2, 0.5, 1.0))
    memorandum = _memorandum()
    timing = Timing(
        ring_s=dice.between(60, 120),
        silence_s=dice.between(60, 300),
        redial_s=dice.between(30, 120),
        hold_s=300 * hurry,
        negotiation_s=3_600 * hurry,
    )
    return msgspec.structs.replace(
        memorandum,
        parties=tuple(parties),
        timing=timing,
        tiers=tuple(msgspec.structs.replace(rule, offer_s=rule.offer_s * hurry) for rule in memorandum.tiers),
        line_check=LineCheckRule(caller=dice.pick(parties), at=tuple(time(hour) for hour in range(1, 24, 2))),
        line_review=_review(review, parties) if len(parties) == len(PARTIES) else None,
    )


def _review(dice: Dice, parties: Sequence[str]) -> LineReviewRule:
    return LineReviewRule(
        caller=dice.pick(parties),
        every_days=1,
        at=time(dice.whole(0, 5), dice.whole(0, 59)),
        spacing_nm=dice.between(5, 60),
        rounds=dice.whole(2, 12),
        effective_min=dice.between(1, 60),
    )


def _party(dice: Dice, review: Dice, strain: Dice) -> PartyConfig:
    return PartyConfig(
        costs=Costs(line=dice.between(0, 0.6), own_plan=dice.between(0.3, 1), walk_away=dice.between(0.2, 0.6)),
        strategy=Strategy(kind=dice.pick(tuple(StrategyKind)), exponent=dice.between(0.2, 3)),
        officer=Officer(
            answer_s=dice.between(0, 15), think_s=dice.between(0, 25), gather_s=dice.pick((0.0, 0.0, 1_200.0))
        ),
        posture=Posture(flies_without_consent=dice.happens(0.3)),
        review=Review(wish_nm=review.between(-2, 10), yield_nm=review.between(-2, 10), exponent=review.between(0.3, 3)),
        # Quick to rise and to fall, so that some of these days see a crisis and its end.
        strain=Strain(
            model=strain.pick(tuple(StrainModel)),
            gain=strain.pick((1.0, 5.0, 20.0)),
            half_life_h=strain.between(0.2, 6),
            excitation=strain.between(0, 0.95),
            reacts=strain.happens(0.8),
        ),
    )


def _network(dice: Dice, parties: Sequence[str]) -> NetworkModel:
    delay_s = dice.pick((0.05, 1.0, 10.0))
    rate = 0.2 * dice.whole(0, 2) / 2
    return NetworkModel(
        delay_s=delay_s,
        jitter_s=delay_s * dice.between(0, 1),
        loss=dice.between(0, rate),
        duplication=dice.between(0, 0.2),
        reordering=dice.between(0, 0.2),
        late_s=dice.between(1, 60),
        outages=tuple(Outage(start=at, end=end) for at, end in _windows(dice)),
        partitions=tuple(
            Partition(between=dice.pick(_neighbours(parties)), start=at, end=end) for at, end in _windows(dice)
        ),
    )


def _neighbours(parties: Sequence[str]) -> list[tuple[str, str]]:
    """Two parties and their director: for two parties, the two are picked as often as one and the director."""
    pairs = list(combinations(parties, 2))
    return [*pairs, *pairs, *((party, DIRECTOR) for party in parties)]


def _windows(dice: Dice) -> Iterator[tuple[datetime, datetime]]:
    for _ in range(dice.whole(0, 2)):
        start = dice.moment(0, QUIET_FROM - 1)
        yield start, start + dice.between(0.1, 60) * MINUTE


def _faults(dice: Dice, parties: Sequence[str]) -> Faults:
    crashes = [
        Crash(
            party=party,
            at=dice.moment(0, QUIET_FROM - 0.5),
            down_s=dice.pick((1.0, 1.0, 60.0, 1_800.0)) * dice.between(0.5, 1),
            in_the_act=dice.happens(0.5),
        )
        for party in parties
        for _ in range(dice.whole(0, 4))
    ]
    restart = Crash(party=dice.pick(parties), at=START + RESTART_AT * HOUR, down_s=1)
    return Faults(crashes=(*crashes, restart))


def _acts(dice: Dice, agreement: Agreement) -> Iterator[Act]:
    for party in agreement.parties:
        for number in range(dice.whole(4, 9)):
            plan = _plan(dice, f"{party}-{number}", agreement)
            filed = max(START, plan.start - dice.between(5, 150) * MINUTE)
            yield _act(SubmitPlan, filed, party, plan=plan)
            later = filed + dice.between(0, 90) * MINUTE
            if dice.happens(0.1):
                yield _act(CancelPlan, later, party, plan_id=plan.plan_id)
            if dice.happens(0.1):
                yield _act(DeclareEmergency, later, party, plan_id=plan.plan_id)
            if dice.happens(0.1):
                again = plan if dice.happens(0.5) else msgspec.structs.replace(plan, remarks="changed")
                yield _act(SubmitPlan, later, party, plan=again)
        if dice.happens(0.5):
            yield _sighting(dice, party, agreement.parties)
        if dice.happens(0.2):
            yield _act(AnnounceLine, dice.moment(0, FILED_UNTIL), party, state=dice.pick(tuple(AnnouncedState)))


def _amendments(dice: Dice, filed: Sequence[Act], agreement: Agreement) -> Iterator[Act]:
    """On two days in five, later versions of some plans: before and in flight, one after the other, and out of turn."""
    if not dice.happens(0.4):
        return
    for act in filed:
        if act.kind is not SubmitPlan or not dice.happens(0.5):
            continue
        plan, at = act.fields["plan"], act.at
        for _ in range(dice.whole(1, 2)):
            at += dice.between(0, 60) * MINUTE
            if dice.happens(0.2):
                changes = dice.pick(({"shift_min": 10}, {"upper_ft": plan.upper_ft - 500}, {"remarks": "changed"}))
                yield _act(ChangePlan, at, act.fields["to"], plan_id=plan.plan_id, **changes)
                continue
            plan = _amended(dice, plan, agreement)
            yield _act(SubmitPlan, at, act.fields["to"], plan=plan)


def _amended(dice: Dice, plan: FlightPlan, agreement: Agreement) -> FlightPlan:
    """The plan with another time, height or place, or none of these: all or a part of its air may stay the same."""
    change: dict[str, Any] = {"version": plan.number + dice.pick((1, 1, 1, 2, 0))}
    match dice.whole(0, 6):
        case 0:
            shift = dice.whole(-20, 40) * MINUTE
            change |= {"start": plan.start + shift, "end": plan.end + shift}
        case 1:
            change |= {"end": plan.end + dice.whole(-10, 30) * MINUTE}
        case 2:
            block = dice.pick(agreement.altitude_blocks[:3])
            change |= {"lower_ft": block.lower_ft, "upper_ft": block.upper_ft}
        case 3:
            change |= {"upper_ft": plan.upper_ft - 500}
        case 4:
            change |= {"area": _area(dice)}
        case 5:
            change |= {"priority": dice.pick((Priority.ROUTINE, Priority.PRIORITY, Priority.EMERGENCY))}
        case _:
            change |= {"remarks": "amended"}
    return msgspec.structs.replace(plan, **change)


def _advice(chance: Chance, parties: Sequence[str]) -> Iterator[Act]:
    for party, peer in zip(parties, (*parties[1:], parties[0]), strict=True):
        yield from people.advice(Dice(chance, f"advice/{party}"), party, peer, FILED_UNTIL, _position)


def _sightings(dice: Dice, parties: Sequence[str]) -> Iterator[Act]:
    """On one day in three one sighting after the other."""
    for _ in range(dice.whole(5, 15) if dice.happens(0.3) else 0):
        yield _sighting(dice, dice.pick(parties), parties)


def _act(kind: type[Injected], at: datetime, to: str, /, **fields: Any) -> Act:
    return Act(at=at, kind=kind, fields={"to": to, **fields})


def _sighting(dice: Dice, party: str, parties: Sequence[str]) -> Act:
    by = next(name for name in parties if name != party)
    at = dice.moment(0, FILED_UNTIL)
    kind = dice.pick(tuple(SightingKind))
    return _act(ReportSighting, at, party, kind=kind, by=by, at=_position(dice), seen_at=at)


def _plan(dice: Dice, plan_id: str, agreement: Agreement) -> FlightPlan:
    block = dice.pick(agreement.altitude_blocks[:3])
    start = dice.moment(0.2, FILED_UNTIL)
    return FlightPlan(
        plan_id=plan_id,
        callsign=plan_id.replace("-", "").upper(),
        priority=dice.pick((Priority.ROUTINE,) * 16 + (Priority.PRIORITY,) * 3 + (Priority.EMERGENCY,)),
        area=_area(dice),
        lower_ft=block.lower_ft,
        upper_ft=block.upper_ft - dice.whole(0, 2) * 1_000,
        start=start,
        end=start + dice.whole(20, 60) * MINUTE,
        flexibility=Flexibility(
            max_shift_min=dice.whole(0, 30), max_offset_nm=dice.between(0, 20), other_blocks=dice.happens(0.7)
        ),
    )


def _position(dice: Dice) -> Position:
    """Somewhere in the valley, where both sides need each other's consent."""
    return Position(lon_deg=dice.between(40.1, 40.4), lat_deg=dice.between(35.05, 35.3))


def _area(dice: Dice) -> Area:
    here = _position(dice)
    match dice.whole(0, 2):
        case 0:
            return Circle(centre=here, radius_nm=dice.between(3, 8))
        case 1:
            route = tuple(_position(dice) for _ in range(dice.whole(2, 3)))
            return Corridor(route=route, half_width_nm=dice.between(2, 5))
        case _:
            return _rectangle(dice, here)


def _rectangle(dice: Dice, here: Position) -> Polygon:
    width, height = dice.between(0.1, 0.3), dice.between(0.1, 0.2)
    corners = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    return Polygon(
        vertices=tuple(Position(lon_deg=here.lon_deg + east, lat_deg=here.lat_deg + north) for east, north in corners)
    )
