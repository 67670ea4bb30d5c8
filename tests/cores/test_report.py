"""The report of a run: everything on one page that needs nothing else, and nobody's text is markup on it."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from hotline_protocol.events import ActualState, CallEnded, LineStateChanged, Stage, StrainChanged
from hotline_protocol.line import CallOutcome, Reason, Tier
from hotline_protocol.message import Author, Message
from hotline_services.cli.report import report
from hotline_services.director.scenario import read_scenario
from hotline_services.runtime.recording import RecordingWriter
from hotline_services.world import build

from .skies import MINUTE, NOON
from .test_export import HEADER, HOSTILE, said

pytest.importorskip("vl_convert", reason="vl-convert-python draws the report's charts")

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(HTMLParser):
    """A page as a browser takes it apart; tags that are not closed in order are found out."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("report")
    scenario = read_scenario("valley-2017")
    simulation = build(scenario, 1, 1)
    with (folder / "run.jsonl").open("wb") as file:
        writer = RecordingWriter(file, msgspec.structs.replace(HEADER, agreement=scenario.agreement.digest))
        simulation.run(simulation.start + timedelta(hours=14), writer.write)
    assert report(folder / "run.jsonl", out=folder / "report.html") == 0
    return (folder / "report.html").read_text()


def hostile(folder: Path) -> Path:
    return recorded(folder / "hostile.jsonl", said())


def test_it_has_a_part_for_everything_that_a_run_comes_to(day: str) -> None:
    page = Page(day)
    assert page.open == []
    parts = [attrs.get("id") for attrs in page.all("h2")]
    assert parts == ["summary", "calls", "negotiations", "escalations", "tension", "sky", "map", "agreements", "made"]
    assert len(page.all("h1")) == 1
    text = " ".join(page.texts)
    for told in ("Erlang", "set-up", "hold", "seed", "SHA-256", "agreement's digest", "hotline simulate valley-2017"):
        assert told in text


def test_it_asks_no_other_host_and_no_other_file_for_anything(day: str) -> None:
    page = Page(day)
    loading = {"src", "href", "xlink:href", "srcset", "action", "data", "poster"}
    assert not [attrs for _, attrs in page.tags for name in attrs if name in loading and (attrs[name] or "")[:1] != "#"]
    assert {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "img"} == set()
    assert "@import" not in day
    assert not re.search(r"url\((?!#)", day)


def test_the_line_is_said_to_be_illustrative_where_it_is_drawn(day: str) -> None:
    page = Page(day)
    assert 'class="line"' in day
    assert "the line (illustrative)" in page.texts
    assert any("coordinates of the real line were never published" in text for text in page.texts)


def test_every_table_has_a_caption_and_every_picture_says_what_it_shows(day: str) -> None:
    page = Page(day)
    assert len(page.all("caption")) == len(page.all("table")) > 5
    pictures = [attrs for attrs in page.all("div") if attrs.get("role") == "img"]
    assert len(pictures) == len(page.all("figure")) >= 5
    assert all(attrs.get("aria-label") for attrs in pictures)
    assert page.all("html")[0].get("lang") == "en"
    assert "prefers-color-scheme: dark" in day


def test_nothing_that_others_wrote_is_markup(tmp_path: Path) -> None:
    assert report(hostile(tmp_path), out=tmp_path / "r.html", scenario="valley-2017") == 0
    text = (tmp_path / "r.html").read_text()
    page = Page(text)
    assert page.open == []
    assert not page.all("script")
    assert any("<script>" in each for each in page.texts)
    assert HOSTILE not in text


def test_a_run_of_which_little_is_known_is_reported_all_the_same(tmp_path: Path) -> None:
    path = hostile(tmp_path)
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:2]))
    assert report(path, out=tmp_path / "r.html") == 0
    text = (tmp_path / "r.html").read_text()
    assert "Nobody rang." in text
    assert "the line is not known" in text.lower()


