"""The console on a whole terminal: a thin shell of widgets over the view, the commands and the chart."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, Protocol

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message as Event
from textual.widgets import Footer, Input, RichLog, Static

from hotline_protocol.injection import SightingKind
from hotline_protocol.menu import Choice
from hotline_protocol.orders import DecisionAwaited
from hotline_services.monitor.wording import clock_time, printable

from .countering import Countering
from .desk.chart import Ground, draw
from .desk.commands import CommandError, Commands, Reply
from .desk.desk_view import DeskView, Matter, Notice
from .desk.sentences import too_fast
from .desk.sitting import Draft
from .leaflet import Leaflet, help_lines
from .painting import LEGEND_ROWS, desk_text, map_text, pressing, standing

REFRESH_S: Final = 0.5
SHOWN_AT_ONCE: Final = 50
OVERTAKEN: Final = "That offer is off the desk, and another waits: nothing was said."
LINES_IN_LOG: Final = 5
"""What is longer is shown over the whole desk: of more, the log would show the end only."""


class Desk(Protocol):
    """What the application sits at: a :class:`~.session.Session`, or a test's."""

    @property
    def view(self) -> DeskView: ...

    @property
    def peers(self) -> tuple[str, ...]: ...

    @property
    def speed(self) -> float: ...

    def now(self) -> datetime: ...

    async def send(self, draft: Draft) -> None: ...

    async def look(self) -> None: ...


class News(Event):
    """The person is to be told this."""

    def __init__(self, notices: list[Notice]) -> None:
        super().__init__()
        self.notices: Final = notices


