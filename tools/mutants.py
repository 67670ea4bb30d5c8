"""Plant mutants in the cores, one at a time in a copy of the tree, and tell what of the explorer's worlds notices each.

A mutant is killed by the *invariants* when a state of a world is wrong, a core breaks or is in a livelock; by the
*graphs* when a world has another graph than the one that is kept; by *time* when a search does not end. Operators: drop
a call, negate a guard, swap two rows of a life cycle, forget to copy a field, shift a deadline by one second.
"""

import argparse
import ast
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import msgspec

ROOT: Final = Path(__file__).resolve().parents[1]
AOC: Final = "services/hotline_services/aoc"
LIFE_CYCLES: Final = "protocol/hotline_protocol/lifecycle.py"
SLICES: Final = "protocol/hotline_protocol/slices.py"
COPIED: Final = ("protocol", "services", "scenarios")
OPERATORS: Final = ("drop a call", "negate a guard", "swap two rows", "forget to copy a field", "shift a deadline")
SMALL: Final = 3_000
"""States of a world that is tried even when a graph has shown the mutant already: an invariant may see it too."""


class Mutant(msgspec.Struct, frozen=True):
    """A change of one file: the text between two offsets is replaced."""

    operator: str
    file: str
    line: int
    start: int
    end: int
    text: str
    shown: str


class Verdict(msgspec.Struct, frozen=True):
    """How a mutant was killed (invariants, graphs, time), in which world, and the evidence. Empty for a survivor."""

    killed_by: str = ""
    world: str = ""
    seen: str = ""


# Mutants -------------------------------------------------------------------------------------------------


def mutants() -> Iterator[Mutant]:
    """All that the operators can plant."""
    for path in sorted((ROOT / AOC).rglob("*.py")):
        yield from _of_source(path)
    yield from _rows(ROOT / LIFE_CYCLES)
    yield from _fields()


class _Source:
    """A file, and where its lines begin."""

    def __init__(self, path: Path) -> None:
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)
        self._starts = [0]
        for line in self.text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))

    def mutant(self, operator: str, node: ast.expr | ast.stmt, text: str, shown: str) -> Mutant:
        """The mutant in which this node reads so."""
        start = self._starts[node.lineno - 1] + node.col_offset
        end = self._starts[(node.end_lineno or node.lineno) - 1] + (node.end_col_offset or 0)
        return Mutant(operator, self.name, node.lineno, start, end, text, shown)

    def segment(self, node: ast.AST) -> str:
        """The node as it is written."""
        return ast.get_source_segment(self.text, node) or ""


def _of_source(path: Path) -> Iterator[Mutant]:
    source = _Source(path)
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            yield source.mutant(OPERATORS[0], node, "pass", f"dropped: {source.segment(node)}")
        elif isinstance(node, ast.If) and "TYPE_CHECKING" not in source.segment(node.test):
            test = source.segment(node.test)
            yield source.mutant(OPERATORS[1], node.test, f"not ({test})", f"negated: if {test}")
        elif isinstance(node, ast.Call) and source.segment(node.func) == "timedelta":
            written = source.segment(node)
            later = f"({written} + timedelta(seconds=1))"
            yield source.mutant(OPERATORS[4], node, later, f"a second later: {written}")


def _rows(path: Path) -> Iterator[Mutant]:
    """Each row of a life cycle, with the state of the row behind it, where that is another."""
    source = _Source(path)
    for table in ast.walk(source.tree):
        if not isinstance(table, ast.Dict):
            continue
        rows = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if isinstance(key, ast.Tuple)]
        for (key, value), (other_key, other) in itertools.pairwise(rows):
            mine, theirs = source.segment(value), source.segment(other)
            if mine != theirs:
                first, second = f"{source.segment(key)}: {mine}", f"{source.segment(other_key)}: {theirs}"
                start = source.mutant("", key, "", "").start
                end = source.mutant("", other, "", "").end
                between = source.text[source.mutant("", value, "", "").end : source.mutant("", other_key, "", "").start]
                text = f"{source.segment(key)}: {theirs}{between}{source.segment(other_key)}: {mine}"
                yield Mutant(OPERATORS[2], source.name, value.lineno, start, end, text, f"swapped: {first} | {second}")


def _fields() -> Iterator[Mutant]:
    """Each container of each slice of a centre's state: shared by a clone."""
    source = _Source(ROOT / SLICES)
    old = "if copier is not None"
    start = source.text.index(old)
    line = source.text[:start].count("\n") + 1
    for path in sorted((ROOT / AOC).rglob("*.py")):
        for kind in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(kind, ast.ClassDef) and any(ast.unparse(base) == "Slice" for base in kind.bases):
                for field in kind.body:
                    if isinstance(field, ast.AnnAssign) and ast.unparse(field.annotation).startswith(
                        ("dict", "list", "set")
                    ):
                        name = ast.unparse(field.target)
                        text = f'{old} and (kind.__name__, name) != ("{kind.name}", "{name}")'
                        shown = f"shared by clones: {kind.name}.{name}"
                        yield Mutant(OPERATORS[3], SLICES, line, start, start + len(old), text, shown)


