"""Who is at the desk when: what a scenario says of officers and of the circuit, worked out for one run."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from hotline_protocol.line import Tier
from hotline_protocol.message import PartyName
from hotline_services.aoc.config import Away, Roster, Watch

from .script import Scenario
from .setting import Circuit, Duty, Officers
from .written import Moment

FAR_FUTURE: Final = datetime(9999, 1, 1, tzinfo=UTC)
A_DAY: Final = timedelta(days=1)
A_YEAR: Final = 366 * A_DAY
"""So long at least are daily absences worked out: a live centre is not told for how many days it will run."""
AFTERWARDS: Final = 2 * A_DAY
"""Some flights of a run are flown on the day after its end."""
SLOWEST_ANSWER: Final = timedelta(hours=2)


def tiers_of(officers: Officers) -> dict[Tier, Duty]:
    """The duty of each tier, by the names that a scenario has for them."""
    return {
        Tier.DUTY_OFFICER: officers.duty,
        Tier.DEPUTY_COMMANDER: officers.deputy,
        Tier.COMMANDER: officers.commander,
        Tier.CHIEFS: officers.chiefs,
    }


def roster(scenario: Scenario, party: PartyName, days: int | None = None) -> Roster:
    """The officers of this party in a run of this many days (else the scenario's own length), and the circuit."""
    end = max(scenario.end(days) + AFTERWARDS, scenario.start + A_YEAR)
    duties = tiers_of(scenario.officers.get(party, Officers()))
    watches = {tier: _watch(duty, scenario.start, end) for tier, duty in duties.items() if duty != Duty()}
    return Roster(watches=watches, circuit_down=_breaks(scenario.circuit, scenario.start))


def _watch(duty: Duty, start: datetime, end: datetime) -> Watch:
    return Watch(
        shifts=tuple((_clock(begin, start), _clock(until, start)) for begin, until in duty.shifts),
        away=tuple(_absences(duty, start, end)),
        answer_s=None if duty.answer is None else duty.answer.written.total_seconds(),
        authority=duty.authority,
    )


def _clock(moment: Moment, start: datetime) -> time:
    """A time of day in the scenario's zone, in UTC."""
    return moment.after(start).astimezone(UTC).time()


def _absences(duty: Duty, start: datetime, end: datetime) -> Iterator[Away]:
    lasts = duty.absent.written
    if not lasts:
        return
    begins = duty.absent_from.after(start).astimezone(UTC)
    if not duty.daily:
        yield Away(start=begins, end=begins + lasts)
        return
    begins -= A_DAY  # the one of the day before may reach into the run
    while begins < end:
        yield Away(start=begins, end=begins + lasts)
        begins += A_DAY


def _breaks(circuit: Circuit, start: datetime) -> tuple[Away, ...]:
    if not circuit.available:
        return (Away(start=start.astimezone(UTC), end=FAR_FUTURE, reason="there is no line"),)
    begins = ((each.start.after(start).astimezone(UTC), each.lasts.written) for each in circuit.down)
    return tuple(Away(start=at, end=at + lasts, reason="the circuit is down") for at, lasts in begins)


def roster_faults(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What cannot be meant in it: the field, and what would be right."""
    for party, officers in scenario.officers.items():
        if party not in scenario.parties:
            yield f"officers.{party}", f"{party!r} does not take part; there are: {', '.join(scenario.parties)}"
        for name in ("duty", "deputy", "commander", "chiefs"):
            yield from _duty_faults(getattr(officers, name), f"officers.{party}.{name}")
    for number, each in enumerate(scenario.circuit.down):
        if not each.lasts.written:
            yield f"circuit.down[{number}].lasts", 'longer than nothing, such as "6h"'


def _duty_faults(duty: Duty, path: str) -> Iterator[tuple[str, str]]:
    for number, shift in enumerate(duty.shifts):
        if not all(moment.is_clock for moment in shift):
            yield f"{path}.shifts[{number}]", 'two times of day, such as ["06:00", "18:00"]'
    if duty.daily and not duty.absent_from.is_clock:
        yield f"{path}.absent_from", 'a time of day, such as "12:00", since it is daily'
    if duty.daily and not duty.absent.written < A_DAY:
        yield f"{path}.absent", 'less than a day, such as "45m", since it is daily'
    if duty.answer is not None and duty.answer.written > SLOWEST_ANSWER:
        yield f"{path}.answer", 'two hours at most, such as "30s"'