class ConsoleApp(App[None]):
    """The desk: what is on it at the left, the map at the right, what has been said below."""

    CSS = """
    #title { height: 1; background: $primary; color: $text; }
    #upper { height: 1fr; min-height: 11; }
    #desk { width: 1fr; padding: 0 1; overflow-y: auto; }
    #map { width: 1fr; height: 1fr; }
    #lower { height: auto; }
    #log { height: 7; border-top: solid $primary; scrollbar-size: 0 1; }
    #command { display: none; height: 1; border: none; padding: 0 1; }
    #command.open { display: block; }
    .-narrow #map { display: none; }
    .-tall #log { height: 12; }
    """
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (64, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "order('answer')", "Answer"),
        Binding("i", "order('ignore')", "Ignore"),
        Binding("y", "order('accept')", "Concur"),
        Binding("c", "counter", "Counter"),
        Binding("n", "type('decline ')", "Decline"),
        Binding("h", "order('hangup')", "Hang up"),
        Binding("r", "order('ring')", "Ring"),
        Binding("t", "order('raise')", "Tier up"),
        Binding("k", "type('ask ')", "Ask"),
        Binding("p", f"type('protest {SightingKind.LINE_CROSSING.value} ')", "Protest"),
        Binding("question_mark", "help", "Help"),
        Binding("colon,slash", "type('')", "Command", show=False),
        Binding("m", "order('menu')", "Menu", show=False),
        Binding("s", "order('status')", "Status", show=False),
        Binding("g", "order('hint')", "Hint", show=False),
        Binding("l", "order('look')", "Look", show=False),
        Binding("w", "order('sky')", "Who flies", show=False),
        Binding("f2", "theme", "Light/dark", show=False),
        Binding("escape", "close", "Close", show=False),
        Binding("q", "leave", "Leave"),
        Binding("ctrl+c,ctrl+q", "leave", "Leave", show=False, priority=True),
    ]

    def __init__(self, desk: Desk, ground: Ground | None = None) -> None:
        super().__init__()
        self._desk = desk
        self._ground = ground or Ground()
        self._commands = Commands(desk.view, desk.peers)
        # Kept, since what asks for a widget by its name finds none while another screen lies on top.
        self._title = Static(id="title")
        self._on_desk = Static(id="desk")
        self._map = Static(id="map")
        self._paper = RichLog(id="log", max_lines=1_000, wrap=True, min_width=20)
        self._line = Input(id="command", placeholder="a command; help lists them", select_on_focus=False)

    def compose(self) -> ComposeResult:
        """See textual."""
        yield self._title
        with Horizontal(id="upper"):
            yield self._on_desk
            yield self._map
        with Vertical(id="lower"):
            yield self._paper
            yield self._line
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """See textual."""
        self._paper.can_focus = False
        self.set_interval(REFRESH_S, self._look_at_the_clock)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Once it is known how much room there is."""
        self._write(list(self._desk.view.log)[-SHOWN_AT_ONCE:])
        if warning := too_fast(self._desk.view, self._desk.speed):
            self._paper.write(Text(warning, style="bold"), expand=True)
        self._show()

    def tell(self, notices: list[Notice]) -> None:
        """Tell this; from any task."""
        self.post_message(News(notices))

    @on(News)
    def _hear(self, news: News) -> None:
        for notice in news.notices:
            if notice.matter is Matter.RINGS:
                self.bell()
            if notice.matter is not Matter.LOG:
                loud = notice.matter in {Matter.RINGS, Matter.DECIDE, Matter.REFUSED}
                self._paper.write(Text(notice.text, style="bold" if loud else ""), expand=True)
        self._show()

    def _write(self, lines: list[str]) -> None:
        for line in lines:
            self._paper.write(Text(line), expand=True)

    # Showing ---------------------------------------------------------------------------------------------

    def _look_at_the_clock(self) -> None:
        notices = self._desk.view.lapse(self._desk.now())
        if notices:
            self.tell(notices)
        self._show()

    def on_resize(self) -> None:
        """See textual."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        if not self.screen_stack:
            return  # it is closing
        now, view = self._desk.now(), self._desk.view
        holder = printable(view.holder.operator) if view.holder else "the automatic officer"
        time = f"{now:%d %b} {clock_time(now, seconds=True)}"
        title = f" {view.party.upper()} · {holder} · {time} · {self._desk.speed:g}x"
        self._title.update(Text(title, no_wrap=True))
        self._on_desk.update(desk_text(view, now, self._desk.speed))
        self._paint(self._map, view.decision())
        self.refresh_bindings()

    def _paint(self, place: Static, asked: DecisionAwaited | None, choice: Choice | None = None) -> None:
        columns, rows, view = place.size.width, place.size.height - LEGEND_ROWS, self._desk.view
        if columns < 10 or rows < 4:
            return
        chart = draw(columns, rows, self._ground, view.plans.values(), asked, choice, view.sky)
        place.update(map_text(chart, self._ground.note))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """See textual: only what can be ordered now is offered at the foot of the screen."""
        view, asked = self._desk.view, self._desk.view.decision()
        match action, parameters:
            case "order", ("answer" | "ignore",):
                return view.rings
            case ("order", ("accept" | "hint" | "menu",)) | ("counter", _) | ("type", ("decline ",)):
                return asked is not None
            case "order", ("raise",):
                return bool(view.waiting) or (asked is not None and asked.plan_id is not None)
            case "order", ("hangup",):
                return view.call is not None and not view.rings
            case "order", ("ring",):
                return view.call is None
            case _:
                pass
        return True

    # Ordering --------------------------------------------------------------------------------------------

    async def action_order(self, line: str) -> None:
        """Do what this command line says."""
        try:
            reply = self._commands.obey(line, self._desk.now())
        except CommandError as error:
            self._write([str(error)])
            return
        await self._act(reply)

    async def _act(self, reply: Reply) -> None:
        if len(reply.lines) > LINES_IN_LOG:
            self._open(reply.lines)
        else:
            self._write(list(reply.lines))
        for draft in reply.send:
            await self._desk.send(draft)
        if reply.look:
            await self._desk.look()
        if reply.leave:
            self.exit()
        self._show()

    def _open(self, lines: Sequence[str]) -> None:
        self.push_screen(Leaflet(lines, lambda: pressing(self._desk.view, self._desk.now(), self._desk.speed)))

    def action_help(self) -> None:
        """Show the keys and the commands."""
        self._open(help_lines())

    def action_counter(self) -> None:
        """Choose another sector, block or shift of the menu."""
        asked = self._desk.view.decision()
        if asked is None:
            self._write(["No offer awaits your answer."])
            return

        async def counter(line: str | None) -> None:
            first = self._desk.view.decision()
            if line and first is not None and first.offer != asked.offer:  # it would be taken from another menu
                self._write([OVERTAKEN])
            elif line:
                await self.action_order(line)

        self.push_screen(Countering(asked, lambda: self._standing(asked), self._paint), counter)

    def _standing(self, asked: DecisionAwaited) -> str:
        return standing(self._desk.view, asked, self._desk.now(), self._desk.speed)

    def action_type(self, beginning: str) -> None:
        """Open the command line."""
        line = self._line
        line.add_class("open")
        line.value = beginning
        line.cursor_position = len(beginning)
        line.focus()

    def action_close(self) -> None:
        """Close the command line."""
        self._line.remove_class("open")
        self._line.value = ""
        self.set_focus(None)

    @on(Input.Submitted, "#command")
    async def _typed(self, event: Input.Submitted) -> None:
        self.action_close()
        await self.action_order(event.value)

    def action_theme(self) -> None:
        """Light, or dark."""
        self.theme = "textual-light" if self.theme != "textual-light" else "textual-dark"

    def action_leave(self) -> None:
        """Leave the desk."""
        self.exit()
