"""Each code of a problem has its meaning in the catalogue, and each one that stands there is used."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from hotline_protocol.problem_codes import CODES

ROOT = Path(__file__).parents[2]
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@cache
def trees() -> Mapping[Path, ast.Module]:
    """The syntax trees of the modules of the program."""
    return {
        path.relative_to(ROOT): ast.parse(path.read_text(encoding="utf-8"))
        for part in ("protocol/hotline_protocol", "services/hotline_services")
        for path in sorted((ROOT / part).rglob("*.py"))
        if "examination" not in path.parts and not path.name.startswith("examples")
    }


def takers() -> Mapping[str, int]:
    """Functions with a parameter ``code``, and classes with such a field, that is a text; each with its position."""
    found: dict[str, int] = {}
    for node in (node for tree in trees().values() for node in ast.walk(tree)):
        names: dict[str, ast.expr | None] = {}
        match node:
            case ast.FunctionDef(args=ast.arguments(args=args)):
                names = {arg.arg: arg.annotation for arg in args if arg.arg not in {"self", "cls"}}
            case ast.ClassDef(body=body):
                fields = [each for each in body if isinstance(each, ast.AnnAssign)]
                names = {each.target.id: each.annotation for each in fields if isinstance(each.target, ast.Name)}
            case _:
                continue
        if isinstance(kind := names.get("code"), ast.Name) and kind.id == "str":
            found[node.name] = list(names).index("code")
    return found


def constants() -> Mapping[str, str]:
    """The texts of constants by their names."""
    return {
        node.target.id: node.value.value
        for tree in trees().values()
        for node in tree.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }


def given(node: ast.AST, places: Mapping[str, int]) -> Iterator[ast.expr]:
    """What is given for a code in this call, or put into a variable of that name."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args, keywords=keywords):
            yield from (keyword.value for keyword in keywords if keyword.arg == "code")
            yield from args[places[name] :][:1] if name in places else ()
        case ast.Assign(targets=[ast.Name(id="code")], value=value):
            yield value
        case _:
            pass


def texts(value: ast.expr, known: Mapping[str, str]) -> Iterator[str]:
    match value:
        case ast.Constant(value=str(text)):
            yield text
        case ast.Name(id=name) if name in known:
            yield known[name]
        case ast.IfExp(body=one, orelse=other):
            yield from (*texts(one, known), *texts(other, known))
        case _:
            pass


def test_every_code_has_its_meaning_and_every_meaning_its_use() -> None:
    places, known = takers(), constants()
    used: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees().items():
        for node in ast.walk(tree):
            for text in (text for value in given(node, places) for text in texts(value, known)):
                if CODE.fullmatch(text):
                    used[text].append(f"{path}:{getattr(node, 'lineno', 0)}")
    lacking = {code: where for code, where in used.items() if code not in CODES}
    assert lacking == {}, f"no meaning in protocol/hotline_protocol/problem_codes.py of {lacking}"
    assert sorted(CODES.keys() - used.keys()) == [], "what has a meaning is used"
