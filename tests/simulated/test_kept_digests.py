"""Every shipped scenario writes, for five seeds, the bytes that it wrote when the digests were kept.

A commit that changes a digest says which and why, and runs ``tools/digests.py --write``.
"""

import json

import pytest
from tests.nightly import nightly

from .kept_digests import KEPT, SEEDS, digest, shipped

KEPT_DIGESTS = json.loads(KEPT.read_text(encoding="utf-8"))


def test_digests_are_kept_of_every_shipped_scenario() -> None:
    assert KEPT_DIGESTS.keys() == {f"{name}/{seed}" for name in shipped() for seed in SEEDS}


@pytest.mark.parametrize("seed", [*SEEDS[:2], *nightly(SEEDS[2:])])
@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_writes_the_bytes_that_it_wrote(name: str, seed: int) -> None:
    assert digest(name, seed) == KEPT_DIGESTS[f"{name}/{seed}"]
