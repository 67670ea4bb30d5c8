"""Every event that a run or the sky can put down has a handler, and every handler has an event."""

from typing import get_args

import pytest

from hotline_services.simulation.chance import Chance
from hotline_services.simulation.event_queue import AnyEvent, Arrival, Injection, Wake
from hotline_services.simulation.faulty import FaultyNetwork
from hotline_services.simulation.network import Faults, NetworkModel
from hotline_services.simulation.perfect import PerfectNetwork
from hotline_services.traffic.agenda import Due
from hotline_services.traffic.flights import HANDLERS

from .toys import NOON


def test_the_sky_handles_everything_that_it_foresees() -> None:
    assert set(HANDLERS) == set(get_args(Due))


def test_a_faulty_network_handles_every_event() -> None:
    network = FaultyNetwork(NetworkModel(), Faults(), NOON, Chance(1))
    assert set(network.handlers) == set(get_args(AnyEvent))


def test_a_perfect_network_handles_what_can_happen_in_it() -> None:
    assert set(PerfectNetwork(NetworkModel(), NOON).handlers) == {Injection, Arrival, Wake}


@pytest.mark.parametrize("event", [*get_args(Due), *get_args(AnyEvent)], ids=lambda event: event.__name__)
def test_an_event_never_changes_and_is_told_from_others_when_it_is_read_back(event: type) -> None:
    config = event.__struct_config__  # type: ignore[attr-defined]
    assert config.frozen
    assert config.tag == event.__name__
