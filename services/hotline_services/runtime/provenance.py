"""How a run was made: with which scenario, values, seed and program. Kept in recordings, records and journals."""

from typing import Annotated

import msgspec
from msgspec import Meta

from hotline_protocol.message import Digest

Days = Annotated[int, Meta(gt=0, le=3_660)]
Speed = Annotated[float, Meta(gt=0, le=100_000)]


class Provenance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Scenario, program and Python version of a run; its seed and length stand elsewhere.

    ``file`` is the path of the scenario as it was given, empty for one that is shipped. ``digest`` is that of all that
    the scenario says, with its agreement and with the values that were ``set``, which stand here as they were typed.
    """

    file: str = ""
    digest: Digest
    set: tuple[str, ...] = ()
    program: str
    python: str


class Launch(msgspec.Struct, frozen=True, kw_only=True):
    """The arguments of a live service. ``days`` and ``speed`` are None where they were not given."""

    scenario: str
    provenance: Provenance
    seed: int
    days: Days | None = None
    speed: Speed | None = None
