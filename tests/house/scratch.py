"""A copy of the program in a folder of its own, in which a test may plant what must not be."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = ("protocol/hotline_protocol", "services/hotline_services")


class Scratch:
    """The program's modules, and the settings of its checks."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PROGRAM:
            shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "static"))
        shutil.copy(ROOT / "pyproject.toml", folder)

    def module(self, name: str) -> Path:
        """The file of this module or package, whether it is there or not."""
        above = self.folder / ("protocol" if name.startswith("hotline_protocol") else "services")
        path = above.joinpath(*name.split("."))
        return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

    def replace(self, path: str, old: str, new: str) -> None:
        """Change the one place in this file where ``old`` stands."""
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {text.count(old)} times: {old}"
        file.write_text(text.replace(old, new), encoding="utf-8")

    def run(self, *command: str | Path) -> tuple[int, str]:
        """The exit code and the output of a Python module or script that sees the copy in place of the program."""
        paths = os.pathsep.join(str(self.folder / part) for part in ("protocol", "services"))
        done = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": paths, "COLUMNS": "250", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=600,
            check=False,
        )
        return done.returncode, done.stdout
