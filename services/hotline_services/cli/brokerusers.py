"""The users of a run's own broker: one for each identity, with a random password and the rights of its role."""

from collections.abc import Sequence

from hotline_services.keys.passwords import new_password
from hotline_services.runtime.users import User

from .runfile import CONTROL, DESK, OBSERVER

SERVICES = ("sky", "director", "monitor", "page")


def broker_users(parties: Sequence[str]) -> dict[str, User]:
    """A user for each party, each desk, each service, control and observer."""
    names = [*parties, *SERVICES, *(party + DESK for party in parties), CONTROL, OBSERVER]
    return {name: User(new_password(), *_rights(name)) for name in names}


def people_of(parties: Sequence[str]) -> list[str]:
    """Whose passwords stand in the run file: people's, no service's."""
    return [CONTROL, OBSERVER, *(party + DESK for party in parties)]


def _rights(name: str) -> tuple[list[str], list[str]]:
    hear = ["health/+", "clock", f"control/{name}", f"receipt/+/{name}", f"inject/{name}", f"line/+/{name}"]
    publish = [f"health/{name}", f"event/{name}", f"receipt/{name}/+", f"line/{name}/+", f"status/{name}/+"]
    if name == "sky":
        publish, hear = [*publish, "inject/+", "track/sky"], [*hear, "inject/+", "status/+/+", "event/+"]
    elif name == "director":
        publish, hear = [*publish, "inject/+", "clock", "control/director"], [*hear, "status/+/+"]
    elif name == "monitor":
        publish, hear = [*publish, "control/+"], ["#"]
    elif name == "page":
        publish, hear = ["inject/+"], [*hear, "track/+"]
    elif name == OBSERVER:
        publish, hear = [], ["#"]
    elif name == CONTROL:
        publish, hear = ["inject/+"], ["#"]
    elif name.endswith(DESK):
        publish, hear = [f"inject/{name.removesuffix(DESK)}"], ["#"]
    return [f"hotline/v1/{each}" for each in publish], [f"hotline/v1/{each}" for each in hear]
