"""One party's own affairs: what it never tells the other side."""

import enum
from datetime import datetime, time
from typing import Annotated

import msgspec
from msgspec import Meta

from hotline_protocol.line import Tier

Weight = Annotated[float, Meta(ge=0, le=1)]


class StrategyKind(enum.Enum):
    """How a side comes down from its best outcome."""

    CONCESSION = "concession"
    MICRO = "micro"
    TIT_FOR_TAT = "tit-for-tat"


class Strategy(msgspec.Struct, frozen=True, kw_only=True):
    """Concession over time: ``exponent`` below 1 is Boulware, 1 linear, above 1 Conceder (Faratin et al. 1998).

    With ``weighs_risk`` a side that concedes over time does so faster the less it would lose by taking what it
    has been offered (Zeuthen 1930). With ``trade_offs`` a side picks, among what it would settle for, what looks
    best for the other.
    """

    kind: StrategyKind = StrategyKind.CONCESSION
    exponent: Annotated[float, Meta(gt=0, le=20)] = 0.8
    weighs_risk: bool = True
    trade_offs: bool = True


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What moving a flight costs its side, and what letting the other in costs it: shares of 1.

    ``shift``, ``block`` and ``sector`` are the cost of the largest move on the menu in that direction;
    ``line`` that of a foreign flight on our side of the line or in a shared zone, ``own_plan`` that of
    making way for it with a flight of our own. ``walk_away`` is what having no agreement is worth; a side that
    is asked concurs at once with what is worth ``content`` to it.
    """

    shift: Weight = 0.35
    block: Weight = 0.25
    sector: Weight = 0.4
    line: Weight = 0.15
    own_plan: Weight = 0.5
    walk_away: Weight = 0.35
    content: Weight = 0.8


class Officer(msgspec.Struct, frozen=True, kw_only=True):
    """What people take and miss. Times are means in seconds: to pick up the phone, to think before each thing said,
    for the interpreter to say it, to pass on to the aircraft what has been understood, and until mail is read.

    ``gather_s`` is how long routine plans are gathered before a call is made about all of them. A place that is said
    is misheard with the probability ``mishears``, by ``misheard_nm`` on average; who ``reads_back`` what was heard has
    the error noticed with the probability ``catches``.
    """

    answer_s: Annotated[float, Meta(ge=0, le=600)] = 8.0
    think_s: Annotated[float, Meta(ge=0, le=600)] = 20.0
    interpret_s: Annotated[float, Meta(ge=0, le=600)] = 0.0
    gather_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    relay_s: Annotated[float, Meta(ge=0, le=3_600)] = 120.0
    mail_s: Annotated[float, Meta(ge=0, le=86_400)] = 1_800.0
    mishears: Weight = 0.0
    misheard_nm: Annotated[float, Meta(ge=0, le=100)] = 5.0
    reads_back: bool = True
    catches: Weight = 0.9


class Away(msgspec.Struct, frozen=True, kw_only=True):
    """From when until when, and why."""

    start: datetime
    end: datetime
    reason: str = ""


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """When the officers of one tier are there, in whole instants: what a scenario writes, worked out for one run.

    ``shifts`` are times of day in UTC, from and until (over midnight when the second is not later); none means
    always. ``away`` is when nobody is there in spite of that. ``answer_s`` is how long this tier takes to pick up,
    where it differs. ``authority`` is how far it may concede: it grants what is worth at least
    ``1 - authority * (1 - walk_away)`` to its side, and must go up a tier for more.
    """

    shifts: tuple[tuple[time, time], ...] = ()
    away: tuple[Away, ...] = ()
    answer_s: Annotated[float, Meta(ge=0, le=7_200)] | None = None
    authority: Weight = 1.0


class Roster(msgspec.Struct, frozen=True, kw_only=True):
    """The officers of one side, tier by tier (one that is not named is always there), and when the circuit itself
    is down."""

    watches: dict[Tier, Watch] = {}
    circuit_down: tuple[Away, ...] = ()


class StrainModel(enum.Enum):
    """How strain builds up and wears off."""

    NONE = "none"
    LADDER = "ladder"
    GOLDSTEIN = "goldstein"
    HAWKES = "hawkes"


class Strain(msgspec.Struct, frozen=True, kw_only=True):
    """Which model of escalation a side goes by. ``half_life_h`` is how fast it forgets, ``gain`` scales what it
    feels, ``stages`` are the levels at which it is tense, strained and in crisis. ``reacts`` false: it is recorded
    and changes nothing."""

    model: StrainModel = StrainModel.NONE
    gain: Annotated[float, Meta(ge=0, le=100)] = 1.0
    half_life_h: Annotated[float, Meta(gt=0, le=8_760)] = 24.0
    excitation: Annotated[float, Meta(ge=0, lt=1)] = 0.5
    stages: tuple[float, float, float] = (10.0, 25.0, 50.0)
    reacts: bool = True

    def __post_init__(self) -> None:
        tense, strained, crisis = self.stages
        if not 0 < tense < strained < crisis:
            raise ValueError(f"stages: {tense:g}, {strained:g} and {crisis:g} are to be above 0 and to rise")


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a side wants at a line review: how far it would move the line towards the other (``wish_nm``), and how far
    it would let it come (``yield_nm``), at each control point; and how it comes down from the one to the other.
    """

    wish_nm: Annotated[float, Meta(ge=-100, le=100)] = 5.0
    yield_nm: Annotated[float, Meta(ge=-100, le=100)] = 5.0
    exponent: Annotated[float, Meta(gt=0, le=20)] = 1.0


class Posture(msgspec.Struct, frozen=True, kw_only=True):
    """How a side answers to what happens."""

    flies_without_consent: bool = False
    protests: bool = True


class PartyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Everything private of one party."""

    title: str = ""
    strategy: Strategy = Strategy()
    costs: Costs = Costs()
    officer: Officer = Officer()
    posture: Posture = Posture()
    strain: Strain = Strain()
    review: Review = Review()
