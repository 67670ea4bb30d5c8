"""How a command finds the broker: its address, or those of a cluster, from an option or from the environment."""

import os
from typing import Final

from hotline_services.runtime.wire import BrokerSettings

VARIABLE: Final = "HOTLINE_BROKER"
DEFAULT: Final = "mqtt://127.0.0.1:1883"


def broker_settings(address: str | None) -> BrokerSettings:
    """As given, or from HOTLINE_BROKER, or on this machine. Raises ValueError; see :mod:`~.runtime.addresses`."""
    return BrokerSettings.from_url(address or os.environ.get(VARIABLE) or DEFAULT)
