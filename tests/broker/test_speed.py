"""How fast time may run is measured through the broker as it is set up."""

from pathlib import Path

from hotline_services.runtime.broker import EmbeddedBroker
from hotline_services.runtime.speed import measured_delay

from .conftest import need


async def test_the_delay_is_measured_through_a_window_smaller_than_the_number_of_round_trips(tmp_path: Path) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="max_inflight_messages 5") as small:
        assert 0 < await measured_delay(small.settings, "director", round_trips=20) < 10
