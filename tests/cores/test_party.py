"""`hotline party`: what it writes for a further party, and what it refuses, in a copy of the tree."""

import json
import shutil
from pathlib import Path

import pytest
import yaml

from hotline_protocol.authority import access_list
from hotline_services.cli.asyncapi import described
from hotline_services.cli.keys import make
from hotline_services.cli.party import add, rekey, remove
from hotline_services.cli.runfile import read_run_file
from hotline_services.cli.simulate import simulate
from hotline_services.director.scenario import read_scenario

ROOT = Path(__file__).parents[2]
STUB = Path("scenarios") / "valley-day-parties.toml"
OVERRIDE = "docker-compose.override.yml"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what the commands change and read."""
    copy = tmp_path / "tree"
    for folder in ("compose", "scenarios"):
        shutil.copytree(ROOT / folder, copy / folder)
    shutil.copy(ROOT / "docker-compose.yml", copy)
    shutil.copy(ROOT / ".env.example", copy)
    return copy


def contents(tree: Path) -> dict[str, bytes]:
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


def test_an_added_party_has_rights_a_service_and_a_part_in_a_scenario(tree: Path) -> None:
    assert add("tr", like="us", tree=tree) == 0
    assert (tree / "compose" / "acl").read_text() == access_list(("us", "ru", "tr"))
    played = read_scenario(str(tree / STUB))
    assert list(played.agreement.parties) == ["us", "ru", "tr"]
    assert {"us", "ru", "tr"} == set(played.parties)
    services = yaml.safe_load((tree / OVERRIDE).read_text())["services"]
    assert services["tr-aoc"]["volumes"] == ["tr-data:/data", "tr-keys:/identity:ro"]
    assert services["setup"]["volumes"] == ["tr-keys:/keys/tr"]
    assert "HOTLINE_PASSWORD_TR_DESK" in services["setup"]["environment"]


def test_three_parties_play_the_stub_in_simulated_time(tree: Path, tmp_path: Path) -> None:
    add("tr", tree=tree)
    out = tmp_path / "run.jsonl"
    assert simulate(str(tree / STUB), days=1, seed=1, out=out) == 0
    said = [json.loads(line)["message"] for line in out.read_text().splitlines()[1:]]
    rang = {(each["source"], each["to"]) for each in said if each["type"] == "ring"}
    assert {party for pair in rang for party in pair} == {"us", "ru", "tr"}
    assert [each for each in said if each["type"] == "ledger-changed" and each["source"] == "tr"]


def test_added_again_nothing_changes_and_what_is_missing_comes_back(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add("tr", tree=tree)
    before = contents(tree)
    assert add("tr", tree=tree) == 0
    assert contents(tree) == before
    assert "everything is there already" in capsys.readouterr().out
    (tree / OVERRIDE).unlink()
    assert add("tr", tree=tree) == 0
    assert contents(tree) == before


def test_a_removed_party_leaves_no_trace(tree: Path) -> None:
    before = contents(tree)
    add("tr", tree=tree)
    add("il", like="ru", tree=tree)
    assert remove("tr", tree=tree) == 0
    assert list(read_scenario(str(tree / STUB)).agreement.parties) == ["us", "ru", "il"]
    assert remove("il", tree=tree) == 0
    assert contents(tree) == before


def test_a_dry_run_tells_and_writes_nothing(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = contents(tree)
    assert add("tr", tree=tree, dry_run=True, json=True) == 0
    told = {each["file"]: each["change"] for each in json.loads(capsys.readouterr().out)}
    assert told == {
        "compose/acl": "changed",
        "scenarios/agreements/valley-day-parties.toml": "created",
        str(STUB): "created",
        OVERRIDE: "created",
        "parties.toml": "created",
    }
    assert contents(tree) == before


@pytest.mark.parametrize(
    ("name", "like", "sentence"),
    [
        ("us", None, "us is a party of valley-day already"),
        ("page", None, "page is the name of a service or a role"),
        ("control", None, "control is the name of a service or a role"),
        ("us-desk", None, "us-desk ends in -desk"),
        ("broker", None, "broker is a part of the folder of keys"),
        ("Tr", None, "'Tr' is not the name of a party"),
        ("../x", None, "'../x' is not the name of a party"),
        ("", None, "'' is not the name of a party"),
        ("tr", "xx", "--like: xx is no party of valley-day: us and ru are"),
        ("sy", "ru", "sy is there already, like us: remove it first"),
    ],
)
def test_a_name_that_cannot_be_is_refused_before_anything_is_written(
    tree: Path, name: str, like: str | None, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    add("sy", like="us", tree=tree)
    before = contents(tree)
    assert add(name, like=like, tree=tree) == 2
    assert sentence in capsys.readouterr().err
    assert contents(tree) == before


def test_who_is_not_there_cannot_be_removed_and_the_shipped_parties_stay(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [remove(name, tree=tree) for name in ("tr", "us")] == [2, 2]
    assert "tr has not been added here" in capsys.readouterr().err


def test_what_somebody_has_written_by_hand_is_not_written_over_unless_forced(
    tree: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tree / OVERRIDE).write_text("services: {}\n")
    assert add("tr", tree=tree) == 2
    assert f"{OVERRIDE}: somebody has written this by hand" in capsys.readouterr().err
    assert not (tree / STUB).exists()
    assert add("tr", tree=tree, force=True) == 0
    with (tree / STUB).open("a") as stub:
        stub.write("# edited\n")
    assert add("tr", tree=tree) == 0
    assert (tree / STUB).read_text().endswith("# edited\n")
    assert add("il", tree=tree) == 2
    assert remove("tr", tree=tree) == 2
    assert remove("tr", tree=tree, force=True) == 0
    assert not (tree / STUB).exists()


def test_eight_parties_are_the_most(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert [add(name, tree=tree) for name in ("tr", "il", "sy", "fr", "uk", "jo")] == [0] * 6
    assert add("iq", tree=tree) == 2
    assert "8 parties are the most" in capsys.readouterr().err
    assert len(read_scenario(str(tree / STUB)).parties) == 8


def test_a_folder_without_a_stack_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert add("tr", tree=tmp_path) == 2
    assert "has no docker-compose.yml" in capsys.readouterr().err


def test_an_environment_that_plays_something_else_is_told(tree: Path, capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copy(tree / ".env.example", tree / ".env")
    assert add("tr", tree=tree) == 0
    assert "the stack plays valley-day-parties once that line is gone" in capsys.readouterr().err


def test_writing_the_protocols_files_keeps_an_added_party(tree: Path) -> None:
    add("tr", tree=tree)
    (tree / "docs").mkdir()
    for page in ("protocol.md", "centre.md"):
        shutil.copy(ROOT / "docs" / page, tree / "docs")
    assert described(tree)[Path("compose/acl")] == access_list(("us", "ru", "tr"))


def test_a_party_gets_new_keys_and_a_new_password_for_its_desk(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    add("tr", tree=tree)
    acl, keys = tree / "compose" / "acl", tmp_path / "keys"
    assert make(keys, acl=acl, server=("broker",), people_at="mqtts://broker:8883") == 0
    before = contents(keys)
    assert rekey("tr", keys=keys, acl=acl, dry_run=True) == 0
    assert contents(keys) == before
    assert rekey("tr", keys=keys, acl=acl) == 0
    changed = {name for name, content in contents(keys).items() if before.get(name) != content}
    assert {"tr/client.crt", "tr/client.key", "people/tr-desk.password", "ca/revoked"} <= changed
    assert not {"us/client.crt", "us/client.key", "people/control.password", "broker/server.crt"} & changed
    run = read_run_file(keys / "people")
    assert run is not None
    assert run.passwords["tr-desk"] == (keys / "people" / "tr-desk.password").read_text().strip()
    assert run.passwords["tr-desk"] not in capsys.readouterr().out


def test_rekeying_says_where_the_keys_of_the_compose_stack_are(
    tree: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    acl = tree / "compose" / "acl"
    assert [rekey("tr", keys=tmp_path, acl=acl), rekey("us", keys=tmp_path, acl=acl)] == [2, 2]
    told = capsys.readouterr().err
    assert "tr is not in" in told
    assert "docker compose run --rm setup party rekey us --keys /keys --acl /hotline/acl" in told
