"""`hotline status` at a broker that does not let it in: the record speaks, and the exit code is not 0."""

from contextlib import closing
from pathlib import Path

import pytest

from hotline_services.cli.connection import Reach
from hotline_services.cli.exits import BAD_INPUT, NO_BROKER
from hotline_services.cli.query import Query
from hotline_services.cli.standing import status
from hotline_services.records.record import Record
from hotline_services.runtime.broker import EmbeddedBroker

from .conftest import need

DEAD = "mqtt://127.0.0.1:1"


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "monitor.sqlite3"
    path.parent.mkdir()
    with closing(Record(path)):
        return path


def test_a_wrong_password_is_told_and_the_exit_code_is_not_0(
    record: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need("mosquitto")
    with EmbeddedBroker("mosquitto", tmp_path / "broker", extra="allow_anonymous false") as strict:
        wrong = f"mqtt://observer:wrong@127.0.0.1:{strict.port}"
        assert status(broker=wrong, query=Query(record=record)) == NO_BROKER
        heard = capsys.readouterr()
        assert heard.out
        assert "check user and password" in heard.err
        assert "this is what the record says" in heard.err
        assert status(broker=wrong, query=Query(record=tmp_path / "none")) == BAD_INPUT
        assert "check user and password" in capsys.readouterr().err


def test_a_broker_that_is_named_in_the_environment_counts_as_named(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert status(broker=DEAD, query=Query(record=record)) == NO_BROKER
    monkeypatch.setenv("HOTLINE_BROKER", DEAD)
    assert status(query=Query(record=record, json=True)) == NO_BROKER
    monkeypatch.delenv("HOTLINE_BROKER")
    assert status(query=Query(record=record)) == 0
    assert status(reach=Reach(data=record.parent)) == 0  # a run that is over
