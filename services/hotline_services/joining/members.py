"""Further parties of a tree: the list of them, and every file that follows from it.

parties.toml is the list. The access list, the stubs of scenario and agreement, and the override of the compose file are
made of it and of what is shipped, so that making them again changes nothing.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from hotline_protocol.authority import access_list
from hotline_protocol.names import name_problem
from hotline_services.keys.folder import OWN

from .composition import MARK, override
from .stubs import StubError, agreement_stub, scenario_stub

LIST: Final = Path("parties.toml")
ACCESS_LIST: Final = Path("compose") / "acl"
OVERRIDE: Final = Path("docker-compose.override.yml")
COMPOSE: Final = Path("docker-compose.yml")
SCENARIO: Final = "valley-day"
MOST: Final = 8
"""Parties in all: the page has a frame and a colour for so many."""


class PartyError(ValueError):
    """This cannot be done; the message is a sentence for the user."""


class Members(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The further parties, each with the one it is configured like, and the shipped scenario that they join."""

    scenario: str = SCENARIO
    parties: Mapping[str, str] = {}


class Shipped(msgspec.Struct, frozen=True, kw_only=True):
    """What is shipped of a scenario: its text, that of its agreement, and that agreement's parties."""

    scenario: str
    agreement: str
    parties: tuple[str, ...]


def read_members(text: str) -> Members:
    """The list in this text. Raises PartyError."""
    try:
        return msgspec.toml.decode(text, type=Members)
    except msgspec.DecodeError as error:
        raise PartyError(f"{LIST}: {error}") from error


def write_members(members: Members) -> str:
    """The list as a text that :func:`read_members` reads."""
    lines = [f'{party} = "{like}"' for party, like in members.parties.items()]
    head = "# Further parties, each with the one it is like: written by `hotline party`."
    return "\n".join([head, f'scenario = "{members.scenario}"', "", "[parties]", *lines, ""])


def with_party(members: Members, shipped: Shipped, party: str, like: str) -> Members:
    """The list with this party too. Raises PartyError for a name that cannot be, or that stands for another."""
    problem = name_problem(party)
    if problem is not None:
        raise PartyError(f"{party} {problem}")
    if party in OWN:
        raise PartyError(f"{party} is a part of the folder of keys: no party may be called so")
    if party in shipped.parties:
        raise PartyError(f"{party} is a party of {members.scenario} already")
    if members.parties.get(party, like) != like:
        raise PartyError(f"{party} is there already, like {members.parties[party]}: remove it first")
    if like not in shipped.parties:
        raise PartyError(f"--like: {like} is no party of {members.scenario}: {' and '.join(shipped.parties)} are")
    if len({*shipped.parties, *members.parties, party}) > MOST:
        raise PartyError(f"{MOST} parties are the most")
    return msgspec.structs.replace(members, parties={**members.parties, party: like})


def without_party(members: Members, party: str) -> Members:
    """The list without this party. Raises PartyError when it is not in it."""
    if party not in members.parties:
        known = ", ".join(members.parties) or "none"
        raise PartyError(f"{party} has not been added here; of the parties that have been, there are: {known}")
    return msgspec.structs.replace(
        members, parties={name: like for name, like in members.parties.items() if name != party}
    )


def files_of(members: Members, shipped: Shipped) -> dict[Path, str | None]:
    """Every file that follows from the list, by its path in the tree; None for one that is not to be there.

    Raises PartyError.
    """
    parties = (*shipped.parties, *members.parties)
    name = f"{members.scenario}-parties"
    scenario, agreement = Path("scenarios") / f"{name}.toml", Path("scenarios") / "agreements" / f"{name}.toml"
    rights = access_list(parties)
    if not members.parties:
        return {ACCESS_LIST: rights, OVERRIDE: None, scenario: None, agreement: None, LIST: None}
    try:
        stubs = {
            agreement: agreement_stub(shipped.agreement, parties),
            scenario: scenario_stub(shipped.scenario, name, f"agreements/{name}.toml", members.parties),
        }
    except StubError as error:
        raise PartyError(str(error)) from error
    composed = override(shipped.parties, tuple(members.parties), name)
    return {ACCESS_LIST: rights, **stubs, OVERRIDE: composed, LIST: write_members(members)}


def edited(found: Mapping[Path, str | None], before: Mapping[Path, str | None]) -> list[Path]:
    """Which of the files that were found somebody has edited, or made, by hand. The access list is always ours."""
    ours = {ACCESS_LIST, LIST}
    return [
        path
        for path, text in found.items()
        if text is not None and path not in ours and text != before.get(path) and not _is_marked(path, text)
    ]


def _is_marked(path: Path, text: str) -> bool:
    return path == OVERRIDE and text.startswith(MARK)
