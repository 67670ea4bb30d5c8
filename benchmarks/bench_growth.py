"""How the time that a simulated day takes grows with the sorties wanted in it: valley-2017 at 1 to 100 times its tempo.

Everything is part of it: plans, calls, negotiations, flying, encounters, strain. Not every sortie that is wanted is
flown: each side's tasking looks for air that is free of its own flights and gives up after 24 tries, so that the
valley fills up at about a thousand a day; beyond that it is the looking that grows. The line has one officer at each
end, which bounds the calls. The first row is what the others are compared with.
"""

import argparse
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from hotline_protocol.line import Ring
from hotline_protocol.message import Message
from hotline_protocol.sky import Encountered, FlightBegan
from hotline_services.director.scenario import read_scenario
from hotline_services.world import build
from sizes import parsed

EXAMPLE = """example:
  python benchmarks/bench_growth.py --quick                                  # to 10 times the tempo
  python benchmarks/bench_growth.py --chart docs/figures/growth.svg --cpu    # to 100 times, some minutes
"""
SCENARIO = "valley-2017"


@dataclass(frozen=True)
class Row:
    """One day at one tempo."""

    tempo: float
    wanted: float
    flights: int
    calls: int
    encounters: int
    messages: int
    seconds: float


def day(tempo: float, hours: float, clock: Callable[[], float]) -> Row:
    scenario = read_scenario(SCENARIO, {"traffic.*.tempo": tempo})
    said: Counter[type[Message]] = Counter()
    began = clock()
    simulation = build(scenario, scenario.seed, days=1)
    simulation.run(simulation.start + timedelta(hours=hours), lambda message, _: said.update((type(message),)))
    seconds = clock() - began
    wanted = sum(traffic.a_day * traffic.tempo for traffic in scenario.traffic)
    return Row(tempo, wanted, said[FlightBegan], said[Ring], said[Encountered], said.total(), seconds)


def report(rows: Sequence[Row]) -> None:
    row, first = rows[-1], rows[0]
    print(
        f"{row.tempo:>6g}{row.wanted:>9,.0f}{row.flights:>9,}{row.calls:>7,}{row.encounters:>12,}{row.messages:>10,}{row.seconds:>9.2f}"
        f"{row.seconds / row.wanted * 1e3:>17.2f}{row.seconds / first.seconds:>10.1f}",
        flush=True,
    )


def slope(one: Row, other: Row) -> float:
    return math.log(other.seconds / one.seconds) / math.log(other.wanted / one.wanted)


def chart(rows: Sequence[Row]) -> str:
    """An SVG of seconds over sorties wanted, both on logarithmic scales, and what straight growth would be."""
    left, right = math.floor(math.log10(rows[0].wanted)), math.ceil(math.log10(rows[-1].wanted))
    low, high = math.floor(math.log10(rows[0].seconds)), math.ceil(math.log10(rows[-1].seconds))

    def x(sorties: float) -> float:
        return 70 + 430 * (math.log10(sorties) - left) / (right - left)

    def y(seconds: float) -> float:
        return 280 - 240 * (math.log10(seconds) - low) / (high - low)

    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 330" font-family="sans-serif" font-size="12">',
        '<rect width="640" height="330" fill="white"/>',
        f'<text x="70" y="22" font-size="14">A day of {SCENARIO} at 1 to {rows[-1].tempo:g} times its tempo</text>',
    ]
    for power in range(low, high + 1):
        at = y(10.0**power)
        parts.append(f'<line x1="70" x2="500" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="62" y="{at + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    tens = [10**power for power in range(left, right + 1)]
    parts += [f'<text x="{x(sorties):.1f}" y="300" text-anchor="middle">{sorties:,}</text>' for sorties in tens]
    below = "sorties wanted in the day; beside each point, those flown"
    parts.append(f'<text x="285" y="320" text-anchor="middle">{below}</text>')
    straight = [(row.wanted, rows[0].seconds * row.wanted / rows[0].wanted) for row in rows]
    measured = [(row.wanted, row.seconds) for row in rows]
    for place, name, colour, line in (
        (48, "measured", "#0b6e4f", measured),
        (66, "if it grew straight", "#b5651d", straight),
    ):
        points = " ".join(f"{x(sorties):.1f},{y(seconds):.1f}" for sorties, seconds in line)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="90" y="{place}" fill="{colour}">{name}</text>')
    parts += [f'<circle cx="{x(row.wanted):.1f}" cy="{y(row.seconds):.1f}" r="3" fill="#0b6e4f"/>' for row in rows]
    parts += [f'<text x="{x(row.wanted) + 6:.1f}" y="{y(row.seconds) + 14:.1f}">{row.flights:,}</text>' for row in rows]
    return "\n".join([*parts, "</svg>"]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="to 10 times the tempo")
    parser.add_argument("--hours", type=float, default=24.0, help="how much of the day (%(default)s)")
    parser.add_argument("--cpu", action="store_true", help="take CPU time, for a machine that others keep busy")
    parser.add_argument("--chart", type=Path, help="write the growth as SVG to this file")
    arguments = parsed(parser, hours=1.0)
    clock = time.thread_time if arguments.cpu else time.perf_counter

    print("CPU time" if arguments.cpu else "time by the wall clock")
    head = f"{'tempo':>6}{'wanted':>9}{'flown':>9}{'calls':>7}{'encounters':>12}{'messages':>10}"
    print(f"{head}{'s':>9}{'ms a sortie':>17}{'times':>10}")
    day(1, 1.0, clock)  # what is made once: imports, projections, menus
    rows: list[Row] = []
    tempos = [1, 3, 10, 30, 100][: 2 if arguments.smoke else 3 if arguments.quick else None]
    for tempo in tempos:
        rows.append(day(tempo, arguments.hours, clock))
        report(rows)
    print(f"slope of seconds over sorties wanted, both logarithmic: {slope(rows[0], rows[-1]):.2f}")
    if arguments.chart:
        arguments.chart.parent.mkdir(parents=True, exist_ok=True)
        arguments.chart.write_text(chart(rows))


if __name__ == "__main__":
    main()
