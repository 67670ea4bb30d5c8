"""What is on the desk, in lines that can be read aloud."""

from datetime import UTC, datetime
from typing import Final

from hotline_protocol.airspace import Position
from hotline_protocol.menu import Choice
from hotline_protocol.orders import DecisionAwaited, OwnPlan, Verdict
from hotline_protocol.sky import Track
from hotline_services.monitor.wording import air, clock_time, duration, height, heights, offer, printable, words
from hotline_services.monitor.worldlog import place

from .air_view import Sky, Whose
from .desk_view import DeskView
from .offer_sentences import in_words

SHORTEST_HERE_S: Final = 10.0
"""In less real time than this nobody reads an offer and answers it."""
AIRCRAFT: Final = {
    Whose.OWN: "own aircraft",
    Whose.OTHER: "another side's aircraft",
    Whose.THIRD: "a third party's aircraft",
}
NEVER: Final = datetime.max.replace(tzinfo=UTC)


def hint(asked: DecisionAwaited) -> str:
    """What the automatic officer would do: ``concur``, ``decline``, or ``counter with ...``."""
    if asked.officer is Verdict.COUNTER and asked.officer_choice is not None:
        return f"counter with {offer(asked.menu, asked.officer_choice)}"
    return asked.officer.value


def menu_lines(asked: DecisionAwaited) -> list[str]:
    """The menu, with what their offer is and whether each place and height has a time at which it is free for us."""
    menu, here = asked.menu, asked.choice
    lines = [f"Their offer: {offer(menu, here)}."]
    for number, sector in enumerate(menu.sectors):
        lines.append(f"sector {number + 1}: {printable(sector.name)}{' (theirs)' if number == here.sector else ''}")
        lines += [_block_line(asked, number, block) for block in range(len(menu.blocks))]
    lines.append(f"shifts: {', '.join(f'{minutes:+d}' for minutes in menu.shifts_min)} min")
    return lines


def _block_line(asked: DecisionAwaited, sector: int, block: int) -> str:
    menu = asked.menu
    free = [
        f"{minutes:+d}"
        for shift_index, minutes in enumerate(menu.shifts_min)
        if asked.worth[menu.outcome(Choice(sector=sector, block=block, shift=shift_index))] >= 0
    ]
    each = menu.blocks[block]
    at = f"free at {' '.join(free)}" if free else "not free at any time"
    whenever = "free" if len(free) == len(menu.shifts_min) else at
    return f"  block {block + 1}: {heights(each.lower_ft, each.upper_ft)}, {whenever}"


def status_lines(view: DeskView, now: datetime) -> list[str]:
    """What is on the desk, a line each."""
    who = "You hold the desk" if view.is_ours else "The automatic officer decides"
    if view.holder is not None and not view.is_ours:
        who = f"{printable(view.holder.operator)} holds the desk"
    lines = [f"{clock_time(now)}. {who} of {view.party.upper()}."]
    if view.cut_since is not None:
        lines.append(f"The line to the broker is lost since {clock_time(view.cut_since, seconds=True)}.")
    lines.append(_call_line(view, now))
    for asked in sorted(view.decisions.values(), key=lambda asked: asked.expires_at):
        left = duration((asked.expires_at - now).total_seconds())
        lines.append(printable(f"To decide within {left}: {in_words(asked)}"))
    lines += view.agenda.lines()
    lines.append(f"{_plans(len(view.plans))}; {_flying(view.sky)}.")
    return lines


def _plans(count: int) -> str:
    return "1 own plan" if count == 1 else f"{count} own plans"


def _flying(sky: Sky) -> str:
    if not sky.is_known:
        return "what flies has not been told yet"
    return "1 aircraft flies" if len(sky.tracks) == 1 else f"{len(sky.tracks)} aircraft fly"


def _call_line(view: DeskView, now: datetime) -> str:
    call = view.call
    if call is None:
        return "No call."
    state = "in a call with" if call.talking else "ringing" if call.ours else "the phone rings:"
    left = duration((call.until - now).total_seconds())
    manner = f"{words(call.reason.value)}, {words(call.tier.value)}"
    lasts = f"it ends in {left} if nothing is said" if call.talking else f"it rings for another {left}"
    return printable(
        f"{state[:1].upper()}{state[1:]} {call.peer.upper()}{view.agenda.about(call)} ({manner}); {lasts}."
    )


def too_fast(view: DeskView, speed: float) -> str | None:
    """A warning where time runs so fast that a person cannot answer an offer before it lapses."""
    here_s = view.offer_s / speed
    if here_s >= SHORTEST_HERE_S:
        return None
    return (
        f"Too fast for a person: at {speed:g}x an offer stands for {here_s:.1f} s of your time. "
        "Start it with hotline demo --speed 4."
    )


def plan_lines(view: DeskView) -> list[str]:
    """The own plans, a line each, those that begin first first."""
    plans = sorted(view.plans.values(), key=lambda plan: (_start(plan), plan.plan_id))
    return [printable(f"{each.plan_id} ({each.callsign}): {each.state.value}, {air(each.volumes)}") for each in plans]


def sky_lines(sky: Sky) -> list[str]:
    """What flies, a line each, one's own first; else that nothing does, or that it has not been told."""
    if not sky.tracks:
        return ["Nothing is seen to fly." if sky.is_known else "What flies has not been told yet."]
    tracks = sorted(sky.tracks, key=lambda track: (sky.whose(track).rank, track.callsign))
    return [_track_line(sky.whose(track), track) for track in tracks]


def _track_line(whose: Whose, track: Track) -> str:
    feet = round(track.altitude_ft / 100) * 100
    at = place(Position(track.lon_deg, track.lat_deg))
    manner = f"{track.speed_kt:.0f} kt towards {track.track_deg:03.0f}°"
    return printable(f"{track.callsign}, {AIRCRAFT[whose]}: {height(feet)}, in {at}, {manner}.")


def _start(plan: OwnPlan) -> datetime:
    return min((volume.start for volume in plan.volumes), default=NEVER)
