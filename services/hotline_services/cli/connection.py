"""How a command finds the broker: one address, from an option or from the environment."""

import os
from typing import Final

from hotline_services.runtime.wire import BrokerSettings

VARIABLE: Final = "HOTLINE_BROKER"
DEFAULT: Final = "mqtt://127.0.0.1:1883"


def broker_settings(address: str | None) -> BrokerSettings:
    """``mqtt://user:password@host:port``: as given, or from HOTLINE_BROKER, or on this machine. Raises ValueError."""
    return BrokerSettings.from_url(address or os.environ.get(VARIABLE) or DEFAULT)
