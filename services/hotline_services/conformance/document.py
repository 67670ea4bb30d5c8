"""The parts of docs/conformance.md that are drawn from the scenes: run as a module, it writes them anew.

python -m hotline_services.conformance.document docs/conformance.md
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from .examination.requirements import GROUPS, REQUIREMENTS
from .examination.scenes import ALL_ALONG, SCENES


def written_into(page: str) -> str:
    """The page with its drawn parts as they should be. Raises ValueError when it has no place for one."""
    for name, lines in (("requirements", _requirements()), ("scenes", _scenes())):
        between = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.DOTALL)
        text = "\n".join(lines)
        page, count = between.subn(lambda found, text=text: f"{found[1]}{text}\n{found[2]}", page)  # type: ignore[misc]
        if count != 1:
            raise ValueError(f"{name}: the page is to have one place for it, and has {count}")
    return page


def _requirements() -> Iterator[str]:
    tested = {name: [each for each in (*SCENES, ALL_ALONG) if name in each.tests] for name in _ids()}
    yield "| | what it must do | said in | tested in |"
    yield "|---|---|---|---|"
    for group, title in GROUPS.items():
        yield f"| **{group}** | **{title}** | | |"
        for each in REQUIREMENTS:
            if each.group == group:
                page, _, section = each.said_in.partition(" ")
                where = f"[{page.removesuffix('.md')}]({page}), {section}"
                yield f"| {each.id} | {each.sentence} | {where} | {', '.join(s.title for s in tested[each.id])} |"


def _ids() -> list[str]:
    return [each.id for each in REQUIREMENTS]


def _scenes() -> Iterator[str]:
    for each in (*SCENES, ALL_ALONG):
        yield f"### {each.title}"
        yield ""
        for number, step in enumerate(each.steps.values(), 1):
            tests = f" ({', '.join(step.tests)})" if step.tests else ""
            yield f"{number}. {step.sentence}{tests}"
        yield ""


if __name__ == "__main__":
    path = Path(sys.argv[1])
    path.write_text(written_into(path.read_text(encoding="utf-8")), encoding="utf-8")