def test_a_recording_that_claims_all_of_time_is_reported_in_a_moment(tmp_path: Path) -> None:
    with (tmp_path / "odd.jsonl").open("wb") as file:
        writer = RecordingWriter(file, HEADER)
        for at in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
            for message in said():
                writer.write(msgspec.structs.replace(message, time=at, id=f"{message.id}-{at.year}"), at)
    assert report(tmp_path / "odd.jsonl", out=tmp_path / "r.html") == 0


def recorded(path: Path, said: Iterable[Message]) -> Path:
    with path.open("wb") as file:
        writer = RecordingWriter(file, HEADER)
        for message in said:
            writer.write(message, message.time)
    return path


def test_the_same_day_of_two_years_is_two_columns(tmp_path: Path) -> None:
    us = Author("us")
    times = [NOON, NOON + timedelta(days=365)]
    calls = [
        us.say(
            CallEnded,
            rang_at,
            call_id=f"us-{n}",
            callee="ru",
            reason=Reason.SHORT_NOTICE,
            tier=Tier.DUTY_OFFICER,
            outcome=CallOutcome.COMPLETED,
            queued_at=rang_at,
            rang_at=rang_at,
            answered_at=rang_at,
            ended_at=rang_at,
        )
        for n, rang_at in enumerate(times)
    ]
    assert report(recorded(tmp_path / "run.jsonl", calls), out=tmp_path / "r.html") == 0
    columns = re.findall(r"when: (\d{4}-\d{2}-\d{2})", (tmp_path / "r.html").read_text())
    assert columns == [at.date().isoformat() for at in times]


def test_of_a_sky_that_is_not_on_record_nothing_is_said_to_be_none(tmp_path: Path) -> None:
    line = Author("us").say(LineStateChanged, NOON, peer="ru", state=ActualState.WORKING)
    assert report(recorded(tmp_path / "run.jsonl", [line]), out=tmp_path / "r.html") == 0
    text = (tmp_path / "r.html").read_text()
    assert "what flew, crossed or met is not known" in text
    assert "No aircraft lost separation" not in text
    for name in ("flights", "crossings of the line, outbound", "close calls"):
        row = text[text.index(f">{name}<") :].split("</tr>")[0]
        assert row.count("—") == 2, row
    assert "No change of tension is on record" in text


def test_strain_towards_each_of_several_peers_is_a_line_of_its_own(tmp_path: Path) -> None:
    us = Author("us")
    steps = [
        us.say(
            StrainChanged,
            NOON + n * MINUTE,
            peer=peer,
            model="goldstein",
            before=0.0,
            after=after,
            stage=Stage.TENSE,
            because="a sighting",
            arithmetic="",
        )
        for n, (peer, after) in enumerate([("ru", 5.0), ("tr", 9.0)])
    ]
    assert report(recorded(tmp_path / "run.jsonl", steps), out=tmp_path / "r.html") == 0
    text = (tmp_path / "r.html").read_text()
    assert all(f">us → {peer}<" in text for peer in ("ru", "tr"))
    assert report(recorded(tmp_path / "one.jsonl", steps[:1]), out=tmp_path / "one.html") == 0
    assert "→" not in (tmp_path / "one.html").read_text()


def test_a_cut_off_run_is_reported_as_far_as_it_goes_when_asked_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hostile(tmp_path)
    path.write_bytes(path.read_bytes()[:-30])
    assert report(path, out=tmp_path / "r.html") == 2
    assert "--partial" in capsys.readouterr().err
    assert report(path, out=tmp_path / "r.html", partial=True) == 0
    assert "cut off" in (tmp_path / "r.html").read_text()


def test_what_cannot_be_written_or_is_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = hostile(tmp_path)
    assert report(path, out=Path("/dev/full")) == 2
    assert "No space left on device" in capsys.readouterr().err
    (tmp_path / "r.html").write_text("mine")
    assert report(path, out=tmp_path / "r.html") == 2
    assert "--force" in capsys.readouterr().err
    assert report(tmp_path / "none", out=tmp_path / "x.html") == 2
    assert "there is no record to read" in capsys.readouterr().err
