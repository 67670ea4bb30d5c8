"""The desk and the map as styled text: what is told by colour is also told by a word or a mark."""

from datetime import datetime
from typing import Final

from rich.text import Text

from hotline_protocol.orders import DecisionAwaited
from hotline_services.monitor.wording import clock_time, duration, offer, printable, words

from .desk.chart import FLYING, Chart, Layer
from .desk.desk_view import DeskView
from .desk.offer_sentences import wanted

LEGEND_ROWS: Final = 3
STYLES: Final = {
    Layer.NOTHING: "",
    Layer.RIVER: "blue",
    Layer.LINE: "yellow",
    Layer.OWN: "green",
    Layer.FLIES_OWN: "bold green",
    Layer.FLIES_OTHER: "bold magenta",
    Layer.FLIES_THIRD: "bold yellow",
    Layer.OFFER: "bold magenta",
    Layer.CHOICE: "bold cyan",
}
"""What is theirs has one colour, what is own another. Red is for what is wrong: no side is shown as hostile."""


def desk_text(view: DeskView, now: datetime, speed: float) -> Text:
    """What is on the desk, with how long there is: simulated time, and real time where that differs."""
    text = Text()
    call = view.call
    if call is None:
        text.append("No call.\n")
    else:
        state = "In a call with" if call.talking else "Ringing" if call.ours else "☎ RINGS:"
        text.append(f"{state} {call.peer.upper()}", style="bold reverse" if view.rings else "bold")
        text.append(f"\n{words(call.reason.value)}, {words(call.tier.value)}; {left(call.until, now, speed)}\n")
        if about := view.agenda.about(call):
            text.append(f"{printable(about.strip())}\n")
    asked = view.decision()
    if asked is None:
        text.append("\nNo offer awaits your answer.\n")
    else:
        _append_decision(text, asked, now, speed)
    others = len(view.decisions) - 1
    if others > 0:
        text.append(f"\n{others} more to be decided.")
    text.append(f"\nOwn plans: {len(view.plans)}.")
    if view.agenda.open:
        text.append(f" To be talked over: {len(view.agenda.open)}.")
    return text


def pressing(view: DeskView, now: datetime, speed: float) -> str:
    """What cannot wait, in a line, for who reads something else: an offer, or the phone."""
    asked = view.decision()
    if asked is not None:
        return printable(f"{offer(asked.menu, asked.choice)} lapses: {left(asked.expires_at, now, speed)}")
    if view.rings and view.call is not None:
        return f"☎ RINGS: {view.call.peer.upper()}; {left(view.call.until, now, speed)}"
    return "Nothing waits for you."


def standing(view: DeskView, asked: DecisionAwaited, now: datetime, speed: float) -> str:
    """Their offer, and below it how long it stands, or that it does not any more."""
    now_there = view.decisions.get(asked.negotiation_id)
    stands = "off the desk: Esc goes back"
    if now_there is not None and now_there.offer == asked.offer:
        stands = f"lapses: {left(now_there.expires_at, now, speed)}"
    return f"{printable(f'{wanted(asked)} {offer(asked.menu, asked.choice)}')}\n{stands}"


def _append_decision(text: Text, asked: DecisionAwaited, now: datetime, speed: float) -> None:
    window = asked.menu.windows
    text.append(f"\n{printable(wanted(asked))}\n", style="bold")
    text.append(f"{printable(offer(asked.menu, asked.choice))}\n", style="bold magenta")
    times = f"{clock_time(window[0].start)}-{clock_time(window[-1].end)}"
    text.append(f"{asked.kind.value}, {times} when on time, round {asked.round}\n")
    text.append(f"lapses: {left(asked.expires_at, now, speed)}\n", style="bold")
    if asked.meets:
        text.append(f"runs into your {printable(', '.join(asked.meets))}\n", style="bold red")
    if asked.worth[asked.menu.outcome(asked.choice)] < 0:
        text.append("that air is not free\n", style="bold red")


def left(until: datetime, now: datetime, speed: float) -> str:
    """How long there is: simulated time, and real time where that differs."""
    seconds = max((until - now).total_seconds(), 0.0)
    here = f" ({duration(seconds / speed)} here)" if speed != 1 else ""
    return f"{duration(seconds)} left{here}"


def map_text(chart: Chart, note: str) -> Text:
    """The map, with its legend, and what must be said about the line."""
    text = Text(no_wrap=True)
    for row in chart.cells():
        for cell in row:
            text.append(cell.char, style=STYLES[cell.layer])
        text.append("\n")
    text.append("◆ offer  ", style=STYLES[Layer.OFFER])
    text.append("▲ yours  ", style=STYLES[Layer.CHOICE])
    text.append("NAME own plan\n", style=STYLES[Layer.OWN])
    text.append("flies:")
    for whose, (mark, layer) in FLYING.items():
        text.append(f"  {mark} {whose.value}", style=STYLES[layer])
    text.append("\n")
    text.append("river  ", style=STYLES[Layer.RIVER])
    text.append(note, style=STYLES[Layer.LINE])
    return text
