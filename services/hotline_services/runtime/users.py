"""Users of an embedded broker: their passwords and rights, in mosquitto's and in NATS's own form."""

import json
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from hotline_services.keys.passwords import password_file

NOTHING: Final = ["hotline.nothing"]
"""A subject that nobody uses: to NATS an empty list of what is allowed means that everything is."""


class User(NamedTuple):
    """One user: the password, and the topic filters on which they may publish and hear."""

    password: str
    publish: Sequence[str]
    hear: Sequence[str]


def mosquitto_files(users: Mapping[str, User]) -> dict[str, str]:
    """mosquitto's password file and access list for these users, by file name."""
    blocks = [
        "\n".join(
            [
                f"user {name}",
                *(f"topic write {where}" for where in user.publish),
                *(f"topic read {where}" for where in user.hear),
            ]
        )
        for name, user in users.items()
    ]
    passwords = password_file({name: user.password for name, user in users.items()})
    return {"passwords": passwords, "acl": "\n\n".join(blocks) + "\n"}


def nats_authorization(users: Mapping[str, User]) -> str:
    """The block of NATS's configuration for these users. What its MQTT delivers comes by way of ``$MQTT.sub``.

    NATS knows nothing of MQTT's ``$SYS`` topics: rights on these are left out.
    """
    known = [
        {
            "user": name,
            "password": user.password,
            "permissions": {
                "publish": {"allow": _subjects(user.publish) or NOTHING},
                "subscribe": {"allow": [*_subjects(user.hear), "$MQTT.sub.>"]},
            },
        }
        for name, user in users.items()
    ]
    return f"authorization {{ users = {json.dumps(known)} }}\n"


def _subjects(filters: Sequence[str]) -> list[str]:
    """MQTT topic filters as NATS subjects. In MQTT ``a/#`` takes in ``a`` itself: NATS wants both to be allowed."""
    subjects = []
    for where in filters:
        levels = [] if where.startswith("$") else [{"+": "*", "#": ">"}.get(level, level) for level in where.split("/")]
        if levels[-1:] == [">"] and levels[:-1]:
            subjects.append(".".join(levels[:-1]))
        if levels:
            subjects.append(".".join(levels))
    return subjects
