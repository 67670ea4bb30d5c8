"""What is said again to a centre that has not confirmed it."""

from datetime import timedelta

from hotline_protocol.examples_story import CALL, NINE
from hotline_protocol.orders import AnswerRing
from hotline_services.console.desk.sitting import Draft, SittingAt
from hotline_services.console.desk.unconfirmed import Unconfirmed

LATER = NINE + timedelta(seconds=80)


def test_of_what_holds_the_desk_only_the_latest_is_said_again() -> None:
    sitting, unconfirmed = SittingAt("ru", "console-ru-1", "Col. X"), Unconfirmed()
    holds = [sitting.take(NINE, 4, tell=tell) for tell in (True, False)]
    for hold in holds:
        unconfirmed.add(hold, until=LATER)
    assert unconfirmed.orders == holds[1:]
    unconfirmed.confirm([holds[0].id])
    assert unconfirmed.orders == holds[1:]
    unconfirmed.confirm([holds[1].id])
    assert unconfirmed.orders == []


def test_that_the_centre_was_asked_what_is_there_is_known_until_it_confirms_that() -> None:
    sitting, unconfirmed = SittingAt("ru", "console-ru-1", "Col. X"), Unconfirmed()
    asking = sitting.take(NINE, 4, tell=True)
    unconfirmed.add(asking, until=LATER)
    assert unconfirmed.asks_what_is_there
    unconfirmed.confirm([asking.id])
    assert not unconfirmed.asks_what_is_there


def test_an_order_is_given_up_once_and_then_forgotten() -> None:
    sitting, unconfirmed = SittingAt("ru", "console-ru-1", "Col. X"), Unconfirmed()
    answer = sitting.write(Draft(AnswerRing, {"call_id": CALL}), NINE)
    unconfirmed.add(answer, until=LATER)
    assert unconfirmed.give_up(LATER) == []
    assert unconfirmed.give_up(LATER + timedelta(seconds=1)) == [answer]
    assert unconfirmed.orders == []
