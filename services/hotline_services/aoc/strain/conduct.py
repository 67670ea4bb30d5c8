"""What strain changes in what a side does. That its officers answer the phone is never changed."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from hotline_protocol.events import Stage
from hotline_protocol.injection import SightingKind

MINOR: Final = frozenset({SightingKind.LINE_CROSSING})
"""What a side that is calm lets pass: it is put on record, and nobody is called about it."""


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """How a side behaves towards another. As it stands: the way of a side that goes by no model.

    ``lets_pass`` what is minor; ``warns`` is how many warnings each thing seen or heard brings about, where the
    gravest counts as one (below 1, or two sides would warn each other for ever); ``tier`` is how many tiers above the
    lowest its calls about incidents are made; ``exponent`` multiplies that of its concession, so that below 1 it is
    stiffer; ``discloses`` is whether it lays its needs open where the tier would have it; ``suspends`` is whether it
    declares the line suspended.
    """

    lets_pass: bool = False
    warns: float = 0.0
    tier: int = 0
    exponent: float = 1.0
    discloses: bool = True
    suspends: bool = False


UNMOVED: Final = Conduct()

CONDUCT: Final[Mapping[Stage, Conduct]] = MappingProxyType(
    {
        Stage.CALM: Conduct(lets_pass=True),
        Stage.TENSE: Conduct(warns=0.25, exponent=0.85),
        Stage.STRAINED: Conduct(warns=0.5, tier=1, exponent=0.6),
        Stage.CRISIS: Conduct(warns=0.75, tier=2, exponent=0.35, discloses=False, suspends=True),
    }
)


def conduct_at(stage: Stage, prone: float = 0.0) -> Conduct:
    """That of this stage, but warning no less than ``prone``: what the model itself has it do, whatever the stage."""
    conduct = CONDUCT[stage]
    return conduct if prone <= conduct.warns else msgspec.structs.replace(conduct, warns=prone)