def chosen(seed: int, count: int) -> list[Mutant]:
    """So many of them, as many of each operator as there are to be had."""
    dice = random.Random(seed)  # noqa: S311  repeatable, not secret
    kinds: dict[str, list[Mutant]] = {operator: [] for operator in OPERATORS}
    for mutant in mutants():
        kinds[mutant.operator].append(mutant)
    for kind in kinds.values():
        dice.shuffle(kind)
    picked: list[Mutant] = []
    while len(picked) < count and any(kinds.values()):
        picked += [kind.pop() for kind in kinds.values() if kind][: count - len(picked)]
    return picked


def survivors(file: Path) -> list[Mutant]:
    """The mutants that nothing killed in this earlier run, as they can be planted now."""
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    wanted = {(line["operator"], line["file"], line["shown"]) for line in lines if not line["killed_by"]}
    return [mutant for mutant in mutants() if (mutant.operator, mutant.file, mutant.shown) in wanted]


# Judging one ---------------------------------------------------------------------------------------------


def judge(worlds: list[str]) -> Verdict:
    """What the worlds, the smallest first, tell of the program that runs this."""
    import gc

    from hotline_services.explore.kept import KeptGraph, kept_graphs
    from hotline_services.explore.lasso import livelock
    from hotline_services.explore.search import Search
    from hotline_services.explore.world import read_world

    gc.disable()
    kept = kept_graphs()
    seen = Verdict()
    for name in sorted(worlds or kept, key=lambda name: kept[name].states):
        if seen.killed_by and kept[name].states > SMALL:
            break
        world = read_world(name)
        search = Search.alone(world)
        for _ in search.levels():
            if search.states > 3 * kept[name].states:
                break
        graph = search.graph()
        if graph.found is not None:
            return Verdict("invariants", name, "; ".join(graph.found.faults))
        if world.written.lasso and graph.complete and livelock(world) is not None:
            return Verdict("invariants", name, "a livelock")
        if KeptGraph(states=graph.states, digest=graph.digest) != kept[name] and not seen.killed_by:
            seen = Verdict("graphs", name, f"{graph.states} states, not {kept[name].states}")
    return seen


def _judged(mutant: Mutant, tree: Path, worlds: list[str], limit_s: float) -> Verdict:
    """Write the mutant into this copy of the tree, judge the copy, and restore the file."""
    file = tree / mutant.file
    sound = file.read_text(encoding="utf-8")
    file.write_text(sound[: mutant.start] + mutant.text + sound[mutant.end :], encoding="utf-8")
    paths = os.pathsep.join((str(tree / "protocol"), str(tree / "services")))
    environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, str(ROOT / "tools" / "mutants.py"), "--judge", *worlds]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired:
        return Verdict("time", "", f"not done after {limit_s:g} s")
    finally:
        file.write_text(sound, encoding="utf-8")
    if done.returncode:
        return Verdict("invariants", "", f"it does not run: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return msgspec.json.decode(done.stdout, type=Verdict)


def judged(picked: list[Mutant], workers: int, worlds: list[str], limit_s: float) -> Iterator[tuple[Mutant, Verdict]]:
    """Each mutant with its verdict, in a copy of the tree for each worker."""
    with tempfile.TemporaryDirectory() as folder:
        trees: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            tree = Path(folder) / str(number)
            for part in COPIED:
                shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
            trees.put(tree)

        def one(mutant: Mutant) -> tuple[Mutant, Verdict]:
            tree = trees.get()
            try:
                return mutant, _judged(mutant, tree, worlds, limit_s)
            finally:
                trees.put(tree)

        with ThreadPoolExecutor(workers) as pool:
            yield from pool.map(one, picked)


def main() -> int:
    """Print each verdict, and the survivors; exit with 1 when fewer are killed than wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: tools/mutants.py --seed 1 --mutants 60 --workers 2",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="which mutants (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=60, help="how many (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="mutants at a time (default: %(default)s)")
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for one mutant (default: %(default)s)")
    parser.add_argument("--wanted", type=float, default=0.0, help="least share of killed mutants (default: none)")
    parser.add_argument("--worlds", nargs="*", default=[], help="names of shipped worlds (default: all)")
    parser.add_argument("--again", type=Path, help="only those that survived in this earlier output of --json")
    parser.add_argument("--json", action="store_true", help="a JSON object for each mutant, on a line of its own")
    parser.add_argument("--judge", nargs="*", metavar="WORLD", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge is not None:
        print(msgspec.json.encode(judge(given.judge)).decode())
        return 0
    count: dict[str, int] = {}
    picked = survivors(given.again) if given.again else chosen(given.seed, given.mutants)
    for mutant, verdict in judged(picked, given.workers, given.worlds, given.limit):
        count[verdict.killed_by] = count.get(verdict.killed_by, 0) + 1
        if given.json:
            print(json.dumps(msgspec.to_builtins(mutant) | msgspec.to_builtins(verdict)), flush=True)
        else:
            how = (
                f"killed by {verdict.killed_by} in {verdict.world}: {verdict.seen}" if verdict.killed_by else "SURVIVED"
            )
            print(f"{mutant.file}:{mutant.line}: {' '.join(mutant.shown.split())[:140]}\n    {how[:160]}", flush=True)
    killed = len(picked) - count.get("", 0)
    ways = ", ".join(f"{number} by {how}" for how, number in sorted(count.items()) if how)
    print(f"{len(picked)} mutants, {killed} killed ({ways}), {count.get('', 0)} survived", file=sys.stderr)
    return 1 if killed < given.wanted * len(picked) else 0


if __name__ == "__main__":
    sys.exit(main())
