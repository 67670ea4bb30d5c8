"""What happens again within ten minutes is one affair, and told once.

A flight that works across the line goes over it and back with every lap, one that flies beside its area leaves it with
every lap, and two that hold side by side come near each other once in each. A flight has gone over, or left its air,
when it does so first; it is back when it stays; and an encounter is as bad as the closest that the two came. That is
how people count such things, and how the figures are to be read. What is measured (how long a flight was outside, how
close two came) is measured in full.
"""

from collections.abc import Iterable
from typing import Final

from .passage import Span

AFFAIR_S: Final = 600.0
"""This project's choice."""


def affairs_of(spans: Iterable[Span]) -> list[Span]:
    """These, in the order of time, with those that belong together made one."""
    joined: list[Span] = []
    for span in spans:
        if joined and span.began_s - joined[-1].ended_s < AFFAIR_S:
            joined[-1] = Span(joined[-1].began_s, span.ended_s)
        else:
            joined.append(span)
    return joined
