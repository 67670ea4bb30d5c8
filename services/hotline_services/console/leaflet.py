"""A leaflet over the whole desk, for what is too long to be read in the log: the help, the menu, a list."""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from .desk.commands import HELP

REFRESH_S: Final = 0.5
WIDTH: Final = 76
"""Of the help, in columns, so that it fits a terminal of eighty."""
KEYS: Final = (
    ("a  i", "answer the phone; let it ring"),
    ("y", "concur with their offer"),
    ("c", "choose a counter-offer: arrows, Tab, Enter"),
    ("n", "decline their offer, with a reason"),
    ("h", "hang up"),
    ("m", "the menu: what could be offered, and what of it is free"),
    ("g", "what the automatic officer would answer"),
    ("r", "ring now about what waits"),
    ("t", "have your request talked over a tier higher"),
    ("k  p", "ask something; protest"),
    ("s  l", "what is on the desk; have the centre tell it again"),
    ("w", "who flies, and where"),
    ("?  :", "this help; type one of the commands below"),
    ("F2", "light or dark"),
    ("q", "leave the desk, and this program"),
)
"""The keys of :class:`~.app.ConsoleApp`, as a person is told of them."""


def help_lines() -> list[str]:
    """The keys, and then the commands that can be typed."""
    keys = [line for key, what in KEYS for line in _hanging(f"{key:6} {what}")]
    commands = [line for verb, what in HELP for line in _hanging(f"{verb:22} {what}")]
    return ["Keys", *keys, "", "Commands, typed after :", *commands]


def _hanging(line: str) -> list[str]:
    return wrap(line, WIDTH, initial_indent="  ", subsequent_indent=" " * 25, break_on_hyphens=False)


class Leaflet(ModalScreen[None]):
    """Shows these lines until it is closed; ``pressing`` is what the person must not miss meanwhile."""

    CSS = """
    Leaflet { background: $surface; }
    Leaflet #pressing { height: 1; background: $primary; color: $text; }
    Leaflet #reading { height: 1fr; padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "Close", key_display="Esc"),
        Binding("pagedown,space", "turn", "Scroll", key_display="↑↓ PgDn"),
    ]

    def __init__(self, lines: Sequence[str], pressing: Callable[[], str]) -> None:
        super().__init__()
        self._lines = lines
        self._pressing = pressing

    def compose(self) -> ComposeResult:
        """See textual."""
        yield Static(id="pressing")
        with VerticalScroll(id="reading"):
            yield Static(Text("\n".join(self._lines)), id="lines")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See textual."""
        self.query_one("#reading").focus()
        self._show()
        self.set_interval(REFRESH_S, self._show)

    def _show(self) -> None:
        self.query_one("#pressing", Static).update(Text(f" {self._pressing()}", no_wrap=True))

    def action_turn(self) -> None:
        """A page further."""
        self.query_one("#reading").scroll_page_down()

    def action_close(self) -> None:
        """Back to the desk."""
        self.dismiss(None)
