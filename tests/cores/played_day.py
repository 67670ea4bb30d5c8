"""A day of a scenario, played once for all tests that look at a history of it."""

from datetime import datetime, timedelta
from functools import cache

from hotline_protocol.message import Message
from hotline_services.director.scenario import Scenario, read_scenario
from hotline_services.monitor.history import History, fold
from hotline_services.world import build

NAME = "valley-2017"


@cache
def scenario() -> Scenario:
    return read_scenario(NAME)


@cache
def messages() -> tuple[tuple[int, datetime, Message], ...]:
    """Numbered from 1, with the time at which each was said."""
    said: list[tuple[int, datetime, Message]] = []
    played = build(scenario(), 1, 1)
    played.run(scenario().start + timedelta(days=1), lambda message, at: said.append((len(said) + 1, at, message)))
    return tuple(said)


@cache
def history() -> History:
    """All of it. Not to be added to."""
    return fold(messages())
