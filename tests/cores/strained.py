"""Two centres that feel strain, for tests of what it changes in what they do."""

from typing import Any

from hotline_protocol.agreement import Partner, TierRule
from hotline_protocol.events import (
    Stage,
    StrainChanged,
)
from hotline_protocol.injection import ReportSighting, SightingKind
from hotline_protocol.line import Tier
from hotline_services.aoc.config import Officer, PartyConfig, Strain, StrainModel

from .joined import ON_THE_LINE, PROMPT, Joined, agreement

OFFICER = Officer(answer_s=0, think_s=0)
MODELS = (StrainModel.LADDER, StrainModel.GOLDSTEIN, StrainModel.HAWKES)
RULES = agreement(
    tiers=(
        TierRule(tier=Tier.DUTY_OFFICER),
        TierRule(tier=Tier.DEPUTY_COMMANDER, disclosure=True, rounds=8),
        TierRule(tier=Tier.COMMANDER, disclosure=True, rounds=8),
    ),
    partners=(
        Partner(name="raf", side="us"),
        Partner(name="syaf", side="ru"),
        Partner(name="taf"),
    ),
)


def side(model: StrainModel = StrainModel.GOLDSTEIN, **changes: Any) -> PartyConfig:
    others = {name: changes.pop(name) for name in ("costs", "strategy", "posture") if name in changes}
    return PartyConfig(officer=OFFICER, strain=Strain(model=model, **changes), **others)


def saw(world: Joined, kind: SightingKind, party: str = "us", **fields: Any) -> None:
    given = {"by": "ru" if party == "us" else "us", "at": ON_THE_LINE, "seen_at": world.now}
    world.tell(party, ReportSighting, kind=kind, **(given | fields))


def strain(world: Joined, party: str = "us") -> list[StrainChanged]:
    return [event for event in world.all(StrainChanged) if event.source == party]


def in_a_crisis(us: PartyConfig | None = None, ru: PartyConfig = PROMPT, **rules: Any) -> Joined:
    world = Joined(us or side(), ru, rules=rules.get("rules", RULES))
    for _ in range(20):
        saw(world, SightingKind.AIRCRAFT_LOST)
        if strain(world)[-1].stage is Stage.CRISIS:
            return world
    raise AssertionError("it did not come to a crisis")
