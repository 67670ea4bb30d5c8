"""Plant mutants in the cores, one at a time in a copy of the tree, and tell what of the explorer's worlds notices each.

A mutant is killed by the *invariants* when a state of a world is wrong, a core breaks or is in a livelock; by the
*graphs* when a world has another graph than the one that is kept; by *time* when a search does not end. Operators: drop
a call, negate a guard, swap two rows of a life cycle, forget to copy a field, shift a deadline by one second.

Only the worlds that come by the changed line are tried, the smallest first: which ones do is recorded at the beginning.
A run that was broken off goes on where it was with the same ``--out``.
"""

import argparse
import ast
import itertools
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import TraceFunction

import msgspec

ROOT: Final = Path(__file__).resolve().parents[1]
AOC: Final = "services/hotline_services/aoc"
LIFE_CYCLES: Final = "protocol/hotline_protocol/lifecycle.py"
SLICES: Final = "protocol/hotline_protocol/slices.py"
COPIED: Final = ("protocol", "services", "scenarios")
OPERATORS: Final = ("drop a call", "negate a guard", "swap two rows", "forget to copy a field", "shift a deadline")
SMALL: Final = 3_000
"""States of a world that is tried even when a graph has shown the mutant already: an invariant may see it too."""
TOO_MANY: Final = 3
"""So many times the states that are kept of a world: then its search is broken off."""


class Mutant(msgspec.Struct, frozen=True):
    """A change of one file: the text between two offsets is replaced."""

    operator: str
    file: str
    line: int
    start: int
    end: int
    text: str
    shown: str
    last_line: int

    @property
    def key(self) -> tuple[str, str, int, str]:
        """Its operator, file, line and text: the same for the same mutant."""
        return self.operator, self.file, self.line, self.shown


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
        last_line = node.end_lineno or node.lineno
        end = self._starts[last_line - 1] + (node.end_col_offset or 0)
        return Mutant(operator, self.name, node.lineno, start, end, text, shown, last_line)

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
                shown = f"swapped: {first} | {second}"
                yield Mutant(OPERATORS[2], source.name, value.lineno, start, end, text, shown, other.lineno)


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
                        yield Mutant(OPERATORS[3], SLICES, line, start, start + len(old), text, shown, line)


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


# What the worlds come by ---------------------------------------------------------------------------------

Lines = dict[str, set[int]]
"""Numbers of lines by file."""


def record(name: str, wanted: Lines) -> Lines:
    """Those of the wanted lines that are run when this world is explored, or before that. In a process of its own: what
    is worked out once and remembered would be missing from the second world."""
    missing: dict[CodeType, set[int]] = {}
    lines: Lines = {file: set() for file in wanted}

    def wanted_of(code: CodeType) -> set[int]:
        if AOC not in code.co_filename:
            return set()
        file = code.co_filename[code.co_filename.index(AOC) :]
        return wanted.get(file, set()) & {line for *_, line in code.co_lines() if line is not None}

    def trace(frame: FrameType, event: str, _arg: object) -> "TraceFunction | None":
        code = frame.f_code
        if code not in missing:
            missing[code] = wanted_of(code)
        if event == "line" and frame.f_lineno in missing[code]:
            missing[code].discard(frame.f_lineno)
            lines[code.co_filename[code.co_filename.index(AOC) :]].add(frame.f_lineno)
        return trace if missing[code] else None

    import gc

    gc.disable()
    sys.settrace(trace)
    from hotline_services.explore.search import Search
    from hotline_services.explore.world import read_world

    Search.alone(read_world(name)).run()
    sys.settrace(None)
    return lines


def lines_of(mutants: Iterable[Mutant]) -> Lines:
    """The lines that they change."""
    lines: Lines = {}
    for mutant in mutants:
        lines.setdefault(mutant.file, set()).update(range(mutant.line, mutant.last_line + 1))
    return lines


def _comes_by(lines: Lines, mutant: Mutant) -> bool:
    """Whether these lines are among those of the mutant. What is no code of a core (a table, a copier) always is."""
    return not mutant.file.startswith(AOC) or not lines[mutant.file].isdisjoint(lines_of([mutant])[mutant.file])


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
    for name in sorted(worlds, key=lambda name: kept[name].states):
        if seen.killed_by and kept[name].states > SMALL:
            break
        world = read_world(name)
        search = Search.alone(world)
        for _ in search.levels():
            if search.states > TOO_MANY * kept[name].states:
                break
        graph = search.graph()
        if graph.found is not None:
            return Verdict("invariants", name, "; ".join(graph.found.faults))
        if world.written.lasso and graph.complete and livelock(world) is not None:
            return Verdict("invariants", name, "a livelock")
        if KeptGraph(states=graph.states, digest=graph.digest) != kept[name] and not seen.killed_by:
            seen = Verdict("graphs", name, f"{graph.states} states, not {kept[name].states}")
    return seen


