"""What a console knows of what flies, and what it can do while it hears nothing."""

from datetime import timedelta

import pytest

from hotline_protocol.flightplan import FlightKind
from hotline_protocol.message import Author
from hotline_protocol.orders import AnswerRing
from hotline_protocol.service import Health, Presence
from hotline_protocol.sky import Track, Tracks
from hotline_services.console.desk.air_view import Sky
from hotline_services.console.desk.commands import CommandError, Commands
from hotline_services.console.desk.desk_view import DeskView
from hotline_services.console.desk.sentences import sky_lines

from .fake import FakeDesk

LEASE = timedelta(seconds=80)


def flying(desk: FakeDesk) -> Tracks:
    places = {"us": 39.1, "ru": 39.2}
    tracks = [
        Track(side, side, "p", f"{side.upper()}1", FlightKind.PATROL, lon, 35.6, 24_040, 419.6, 359.9, 0, True)
        for side, lon in places.items()
    ]
    return Author("sky").say(Tracks, desk.time, tracks=tuple(tracks))


def overseen(desk: FakeDesk) -> DeskView:
    desk.view.oversee(flying(desk))
    return desk.view


def test_what_flies_is_told_in_words_one_s_own_first() -> None:
    view = overseen(FakeDesk())
    assert sky_lines(view.sky) == [
        "RU1, own aircraft: FL240, in 439LM36, 420 kt towards 360°.",
        "US1, another side's aircraft: FL240, in 439LM35, 420 kt towards 360°.",
    ]
    assert sky_lines(Sky("ru")) == ["What flies has not been told yet."]
    assert sky_lines(Sky("ru", is_known=True)) == ["Nothing is seen to fly."]


@pytest.mark.parametrize(("who", "left"), [("sky", 0), ("director", 2)])
def test_nothing_is_known_to_fly_once_the_sky_has_gone(who: str, left: int) -> None:
    desk = FakeDesk()
    view = overseen(desk)
    view.oversee(Author(who).say(Health, desk.time, presence=Presence.DOWN, session="1"))
    assert len(view.sky.tracks) == left


def test_an_order_is_refused_while_the_line_is_lost_and_what_is_known_can_still_be_asked() -> None:
    desk = FakeDesk()
    desk.hear(desk.taken(), desk.ring())
    overseen(desk)
    assert [notice.text for notice in desk.view.cut(desk.time)] == ["The line to the broker is lost since 09:00:00Z."]
    commands = Commands(desk.view, desk.peers)
    for line in ("answer", "look", "protest line-crossing 40,35"):
        with pytest.raises(CommandError, match="lost since 09:00:00Z"):
            commands.obey(line, desk.time)
    assert commands.obey("plans", desk.time).lines
    assert "The line to the broker is lost since 09:00:00Z." in commands.obey("status", desk.time).lines
    assert desk.view.sky.tracks == ()


@pytest.mark.parametrize(("away_s", "told"), [(8, 1), (81, 2)])
def test_a_line_that_is_back_leaves_open_who_decides_until_the_desk_has_told(away_s: float, told: int) -> None:
    desk = FakeDesk()
    desk.hear(desk.taken(), desk.ring())
    desk.view.cut(desk.time)
    desk.time += timedelta(seconds=away_s)
    notices = desk.view.mended(desk.time, LEASE)
    assert len(notices) == told
    assert not desk.view.is_ours
    assert "You decide at the desk of RU." in {notice.text for notice in desk.hear(desk.taken())}
    desk.hear(desk.ring("us-0-c2"))
    (answer,) = Commands(desk.view, desk.peers).obey("answer", desk.time).send
    assert answer.kind is AnswerRing
