"""Changing single values of a scenario before it is read: ``officers.ru.duty.absent = "0m"``."""

import tomllib
from collections.abc import Mapping
from typing import Any, Final

NAMES: Final = ("name", "callsign", "key", "plan_id")
"""The fields by which an element of a list can be called, besides its number."""


class ChangeError(ValueError):
    """A change cannot be made: says which, and what would be right."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path: Final = path
        self.reason: Final = reason


def read_change(text: str) -> tuple[str, Any]:
    """``path=value`` as typed on a command line: the value is TOML, or a bare word or duration. Raises ChangeError."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise ChangeError(text, "write path=value, as in officers.ru.duty.absent=0m")
    try:
        return path.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return path.strip(), value.strip()
    except RecursionError as error:
        raise ChangeError(path.strip(), "the value is nested too deeply to be read") from error


def change(raw: dict[str, Any], changes: Mapping[str, Any]) -> None:
    """Set each path of the raw document to its value, making tables that are not there.

    A path is field names with dots between; an element of a list is called by its number, by its name or callsign,
    or is each of them (``*``). Raises ChangeError.
    """
    for path, value in changes.items():
        _set(raw, path.split("."), value, path)


def _set(node: Any, names: list[str], value: Any, path: str) -> None:
    name, *rest = names
    if isinstance(node, list):
        for element in _elements(node, name, path):
            if not rest:
                raise ChangeError(path, f"name a field of {name!r}")
            _set(element, rest, value, path)
    elif not isinstance(node, dict):
        raise ChangeError(path, f"{name!r} cannot be set in a single value")
    elif name == "*" and rest:
        if not node:
            raise ChangeError(path, "there is nothing in place of the *: write a name")
        for each in node.values():
            _set(each, rest, value, path)
    elif rest:
        _set(node.setdefault(name, {}), rest, value, path)
    else:
        node[name] = value


def _elements(nodes: list[Any], name: str, path: str) -> list[Any]:
    if name == "*" and nodes:
        return nodes
    called = [node for node in nodes if isinstance(node, dict) and name in (node.get(field) for field in NAMES)]
    if called:
        return called
    if name.isdigit() and int(name) < len(nodes):
        return [nodes[int(name)]]
    known = [_name_of(node, number) for number, node in enumerate(nodes)]
    raise ChangeError(path, f"none is called {name!r}; there are: {', '.join(known) or 'none at all'}")


def _name_of(node: Any, number: int) -> str:
    names = (node[field] for field in NAMES if field in node) if isinstance(node, dict) else ()
    return str(next(iter(names), number))
