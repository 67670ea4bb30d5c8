"""`hotline access`: the broker's address with user and password, for MQTT clients that know nothing of Hotline."""

import os
import sys
from typing import Annotated

from cyclopts import Parameter

from .connection import FROM_HERE, VARIABLE, Reach, address_with, broker_settings, found_run
from .folders import data_folder
from .query import complain
from .runfile import CONTROL


def access(
    *, as_: Annotated[str, Parameter(name="--as")] = CONTROL, broker: str | None = None, reach: Reach = FROM_HERE
) -> int:
    """Print the address of the broker of the run here, with a user and the password, for any MQTT client.

    It is a secret: others on this machine see what stands on a command line.

    For example:

    mosquitto_pub -L "$(hotline access)/hotline/v1/inject/us" -q 1 -f examples/plans/patrol.json

    hotline access --as us-desk

    The exit code is 0, or 2 when nothing runs here or it has no such user.

    Parameters
    ----------
    as_
        As whom: control, which injects and hears everything, observer, which only hears, or a desk such as us-desk.
    broker
        Another address instead of that in the run file, with or without user and password.
    """
    try:
        named = broker or os.environ.get(VARIABLE)
        settings = broker_settings(named, reach) if named else found_run(None, reach, as_)
        if settings is None:
            raise ValueError(f"nothing runs in {data_folder(reach.data)}: start hotline demo, or name a broker")
    except ValueError as error:
        return complain("access", str(error))
    sys.stdout.write(f"{address_with(settings)}\n")
    return 0
