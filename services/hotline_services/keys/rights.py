"""Who stands in a broker's access list: services, which show certificates, and people, who know passwords."""

import re
from typing import Final

from hotline_protocol.names import DESK, PEOPLE, PROBE

_USER: Final = re.compile(r"^user (\S+)$", re.MULTILINE)


class AccessListError(ValueError):
    """This is no access list; the message is a sentence for the user."""


def known_identities(access_list: str) -> tuple[list[str], list[str]]:
    """The services and the people in this access list. Raises AccessListError."""
    names = _USER.findall(access_list)
    if not names:
        raise AccessListError("the access list names no user")
    people = [name for name in names if is_person(name)]
    return [name for name in names if name not in people and name != PROBE], people


def parties_in(access_list: str) -> list[str]:
    """The parties of this access list: those who have a desk."""
    names = _USER.findall(access_list)
    return [name for name in names if name + DESK in names]


def is_person(name: str) -> bool:
    """Whether this identity is a person's, who is known by a password."""
    return name in PEOPLE or name.endswith(DESK)
