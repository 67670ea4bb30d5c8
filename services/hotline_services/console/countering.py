"""Choosing a counter-offer: place, height and time side by side, with whether that air is free, on the map."""

from collections.abc import Callable
from typing import ClassVar, Final

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.screen import ModalScreen
from textual.widgets import Footer, OptionList, Static

from hotline_protocol.menu import Choice
from hotline_protocol.orders import DecisionAwaited, Verdict
from hotline_services.monitor.wording import heights, offer, printable, shift

AXES: Final = ("sector", "block", "shift")
REFRESH_S: Final = 0.5

Paint = Callable[[Static, DecisionAwaited, Choice], None]


class Countering(ModalScreen[str | None]):
    """Returns the command line that orders the counter-offer, or None when there is to be none."""

    CSS = """
    Countering { align: center middle; }
    Countering #asked { height: auto; background: $surface; padding: 0 1; text-style: bold; }
    #choosing { height: 1fr; background: $surface; }
    OptionList { width: 1fr; min-width: 12; height: 1fr; }
    #sector { width: 1.3fr; }
    #preview { width: 2fr; height: 1fr; }
    #verdict { height: 1; background: $primary; color: $text; }
    .-narrow #preview { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "offer", "Offer this", priority=True),
        Binding("left", "app.focus_previous", "Column", show=False),
        Binding("right,tab", "app.focus_next", "Next column"),
        Binding("escape", "dismiss_none", "Back"),
    ]

    def __init__(self, asked: DecisionAwaited, standing: Callable[[], str], paint: Paint) -> None:
        """``standing`` tells how their offer stands at the moment, ``paint`` draws the map with a choice on it."""
        super().__init__()
        self._asked = asked
        self._standing = standing
        self._paint = paint

    def compose(self) -> ComposeResult:
        """See textual."""
        menu = self._asked.menu
        yield Static(id="asked")
        with Horizontal(id="choosing"):
            yield OptionList(*(Text(printable(sector.name)) for sector in menu.sectors), id="sector")
            yield OptionList(*(Text(heights(each.lower_ft, each.upper_ft)) for each in menu.blocks), id="block")
            yield OptionList(*(Text(shift(minutes)) for minutes in menu.shifts_min), id="shift")
            yield Static(id="preview")
        yield Static(id="verdict")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with what could be offered."""
        beginning = suggested(self._asked)
        for axis in AXES:
            self._list(axis).highlighted = getattr(beginning, axis)
        self._list(AXES[0]).focus()
        self._show_standing()
        self.set_interval(REFRESH_S, self._show_standing)

    def _show_standing(self) -> None:
        self.query_one("#asked", Static).update(Text(self._standing()))

    def _list(self, axis: str) -> OptionList:
        return self.query_one(f"#{axis}", OptionList)

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        sector, block, minutes = (self._list(axis).highlighted or 0 for axis in AXES)
        return Choice(sector=sector, block=block, shift=minutes)

    @on(OptionList.OptionHighlighted)
    def _changed(self) -> None:
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        asked, choice = self._asked, self.choice
        if choice == asked.choice:
            verdict = "that is what they offer: choose another, or go back and concur"
        elif asked.worth[asked.menu.outcome(choice)] < 0:
            verdict = "not free"
        else:
            verdict = "free; the automatic officer's" if choice == asked.officer_choice else "free"
        self.query_one("#verdict", Static).update(Text(f" {printable(offer(asked.menu, choice))}: {verdict}"))
        self._paint(self.query_one("#preview", Static), asked, choice)

    def action_offer(self) -> None:
        """Offer what is chosen."""
        choice, menu = self.choice, self._asked.menu
        if choice == self._asked.choice:
            self.app.bell()
            return
        cells = f"sector {choice.sector + 1} block {choice.block + 1} shift {menu.shifts_min[choice.shift]:+d}"
        self.dismiss(f"counter {cells}")

    def action_dismiss_none(self) -> None:
        """Offer nothing."""
        self.dismiss(None)


def suggested(asked: DecisionAwaited) -> Choice:
    """What to begin with: the automatic officer's counter-offer, else the first that is free and not theirs."""
    if asked.officer is Verdict.COUNTER and asked.officer_choice is not None:
        return asked.officer_choice
    choices = (asked.menu.choice(outcome) for outcome, worth in enumerate(asked.worth) if worth >= 0)
    return next((choice for choice in choices if choice != asked.choice), asked.choice)
