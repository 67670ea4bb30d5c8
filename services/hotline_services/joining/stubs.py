"""Scenario and agreement for further parties: copies of shipped texts in which the new ones stand beside the old.

They are stubs: each new party is configured as one that is there, and flies a part of what that flies.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

TRAFFIC: Final = "traffic"
LETTERS: Final = 5
"""A callsign of generated traffic has at most so many."""

_HEADER: Final = re.compile(r"^\[+([^\]\n]+)\]+", re.MULTILINE)
_TITLE: Final = re.compile(r'^title = "[^"\n]*"', re.MULTILINE)
_PARTIES: Final = re.compile(r"^parties = \[[^\]]*\]", re.MULTILINE)


class StubError(ValueError):
    """These texts cannot be extended; the message is a sentence for the user."""


class _Section(NamedTuple):
    """One table of a TOML text, from its header to the next."""

    name: str
    text: str


def agreement_stub(text: str, parties: Sequence[str]) -> str:
    """This agreement between all these parties. Raises StubError."""
    listed = ", ".join(f'"{party}"' for party in parties)
    extended, changes = _PARTIES.subn(f"parties = [{listed}]", text, count=1)
    if not changes:
        raise StubError("the agreement has no line `parties = [...]` that could be extended")
    return extended.replace('name = "', f'name = "With {", ".join(parties[2:])}: ', 1)


def scenario_stub(text: str, name: str, agreement: str, likes: Mapping[str, str]) -> str:
    """This scenario under another name and agreement, with a party more for each of ``likes``. Raises StubError."""
    raw = tomllib.loads(text)
    used = {flight["callsign"] for flight in raw.get(TRAFFIC, ())}
    renamed = _set(_set(text, "name", name), "agreement", agreement)
    parts = [renamed.rstrip()]
    for party, like in likes.items():
        if like not in raw.get("parties", {}):
            known = ", ".join(raw.get("parties", {}))
            raise StubError(f"--like: {like} is no party of the scenario {raw.get('name')}: {known} are")
        callsign = _callsign(party, used)
        used.add(callsign)
        parts += [f"# --- {party}: a stub, as {like} ---", *_copied(text, raw, party, like, callsign)]
    return "\n\n".join(parts) + "\n"


def _copied(text: str, raw: Mapping[str, Any], party: str, like: str, callsign: str) -> Iterator[str]:
    sections = list(_sections(text))
    for section in sections:
        if section.name == f"parties.{like}" or section.name.startswith(f"parties.{like}."):
            copy = section.text.replace(f"[parties.{like}", f"[parties.{party}", 1)
            yield re.sub(
                r'^title = "[^"\n]*"',
                f'title = "{party.upper()} air operations centre (exercise)"',
                copy,
                flags=re.MULTILINE,
            )
    flights = [section for section in sections if section.name == TRAFFIC]
    described = list(raw.get(TRAFFIC, ()))
    own = [place for place, flight in enumerate(described) if flight["party"] == like]
    wanting = [place for place in own if "notice_min" in described[place]]  # those that need somebody's consent
    for place in (wanting or own)[:1]:
        flight = _set(flights[place].text, "party", party)
        yield _set(flight, "callsign", callsign)


def _sections(text: str) -> Iterator[_Section]:
    headers = list(_HEADER.finditer(text))
    ends = [header.start() for header in headers[1:]] + [len(text)]
    for header, end in zip(headers, ends, strict=True):
        lines = text[header.start() : end].rstrip().splitlines()
        while lines and (not lines[-1].strip() or lines[-1].startswith("#")):
            lines.pop()  # what stands there is about the next table
        yield _Section(header[1].strip(), "\n".join(lines))


def _set(text: str, key: str, value: str) -> str:
    changed, changes = re.subn(rf'^{key} = "[^"\n]*"', f'{key} = "{value}"', text, count=1, flags=re.MULTILINE)
    if not changes:
        raise StubError(f'the scenario has no line `{key} = "..."` that could be changed')
    return changed


def _callsign(party: str, used: set[str]) -> str:
    """Letters for the flights of this party that no other flight bears."""
    letters = re.sub(r"[^A-Z]", "", party.upper())
    for filling in ("FLT", "AIR", "JET", "ACE", "ONE", "TWO", "SIX", "TEN"):
        callsign = (letters[:2] + filling)[:LETTERS]
        if callsign not in used:
            return callsign
    raise StubError(f"no callsign is left for the flights of {party}")