class Judges:
    """Judge mutants, so many at a time, each in a process and a copy of the tree of its own."""

    def __init__(self, folder: Path, workers: int, limit_s: int) -> None:
        self._limit_s = limit_s
        self._trees: SimpleQueue[Path] = SimpleQueue()
        self._pool = ThreadPoolExecutor(workers)
        for number in range(workers):
            tree = folder / str(number)
            for part in COPIED:
                shutil.copytree(ROOT / part, tree / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
            self._trees.put(tree)

    def record(self, worlds: list[str], wanted: Lines) -> dict[str, Lines]:
        """Those of the wanted lines that each of these worlds comes by."""
        return dict(zip(worlds, self._pool.map(lambda world: self._recorded(world, wanted), worlds), strict=True))

    def _recorded(self, world: str, wanted: Lines) -> Lines:
        tree = self._trees.get()
        try:
            done = self._run(tree, "--record", world, msgspec.json.encode(wanted).decode())
            done.check_returncode()
            return msgspec.json.decode(done.stdout, type=Lines)
        finally:
            self._trees.put(tree)

    def judge(self, picked: list[Mutant], lines: dict[str, Lines]) -> Iterator[tuple[Mutant, Verdict]]:
        """Each mutant with its verdict, in this order."""
        yield from zip(picked, self._pool.map(lambda mutant: self._judged(mutant, lines), picked), strict=True)

    def _judged(self, mutant: Mutant, lines: dict[str, Lines]) -> Verdict:
        """Write the mutant into a copy of the tree, judge the copy, and restore the file."""
        worlds = [name for name, run in lines.items() if _comes_by(run, mutant)]
        if not worlds:
            return Verdict()
        tree = self._trees.get()
        file = tree / mutant.file
        sound = file.read_text(encoding="utf-8")
        file.write_text(sound[: mutant.start] + mutant.text + sound[mutant.end :], encoding="utf-8")
        try:
            done = self._run(tree, "--limit", str(self._limit_s), "--judge", *worlds)
        finally:
            file.write_text(sound, encoding="utf-8")
            self._trees.put(tree)
        if done.returncode == -signal.SIGXCPU:
            return Verdict("time", "", f"not done after {self._limit_s} s of processor")
        if done.returncode:
            return Verdict("invariants", "", f"it does not run: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
        return msgspec.json.decode(done.stdout, type=Verdict)

    def _run(self, tree: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        paths = os.pathsep.join((str(tree / "protocol"), str(tree / "services")))
        environment = os.environ | {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, str(ROOT / "tools" / "mutants.py"), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


# The command ---------------------------------------------------------------------------------------------


def shipped() -> list[str]:
    """The names of all worlds."""
    return sorted(path.stem for path in (ROOT / "scenarios" / "explore").glob("*.toml"))


def told_before(out: Path | None) -> dict[tuple[str, str, int, str], Verdict]:
    """The verdicts in the output of a run that was broken off, by mutant."""
    if out is None or not out.exists():
        return {}
    lines = out.read_text(encoding="utf-8").splitlines()
    return {msgspec.json.decode(line, type=Mutant).key: msgspec.json.decode(line, type=Verdict) for line in lines}


def tell(mutant: Mutant, verdict: Verdict, out: Path | None) -> None:
    """Print what became of the mutant, and add it to the output as a JSON object on a line of its own."""
    how = f"killed by {verdict.killed_by} in {verdict.world}: {verdict.seen}" if verdict.killed_by else "SURVIVED"
    print(f"{mutant.file}:{mutant.line}: {' '.join(mutant.shown.split())[:140]}\n    {how[:160]}", flush=True)
    if out is not None:
        with out.open("a", encoding="utf-8") as file:
            file.write(json.dumps(msgspec.to_builtins(mutant) | msgspec.to_builtins(verdict)) + "\n")


def main() -> int:
    """Print each verdict, and the survivors; exit with 1 when fewer are killed than wanted."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="example: tools/mutants.py --seed 1 --mutants 60 --workers 2 --out mutants.jsonl",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--seed", type=int, default=1, help="which mutants (default: %(default)s)")
    parser.add_argument("--mutants", type=int, default=60, help="how many (default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="mutants at a time (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=120, help="processor seconds of a mutant (default: %(default)s)")
    parser.add_argument("--wanted", type=float, default=0.0, help="least share of killed mutants (default: none)")
    parser.add_argument("--worlds", nargs="*", default=[], help="names of shipped worlds (default: all)")
    parser.add_argument("--again", type=Path, help="only those that survived in this earlier --out")
    parser.add_argument("--out", type=Path, help="JSON lines; mutants that are in it are not tried again")
    parser.add_argument("--judge", nargs="+", metavar="WORLD", help=argparse.SUPPRESS)
    parser.add_argument("--record", nargs=2, metavar=("WORLD", "LINES"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.judge:
        resource.setrlimit(resource.RLIMIT_CPU, (given.limit, given.limit + 1))
        print(msgspec.json.encode(judge(given.judge)).decode())
        return 0
    if given.record:
        name, lines = given.record
        print(msgspec.json.encode(record(name, msgspec.json.decode(lines, type=Lines))).decode())
        return 0
    picked = survivors(given.again) if given.again else chosen(given.seed, given.mutants)
    known = told_before(given.out)
    verdicts = [known[mutant.key] for mutant in picked if mutant.key in known]
    with tempfile.TemporaryDirectory() as folder:
        judges = Judges(Path(folder), given.workers, given.limit)
        left = [mutant for mutant in picked if mutant.key not in known]
        run = judges.record(given.worlds or shipped(), lines_of(left))
        for mutant, verdict in judges.judge(left, run):
            tell(mutant, verdict, given.out)
            verdicts.append(verdict)
    count = Counter(verdict.killed_by for verdict in verdicts)
    killed = len(picked) - count[""]
    ways = ", ".join(f"{number} by {how}" for how, number in sorted(count.items()) if how)
    print(f"{len(picked)} mutants, {killed} killed ({ways}), {count['']} survived", file=sys.stderr)
    return 1 if killed < given.wanted * len(picked) else 0


if __name__ == "__main__":
    sys.exit(main())
