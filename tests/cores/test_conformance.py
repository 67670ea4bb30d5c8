"""Our own centre keeps every requirement; each faulty one breaks exactly those that it should."""

from datetime import datetime
from itertools import count
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from hotline_protocol.line import ConcurTrace, Ring
from hotline_protocol.service import Presence
from hotline_services.aoc.centre import Centre
from hotline_services.cli.conformance import conformance
from hotline_services.conformance.document import written_into
from hotline_services.conformance.examination.case import Case
from hotline_services.conformance.examination.examiner import Examiner
from hotline_services.conformance.examination.peer import Brief, Letter, Peer
from hotline_services.conformance.examination.requirements import BY_ID, UnknownRequirementError, chosen
from hotline_services.conformance.examination.scene import UndocumentedError
from hotline_services.conformance.examination.scenes import ALL_ALONG, SCENES
from hotline_services.conformance.examination.verdict_report import evidence, junit
from hotline_services.conformance.examination.verdicts import Report, Verdict
from hotline_services.conformance.rehearsal import START, LocalCentre, play, rehearse, with_keys
from hotline_services.simulation.chance import Chance

from .faulty import SCENARIO, Fault, never, our_centre
from .faulty_centres import FAULTS

ALL = frozenset(BY_ID)
BRIEF = with_keys(Brief(us="us", them="ru", rules=SCENARIO.agreement, epoch="e1", may_stop=True))
PAGE = Path(__file__).parents[2] / "docs/conformance.md"


def examined(centre: LocalCentre, wanted: frozenset[str] = ALL) -> Report:
    return rehearse(BRIEF, centre, wanted)


def test_our_own_centre_keeps_every_requirement() -> None:
    report = examined(LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties))
    assert {j.requirement.id: (j.verdict, j.reason) for j in report.judgements if j.verdict is not Verdict.KEPT} == {}
    assert len(report.judgements) == len(BY_ID)


@pytest.mark.parametrize("name", FAULTS)
def test_a_faulty_centre_breaks_what_its_fault_is_about_and_nothing_else(name: str) -> None:
    fault = FAULTS[name]
    assert set(examined(fault.centre()).broken) == fault.breaks


def test_each_requirement_is_broken_by_some_faulty_centre() -> None:
    assert frozenset().union(*(fault.breaks for fault in FAULTS.values())) == ALL


def test_a_requirement_without_a_scene_that_tests_it_is_an_error() -> None:
    assert frozenset().union(*(scene.tests for scene in (*SCENES, ALL_ALONG))) == ALL


def test_the_page_says_what_is_done_and_required() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == written_into(page), "run python -m hotline_services.conformance.document docs/conformance.md"


def test_every_step_that_is_written_down_is_taken_with_a_centre_that_keeps_the_protocol() -> None:
    examiner = Examiner(BRIEF, START, ALL)
    play(examiner, LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties))
    assert examiner.taken == {scene.name: list(scene.steps) for scene in SCENES}


def test_a_step_that_is_not_written_down_is_an_error() -> None:
    case = Case(SCENES[0], Peer(BRIEF, START), ALL)
    with pytest.raises(UndocumentedError, match="there is no step 'dance'"):
        case.step("dance")
    case.step("retained")
    with pytest.raises(UndocumentedError, match="is not said to test CALL-1"):
        case.check("CALL-1", kept=True, expected="nothing")


def test_only_what_is_asked_for_is_played_and_judged() -> None:
    report = examined(LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties), chosen("sil,CALL-1"))
    assert [judgement.requirement.id for judgement in report.judgements] == ["CALL-1", "SIL-1", "SIL-2", "SIL-3"]
    assert report.broken == []


def test_what_is_broken_is_told_with_its_evidence() -> None:
    report = examined(FAULTS["never hangs up"].centre(), chosen("SIL-2"))
    told = "\n".join(evidence(report))
    assert "SIL-2 is broken" in told
    assert "expected: a hang-up after 60 s" in told
    assert '"type":"answer"' in told


