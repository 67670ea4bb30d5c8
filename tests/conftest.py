"""Rules for every test."""

import gc
import os
import sys
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from .scheduling import Beside

settings.register_profile("untimed", deadline=None)  # how long an example takes says nothing on a busy machine
settings.register_profile("nightly", deadline=None, max_examples=1_000)
settings.load_profile("untimed")

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


def _not_under_ci(report: Report) -> Report:
    """A test that was skipped has tested nothing: elsewhere that is said, under CI it is a failure."""
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which CI does not allow: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _back_in_the_default_theatre() -> Iterator[None]:
    """A process plays in one theatre at a time; the next test begins in the default one."""
    yield
    if theatre := sys.modules.get("hotline_protocol.theatre"):  # a test that has not loaded it has entered none
        theatre.enter(theatre.default_theatre())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _not_under_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _not_under_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without garbage collections, and leave modules and tests out of all later ones: that took two
    thirds of the time of collecting.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    from .scheduling import WORKERS

    return WORKERS


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> "Beside":
    from .scheduling import Beside

    return Beside(config, log)
