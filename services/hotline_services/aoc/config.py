"""One party's own affairs: what it never tells the other side."""

import enum
from typing import Annotated

import msgspec
from msgspec import Meta

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
    """Human delays in seconds: to pick up the phone, and to think before each thing said; each is a mean.

    ``gather_s`` is how long routine plans are gathered before a call is made about all of them.
    """

    answer_s: Annotated[float, Meta(ge=0, le=600)] = 8.0
    think_s: Annotated[float, Meta(ge=0, le=600)] = 20.0
    gather_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0


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
