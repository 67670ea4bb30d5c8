"""The console on a whole terminal, driven by its keys: no broker, no terminal."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.binding import Binding
from textual.pilot import Pilot
from textual.widgets import RichLog, Static

from hotline_protocol.examples_story import CALL, MENU
from hotline_protocol.examples_story import at as later
from hotline_protocol.injection import PassAdvice
from hotline_protocol.line import Answer
from hotline_protocol.menu import Choice
from hotline_protocol.orders import (
    AcceptOffer,
    AnswerRing,
    CounterOffer,
    DeclineOffer,
    EndCall,
    LetRing,
    LodgeProtest,
    Verdict,
)
from hotline_services.console.app import ConsoleApp
from hotline_services.console.countering import Countering, suggested
from hotline_services.console.desk.chart import Ground
from hotline_services.console.desk.commands import HELP
from hotline_services.console.leaflet import KEYS, Leaflet
from hotline_services.console.painting import standing
from hotline_services.console.scenery import ILLUSTRATIVE, ground_of
from hotline_services.director.scenario import read_scenario

from .fake import HIGHER, WANTED, FakeDesk, offer_of

SMALL = (80, 24)


class Sitting:
    """An application at a desk, and the pilot that presses its keys."""

    def __init__(self, desk: FakeDesk, app: ConsoleApp, pilot: Pilot[None]) -> None:
        self.desk = desk
        self.app = app
        self.pilot = pilot

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def hears(self, *messages: object) -> None:
        self.app.tell(self.desk.hear(*messages))  # type: ignore[arg-type]
        await self.pilot.pause()

    def shown(self, name: str) -> str:
        return str(self.app.screen_stack[0].query_one(f"#{name}", Static).render())

    @property
    def log(self) -> str:
        return "\n".join(line.text for line in self.app.screen_stack[0].query_one(RichLog).lines)

    @property
    def keys(self) -> set[str]:
        return {key for key, binding in self.app.screen.active_bindings.items() if binding.binding.show}


@asynccontextmanager
async def sitting(
    size: tuple[int, int] = SMALL, ground: Ground | None = None, speed: float = 4.0
) -> AsyncIterator[Sitting]:
    desk = FakeDesk()
    desk.speed = speed
    desk.hear(desk.taken())
    app = ConsoleApp(desk, ground)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield Sitting(desk, app, pilot)


async def decide(at: Sitting) -> None:
    """A call in which an offer awaits an answer."""
    await at.hears(at.desk.ring(), at.desk.ru.say(Answer, at.desk.time, to="us", call_id=CALL), at.desk.asked())


async def test_a_ring_is_shown_and_answered_by_a_key() -> None:
    async with sitting() as at:
        assert "a" not in at.keys
        await at.hears(at.desk.ring())
        assert "RINGS" in at.shown("desk")
        assert "The phone rings: US" in at.log
        assert {"a", "i"} <= at.keys
        await at.press("a")
        await at.press("i")
    assert [draft.kind for draft in at.desk.sent] == [AnswerRing, LetRing]


async def test_an_offer_is_shown_with_what_it_runs_into_and_how_long_it_stands() -> None:
    async with sitting() as at:
        await decide(at)
        shown = at.shown("desk")
    assert "FL240-260" in shown
    assert "2 min left (30 s here)" in shown
    assert "runs into your ru-7" in shown
    assert "not free" in shown


async def test_concurring_and_hanging_up_are_one_key_each() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("y", "h")
    first, second = at.desk.sent
    assert (first.kind, first.fields["offer"]) == (AcceptOffer, offer_of(WANTED))
    assert second.kind is EndCall


async def test_a_counter_offer_is_chosen_by_the_arrow_keys() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c")
        assert isinstance(at.app.screen, Countering)
        assert "lapses: 2 min left (30 s here)" in str(at.app.screen.query_one("#asked", Static).render())
        await at.press("right", "right", "down")
        assert "FL270-290 · +15 min: free" in str(at.app.screen.query_one("#verdict", Static).render())
        await at.press("enter")
    (counter,) = at.desk.sent
    assert counter.kind is CounterOffer
    assert counter.fields["choice"] == Choice(sector=0, block=1, shift=2)


async def test_a_counter_offer_begins_with_what_the_automatic_officer_would_offer() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c", "enter")
    assert [draft.fields["choice"] for draft in at.desk.sent] == [HIGHER]


def test_a_counter_offer_begins_else_with_the_first_that_is_free_and_not_theirs() -> None:
    desk = FakeDesk()
    assert suggested(desk.asked(officer=Verdict.CONCUR, choice=Choice(sector=0, block=0, shift=0))) == Choice(
        sector=0, block=0, shift=2
    )
    assert suggested(desk.asked(officer=Verdict.DECLINE, worth=(-1.0,) * MENU.size)) == WANTED


async def test_what_they_offer_cannot_be_offered_back() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c", "right", "up", "enter")
        assert isinstance(at.app.screen, Countering)
        assert "that is what they offer" in str(at.app.screen.query_one("#verdict", Static).render())
    assert at.desk.sent == []


async def test_a_counter_offer_is_not_made_to_another_offer_that_took_its_place() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c")
        await at.hears(at.desk.asked(id="another", offer=offer_of(HIGHER), choice=HIGHER, round=2))
        await at.press("enter")
        assert "another waits" in at.log
    assert at.desk.sent == []


def test_an_offer_that_another_has_taken_the_place_of_is_said_to_be_off_the_desk() -> None:
    desk = FakeDesk()
    asked, again = desk.asked(), desk.asked(expires_at=later(3))
    desk.hear(again)
    assert "lapses: 3 min left" in standing(desk.view, asked, desk.now(), 1)
    desk.hear(desk.asked(offer=offer_of(HIGHER), choice=HIGHER))
    assert "off the desk" in standing(desk.view, asked, desk.now(), 1)


async def test_a_counter_offer_can_be_given_up() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c", "down", "escape")
    assert at.desk.sent == []


async def test_a_reason_is_typed_after_the_key_for_declining() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("n", *"held", "enter")
    (decline,) = at.desk.sent
    assert (decline.kind, decline.fields["reason"]) == (DeclineOffer, "held")


async def test_questions_and_protests_are_typed() -> None:
    async with sitting() as at:
        await at.press("k", *"40.1,35.3 who", "enter")
        await at.press("p", *"40.1,35.3", "enter")
    ask, protest = at.desk.sent
    assert (ask.kind, ask.fields["advice"].statement) == (PassAdvice, "who")
    assert (protest.kind, protest.fields["at"].lon_deg) == (LodgeProtest, 40.1)


async def test_what_cannot_be_understood_is_told_and_sends_nothing() -> None:
    async with sitting() as at:
        await at.press("colon", *"fly me", "enter")
        assert "no command 'fly'" in at.log
    assert at.desk.sent == []


async def test_keys_typed_into_the_command_line_order_nothing() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("colon", *"yachtq", "escape")
        assert at.app.is_running
    assert at.desk.sent == []


async def test_the_line_is_said_to_be_illustrative_where_it_is_shown() -> None:
    async with sitting(ground=ground_of(read_scenario("valley-day").agreement)) as at:
        await decide(at)
        drawn = at.shown("map")
    assert ILLUSTRATIVE in drawn
    assert any(0x2800 < ord(char) < 0x2900 for char in drawn)


async def test_a_narrow_terminal_does_without_the_map() -> None:
    async with sitting(size=(48, 20)) as at:
        await decide(at)
        assert not at.app.query_one("#map").display
        assert "FL240-260" in at.shown("desk")


async def test_light_and_dark_are_one_key_apart() -> None:
    async with sitting() as at:
        before = at.app.current_theme.dark
        await at.press("f2")
        assert at.app.current_theme.dark is not before


def leaflet(at: Sitting) -> str:
    assert isinstance(at.app.screen, Leaflet)
    return str(at.app.screen.query_one("#lines", Static).render())


async def test_the_help_begins_with_the_keys_and_is_read_from_its_beginning() -> None:
    async with sitting() as at:
        await at.press("question_mark")
        told = leaflet(at)
        assert told.index("concur with their offer") < told.index("Commands")
        assert all(verb in told for verb, _ in HELP)
        reading = at.app.screen.query_one("#reading")
        assert reading.scroll_offset.y == 0
        await at.press("end")
        await at.pilot.wait_for_scheduled_animations()
        assert reading.scroll_offset.y == reading.max_scroll_y > 0
        await at.press("escape")
        assert not isinstance(at.app.screen, Leaflet)


async def test_every_key_of_the_desk_is_in_the_help() -> None:
    told = {key for keys, _ in KEYS for key in keys.lower().split()}
    named = {"question_mark": "?", "colon,slash": ":"}
    bound = {named.get(each.key, each.key) for each in ConsoleApp.BINDINGS if isinstance(each, Binding)}
    assert bound - {"escape", "ctrl+c,ctrl+q"} == told


async def test_the_whole_menu_is_shown_with_how_long_the_offer_stands() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("m")
        assert leaflet(at).startswith("Their offer: ")
        assert "lapses: 2 min left (30 s here)" in str(at.app.screen.query_one("#pressing", Static).render())
        await at.press("y", "escape")
    assert at.desk.sent == []


async def test_another_side_s_text_cannot_style_or_steer_the_screen() -> None:
    async with sitting() as at:
        await at.hears(at.desk.asked(peer="us", meets=("[red]\x1b[2J",), plan_id="[b]x\x1b"))
        assert "\x1b" not in at.shown("desk")
        assert "[red]" in at.shown("desk")


async def test_an_offer_that_lapses_while_a_counter_is_chosen_ends_in_a_sentence() -> None:
    async with sitting() as at:
        await decide(at)
        await at.press("c", "down")
        at.desk.view.decisions.clear()
        await at.press("enter")
        assert "No offer awaits your answer." in at.log
    assert at.desk.sent == []


async def test_a_clock_that_leaves_nobody_time_to_answer_is_warned_of() -> None:
    async with sitting() as at:
        assert "Too fast" not in at.log
    async with sitting(speed=60) as at:
        assert "at 60x an offer stands for 2.0 s of your time" in at.log
        assert "--speed 4" in at.log


async def test_leaving_ends_the_application() -> None:
    for key in ("q", "ctrl+c"):
        async with sitting() as at:
            await at.press(key)
            assert not at.app.is_running


async def test_a_clock_that_ticks_while_the_screen_closes_does_no_harm() -> None:
    async with sitting() as at:
        app = at.app
    assert not app.screen_stack
    app._look_at_the_clock()
