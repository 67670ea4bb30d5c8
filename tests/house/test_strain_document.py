"""What docs/strain.md tells of weights, rungs and conduct is what the code does."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline_services.aoc.strain.conduct import CONDUCT
from hotline_services.aoc.strain.felt import WEIGHTS, Felt, Severity
from hotline_services.aoc.strain.ladder import LADDER, STIRS
from hotline_services.aoc.strain.model import Rung

TEXT = (Path(__file__).parents[2] / "docs" / "strain.md").read_text(encoding="utf-8").splitlines()


def weights() -> Iterator[str]:
    for felt in Felt:
        weight = WEIGHTS[felt]
        value = f"{weight.goldstein:+g}".replace("-", "−")
        yield f"| {felt.value} | {weight.cameo} {weight.reads} | {value} | {weight.severity.value} |"


def rungs() -> Iterator[str]:
    led: dict[tuple[Rung, Rung], list[str]] = {}
    for (rung, push), to in LADDER.items():
        led.setdefault((rung, to), []).append(push.value)
    for (rung, to), pushes in led.items():
        yield f"    {rung.value} --> {to.value} : {' / '.join(pushes)}"


def stirs() -> Iterator[str]:
    for rung, kinds in STIRS.items():
        yield f"| {rung.value} | {' '.join(kind.value for kind in Severity if kind in kinds)} |"


def conduct() -> Iterator[str]:
    for stage, what in CONDUCT.items():
        yield (
            f"| {stage.value} | {'lets pass' if what.lets_pass else 'protests'} | {what.warns:g} | {what.tier} "
            f"| × {what.exponent:g} | {'yes' if what.discloses else 'no'} "
            f"| {'declared suspended' if what.suspends else ''} |"
        )


@pytest.mark.parametrize("table", [weights, rungs, stirs, conduct], ids=lambda table: table.__name__)
def test_every_row_of_the_strain_tables_stands_in_the_document(table: object) -> None:
    assert callable(table)
    missing = [row for row in table() if row not in TEXT]
    assert missing == []
