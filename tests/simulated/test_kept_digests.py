"""Every shipped scenario writes, for five seeds, the bytes that it wrote when the digests were kept.

A commit that changes a digest says which and why, and runs ``tools/digests.py --write``.
"""

import json

import pytest

from .kept_digests import KEPT, SEEDS, digest, shipped

KEPT_DIGESTS = json.loads(KEPT.read_text(encoding="utf-8"))


def test_digests_are_kept_of_every_shipped_scenario() -> None:
    assert {run.rpartition("/")[0] for run in KEPT_DIGESTS} == set(shipped())


@pytest.mark.parametrize("name", shipped())
def test_a_shipped_scenario_writes_the_bytes_that_it_wrote(name: str) -> None:
    runs = {f"{name}/{seed}": digest(name, seed) for seed in SEEDS}
    assert runs == {run: KEPT_DIGESTS[run] for run in runs}
