"""The users of a run's own broker: one for each identity, with a random password and the rights of its role."""

from collections.abc import Sequence

from hotline_protocol.authority import identities, may_hear, may_publish
from hotline_protocol.names import PEOPLE, PROBE, desk_of
from hotline_services.keys.passwords import new_password
from hotline_services.runtime.users import User


def broker_users(parties: Sequence[str]) -> dict[str, User]:
    """A user for each party, each desk, each service, control and observer."""
    names = [name for name in identities(parties) if name != PROBE]
    return {name: User(new_password(), list(may_publish(name)), may_hear(name)) for name in names}


def people_of(parties: Sequence[str]) -> list[str]:
    """Whose passwords stand in the run file: people's, no service's."""
    return [*PEOPLE, *map(desk_of, parties)]