def test_the_report_as_junit_counts_failures_and_what_was_skipped() -> None:
    report = examined(FAULTS["never answers"].centre(), chosen("CALL"))
    suites = ET.fromstring(junit(report))  # noqa: S314  we wrote it
    suite = suites[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("8", "1", "0")
    assert [case.get("name", "").split()[0] for case in suite if case.find("failure") is not None] == ["CALL-1"]
    assert all(case.find("skipped") is not None for case in suite if "CALL-4" in case.get("name", ""))


def test_a_centre_with_another_agreement_is_found_out_before_anything_is_examined() -> None:
    rules = msgspec.structs.replace(SCENARIO.agreement, name="another")
    other = Centre("ru", SCENARIO.parties["ru"], rules, epoch="0", chance=Chance(1))
    examiner = Examiner(BRIEF, START, ALL)
    play(examiner, LocalCentre("ru", other, peers=SCENARIO.agreement.parties))
    assert examiner.other_agreement == rules.digest
    assert (examiner.taken, examiner.findings) == ({}, [])


def test_a_centre_that_names_another_agreement_at_a_line_check_is_told_which_to_load() -> None:
    report = examined(FAULTS["has another agreement"].centre(), chosen("DIG"))
    assert f"{SCENARIO.agreement.digest}, the digest of" in report.of(Verdict.BROKEN)[0].faults[0].expected


def test_a_centre_that_is_not_there_is_not_judged() -> None:
    examiner = Examiner(BRIEF, START, ALL)
    while not examiner.finished and examiner.next_deadline is not None:
        examiner.lapse(examiner.next_deadline)
    assert examiner.there is False
    assert examiner.findings == []


def test_a_centre_that_takes_no_calls_is_not_rung_four_times_in_every_scene() -> None:
    examiner = Examiner(BRIEF, START, ALL)
    play(examiner, FAULTS["never answers"].centre())
    rings = sum(isinstance(message, Ring) for message in examiner.peer.said.values())
    assert rings < 2 * len(SCENES)
    assert examiner.report().broken == ["CALL-1"]


class Mortal(LocalCentre):
    """Dies in its third call, when it is rung once more; the broker tells its will."""

    def hear(self, topic: str, payload: bytes, now: datetime) -> list[Letter]:
        if b'-c3"' in payload and not self.stopped:
            self.stopped = True
            return [self.health(now, Presence.DOWN)]
        return super().hear(topic, payload, now)


def test_an_examination_ends_with_the_centre_and_says_what_was_not_tested_for_it() -> None:
    examiner = Examiner(BRIEF, START, ALL)
    play(examiner, Mortal("ru", our_centre()))
    assert len(examiner.taken) < len(SCENES) / 2
    reasons = {each.requirement.id: each.reason for each in examiner.report().of(Verdict.NOT_TESTED)}
    assert reasons["REC-4"] == "it is not there any more"
    assert examiner.report().cut_short


def test_what_a_centre_does_not_say_because_it_has_died_is_not_held_against_it() -> None:
    examiner = Examiner(BRIEF, START, ALL)
    play(examiner, Mortal("ru", our_centre()))
    assert examiner.report().broken == []


def test_a_line_that_is_not_moved_back_is_known() -> None:
    concurs = count()
    once = never(ConcurTrace, lambda _: next(concurs) > 0)
    for centre, off in (
        (LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties), False),
        (Fault(say=once).centre(), True),
    ):
        examiner = Examiner(BRIEF, START, chosen("REV-6"))
        play(examiner, centre)
        assert examiner.peer.line_is_off is off


def test_a_centre_that_we_have_stopped_has_not_gone() -> None:
    examiner = Examiner(BRIEF, START, chosen("HEALTH-3"))
    play(examiner, LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties))
    assert not examiner.gone


def test_an_examination_can_be_held_again_with_the_same_centre() -> None:
    centre = LocalCentre("ru", our_centre(), peers=SCENARIO.agreement.parties)
    but_for_the_end = ALL - {"HEALTH-3"}
    first = Examiner(BRIEF, START, but_for_the_end)
    play(first, centre)
    again = Examiner(msgspec.structs.replace(BRIEF, epoch="e2"), first.peer.now, but_for_the_end)
    play(again, centre)
    assert [j.requirement.id for j in again.report().judgements if j.verdict is not Verdict.KEPT] == []


def test_an_unknown_requirement_is_named() -> None:
    with pytest.raises(UnknownRequirementError, match="CALL-99: no such requirement"):
        chosen("NEG,CALL-99")


def test_the_command_lists_rehearses_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(list_=True, only="CALL-1") == 0
    assert "CALL-1" in capsys.readouterr().out
    assert conformance(rehearse=True, only="CALL") == 0
    assert conformance(only="CALL", against="fr") == 2
    assert "fr is no party" in capsys.readouterr().err


def test_a_report_that_finds_no_folder_is_refused_before_the_examination(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(rehearse=True, only="DIG", out=tmp_path / "no" / "report.json") == 2
    assert capsys.readouterr().err.endswith("no is no folder for report.json: make it, or name another\n")


def test_a_report_into_a_folder_or_two_into_one_file_are_refused_before_the_examination(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(rehearse=True, only="DIG", out=tmp_path) == 2
    assert capsys.readouterr().err.endswith("is a folder: name a file in it\n")
    assert conformance(rehearse=True, only="DIG", out=tmp_path / "a", junit_file=tmp_path / "a") == 2
    assert capsys.readouterr().err.endswith("a cannot hold both reports: name two files\n")


def test_an_agreement_that_is_not_there_is_named_with_its_option(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert conformance(rehearse=True, only="DIG", agreement=tmp_path / "none.json") == 2
    told = capsys.readouterr().err
    assert told == f"hotline conformance: --agreement: {tmp_path / 'none.json'}: No such file or directory\n"


def test_a_report_that_finds_no_room_in_its_file_is_told_all_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip(f"this machine has no {full}")
    assert conformance(rehearse=True, only="DIG", out=full) == 2
    told = capsys.readouterr()
    assert "DIG-1" in told.out
    assert told.err.endswith("/dev/full: No space left on device: the report is not in this file\n")


def test_the_report_is_written_as_json_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert conformance(rehearse=True, only="DIG", json=True, out=tmp_path / "report.json") == 0
    report = msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)
    assert msgspec.json.decode(capsys.readouterr().out, type=Report) == report
    assert [judgement.verdict for judgement in report.judgements] == [Verdict.KEPT] * 3
