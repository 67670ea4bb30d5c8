"""What somebody types at a desk, and the order that it becomes."""

import pytest

from hotline_protocol.airspace import Circle, Position, Volume4D
from hotline_protocol.examples_story import MENU, NEGOTIATION, at
from hotline_protocol.flightplan import PlanState, Priority
from hotline_protocol.injection import CancelPlan, ChangePlan, PassAdvice, SightingKind
from hotline_protocol.line import (
    Tier,
)
from hotline_protocol.orders import (
    CounterOffer,
    LodgeProtest,
    OwnPlan,
    RaiseTier,
    Waiting,
)
from hotline_services.console.desk.commands import HELP, SYNONYMS, CommandError, Commands
from hotline_services.console.desk.sitting import Draft

from .fake import HIGHER, WANTED, FakeDesk, manned, offer_of, talking


def drafts(desk: FakeDesk, line: str) -> list[Draft]:
    return list(Commands(desk.view, desk.peers).obey(line, desk.time).send)


def test_every_command_of_the_help_is_known() -> None:
    commands = Commands(FakeDesk().view, ("us",))
    for verb in [line.split()[0] for line, _ in HELP] + list(SYNONYMS):
        try:
            commands.obey(verb, at(0))
        except CommandError as error:
            assert "There is no command" not in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("line", "choice"),
    [
        ("counter block 2", HIGHER),
        ("counter block=high", HIGHER),
        ("c height 2 shift +15 sector 2", HIGHER.__class__(sector=1, block=1, shift=2)),
        ("counter time -15", HIGHER.__class__(sector=0, block=0, shift=0)),
    ],
)
def test_a_counter_names_what_is_to_be_different(line: str, choice: object) -> None:
    (draft,) = drafts(talking(), line)
    assert draft.kind is CounterOffer
    assert draft.fields == {"negotiation_id": NEGOTIATION, "offer": offer_of(WANTED), "choice": choice}


@pytest.mark.parametrize(
    "line",
    ["counter", "counter block", "counter block 9", "counter speed 2", "counter shift +7", "counter block ²"],
)
def test_a_counter_that_is_not_on_the_menu_is_refused_in_a_sentence(line: str) -> None:
    with pytest.raises(CommandError, match=r"[.?]$"):
        drafts(talking(), line)


@pytest.mark.parametrize(
    "line",
    [
        *("answer", "accept", "decline", "menu", "hangup", "raise", "cancel x", "protest", "ask", "fly"),
        *("ring xx", "ring US!", "ask nan,nan who?", "x" * 10_000),
    ],
)
def test_what_cannot_be_ordered_now_is_refused_in_a_sentence(line: str) -> None:
    with pytest.raises(CommandError, match=r"[.?]$"):
        drafts(manned(), line)


@pytest.mark.parametrize("count", ["", "²", "-1", "9" * 5_000])
def test_the_log_is_shown_however_its_length_is_said(count: str) -> None:
    desk = talking()
    assert Commands(desk.view, desk.peers).obey(f"log {count}", at(0)).lines


def test_places_are_named_by_degrees_or_by_their_gars_area() -> None:
    (ask,) = drafts(talking(), "ask 441LL15 who flies there?")
    assert ask.kind is PassAdvice
    assert ask.fields["advice"].statement == "who flies there?"
    (protest,) = drafts(talking(), "protest line-crossing 40.1,35.3 no more of this")
    assert (protest.kind, protest.fields["kind"]) == (LodgeProtest, SightingKind.LINE_CROSSING)
    assert protest.fields["peer"] == "us"
    with pytest.raises(CommandError):
        drafts(talking(), "ask 400,35 who")


def test_the_tier_of_what_waits_is_raised() -> None:
    desk = manned()
    desk.view.waiting = (
        Waiting(ref="ru-n1", peer="us", reason=desk.ring().reason, tier=Tier.DUTY_OFFICER, not_before=at(0)),
    )
    (draft,) = drafts(desk, "raise")
    assert (draft.kind, draft.fields) == (RaiseTier, {"negotiation_id": "ru-n1", "tier": Tier.DUTY_OFFICER})


def test_the_menu_says_what_is_free_and_the_hint_what_the_officer_would_say() -> None:
    desk = talking()
    commands = Commands(desk.view, desk.peers)
    told = "\n".join(commands.obey("menu", desk.time).lines)
    assert "block 1: FL240-260, free at -15 +15 +30" in told
    assert commands.obey("hint", desk.time).lines == (
        f"The automatic officer would counter with {MENU.sectors[0].name} · FL270-290 · on time.",
    )


def test_a_plan_of_one_s_own_can_be_withdrawn() -> None:
    (draft,) = drafts(manned(), "cancel ru-7")
    assert (draft.kind, draft.fields) == (CancelPlan, {"plan_id": "ru-7"})


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        ("amend ru-7 later 30", {"shift_min": 30}),
        ("amend ru-7 earlier 10 heights 18000 20000", {"shift_min": -10, "lower_ft": 18_000, "upper_ft": 20_000}),
        ("amend ru-7 priority Emergency", {"priority": Priority.EMERGENCY}),
        ("amend ru-7 longer 15", {"end": at(75)}),
        ("amend ru-7 shorter 15", {"end": at(45)}),
    ],
)
def test_a_plan_of_one_s_own_can_be_changed(line: str, fields: dict[str, object]) -> None:
    desk = manned()
    volume = Volume4D(
        area=Circle(centre=Position(40, 35), radius_nm=5), lower_ft=0, upper_ft=9, start=at(0), end=at(60)
    )
    desk.view.plans["ru-7"] = OwnPlan(plan_id="ru-7", callsign="RU7", state=PlanState.ACCEPTED, volumes=(volume,))
    (draft,) = drafts(desk, line)
    assert (draft.kind, draft.fields) == (ChangePlan, {"plan_id": "ru-7", **fields})


@pytest.mark.parametrize(
    "line",
    [
        *("amend", "amend x later 5", "amend ru-7", "amend ru-7 later", "amend ru-7 later 0", "amend ru-7 later 9999"),
        *(
            "amend ru-7 heights 20000",
            "amend ru-7 heights 20000 18000",
            "amend ru-7 priority high",
            "amend ru-7 higher 5",
        ),
        *("amend ru-7 higher 5", "amend ru-7 later 5 earlier 5", "amend ru-7 heights 18000 99999"),
    ],
)
def test_a_change_that_cannot_be_ordered_is_refused_in_a_sentence(line: str) -> None:
    with pytest.raises(CommandError, match=r"[.?]$"):
        drafts(manned(), line)
