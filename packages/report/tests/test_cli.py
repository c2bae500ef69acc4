from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from bakeoff_report import building
from bakeoff_report.cli import app
from bakeoff_report.collect import alive
from bakeoff_report.model import Report


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments])


def test_build_writes_the_page_and_its_data(tree: Any) -> None:
    done = run("build", "--root", str(tree.root))
    assert done.exit_code == 0, done.output
    output = tree.root / "build/report"
    written = {path.name for path in output.iterdir()}
    badges = {"badge-raw.svg", "badge-elm.svg"}
    assert written == {"index.html", "report.json", "summary.md", *badges}
    assert str(output / "index.html") in done.stdout
    assert "files are not there" in done.stderr
    report = Report.model_validate_json((output / "report.json").read_text("utf-8"))
    assert [backend.name for backend in report.backends] == ["raw", "elm"]


def test_a_broken_file_is_named_and_the_rest_is_made(tree: Any) -> None:
    tree.write("build/interop.json", "{")
    done = run("build", "--root", str(tree.root))
    assert done.exit_code == 0
    assert "build/interop.json: It is not JSON" in done.stderr


def test_a_run_in_another_place_is_yours_and_named_without_its_folder(
    tree: Any, runs: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "mine.json"
    raw = runs.measurement("raw", cpu_ns=10_000_000, rate=1)
    elsewhere.write_text(json.dumps(runs.result(raw)))
    done = run("build", "--root", str(tree.root), "--bench", str(elsewhere))
    assert done.exit_code == 0
    text = (tree.root / "build/report/report.json").read_text("utf-8")
    (cell,) = json.loads(text)["costs"]["cells"]
    assert cell["source"] == "mine.json"
    assert str(elsewhere.parent) not in text


def test_a_figure_that_needs_a_note_fails_the_build(tree: Any, runs: Any) -> None:
    raw = runs.measurement("raw", cpu_ns=30_000_000, rate=1)
    elm = runs.measurement("elm", cpu_ns=10_000_000, rate=2)
    tree.bench("build/bench.json", runs.result(raw, elm))
    done = run("build", "--root", str(tree.root))
    assert done.exit_code == 1
    assert "add an entry [[faster]] to texts.toml for yours-elm-sqlite" in done.stderr
    assert (tree.root / "build/report/index.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["build", "--root", "/nowhere"], "backends.toml: It is not there."),
        (["build", "--root", "{root}", "--output", "{root}/backends.toml"], "cannot write"),
        (["facts", "--root", "{root}"], "facts.json: It is not there."),
    ],
)
def test_an_error_names_the_file(tree: Any, arguments: list[str], message: str) -> None:
    done = run(*(one.format(root=tree.root) for one in arguments))
    assert done.exit_code == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    "arguments", [["build", "--bench", "/nowhere"], ["build", "--repository", "javascript:a"]]
)
def test_a_wrong_command_line_is_said_to_be_one(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_facts_without_an_index_name_the_option(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    done = run("facts", "--refresh", "--root", str(tree.root))
    assert done.exit_code == 1
    assert "use --index" in done.stderr


def test_facts_show_what_is_stale(tree: Any) -> None:
    tree.write(f"packages/elm/{alive.LIBRARIES}", '[elm]\nrole = "layer"\n')
    facts = {"last": "2.0", "released": None, "looked_up": "2026-11-30", "python": None, "days": {}}
    tree.json(alive.FACTS, {"elm": facts})
    tree.write("requirements/main.txt", "elm==1.0 \\\n")
    done = run("facts", "--root", str(tree.root))
    assert done.exit_code == 0
    assert done.stdout == "elm (elm): 1.0 of unknown, last 2.0 of unknown  STALE\n"


def test_a_file_is_replaced_as_a_whole(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    output = tree.root / "out"
    building.write(tree.report(), output)
    before = (output / "index.html").read_bytes()

    def fail(self: Path, target: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(Exception, match="No space left on device"):
        building.write(tree.report(), output)
    assert (output / "index.html").read_bytes() == before
    assert not [path for path in output.iterdir() if path.name.startswith(".")]


def test_the_schema_describes_the_report(tree: Any) -> None:
    import jsonschema

    done = run("schema")
    assert done.exit_code == 0
    content = json.loads(tree.report().model_dump_json())
    jsonschema.validate(content, json.loads(done.stdout))


@pytest.mark.parametrize("command", ["build", "facts", "schema"])
def test_help_has_examples_and_exit_codes(command: str) -> None:
    done = run(command, "--help")
    assert "Examples" in done.output
    assert "Exit codes" in done.output
