from __future__ import annotations

import inspect
import json
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner
from typer.testing import Result as Ended

from bakeoff_bench.arms.catalogue import ARMS
from bakeoff_bench.cli import main, option_parsing, report, run, stages
from bakeoff_bench.cli.main import app
from bakeoff_bench.controller.plan import Options
from bakeoff_bench.errors import BenchError, redacted
from bakeoff_bench.http.plan import HttpOptions, arms_on
from bakeoff_bench.http.run import HttpResult
from bakeoff_bench.results import files
from bakeoff_bench.results.model import Result
from bakeoff_bench.scenarios import SCENARIOS

Sampled = Callable[..., Result]
Bench = Callable[..., Ended]

SECRET = "p@ss/word"
SERVER = "postgresql://somebody:p%40ss%2Fword@127.0.0.1:1/"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    """Runs the command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BAKEOFF_BENCH_DATABASES", raising=False)

    def ran(*arguments: str, **environment: str) -> Ended:
        return CliRunner().invoke(app, arguments, env=environment, prog_name="bakeoff-bench")

    return ran


@pytest.fixture
def wanted(monkeypatch: pytest.MonkeyPatch, sampled: Sampled) -> list[Options]:
    """What `run` would have measured, had it not got a sample in its place."""
    options: list[Options] = []

    def measured(asked_for: Options, **_: object) -> Result:
        options.append(asked_for)
        return sampled()

    monkeypatch.setattr(stages, "measure", measured)
    return options


def python(backend: str) -> str:
    return f"{backend}={sys.executable}"


def test_every_command_has_help_with_examples_and_exit_codes(bench: Bench) -> None:
    commands = [command.name for command in app.registered_commands]
    assert set(commands) == {"run", "show", "compare", "publish", "scenarios", "schema"}
    for name in commands:
        shown = bench(str(name), "--help", COLUMNS="200")
        assert shown.exit_code == 0
        assert f"bakeoff-bench {name}" in shown.stdout
        assert "Exit codes" in shown.stdout


def test_the_page_on_the_bench_tells_of_every_command_and_option() -> None:
    page = (Path(__file__).parents[3] / "docs/bench.md").read_text("utf-8")
    commands = typer.main.get_group(app).commands
    for name, command in commands.items():
        assert f"`bakeoff-bench {name}" in page or f"bakeoff-bench {name} " in page
        for option in command.params:
            written = [name for name in option.opts if name.startswith("--")]
            assert all(name in page for name in written), option.name


def test_every_option_of_a_run_has_help() -> None:
    for parameter in inspect.signature(run.run, eval_str=True).parameters.values():
        assert parameter.annotation.__metadata__[0].help, parameter.name


def test_the_scenarios_and_arms_are_listed_with_their_descriptions(bench: Bench) -> None:
    shown = bench("scenarios").stdout
    reported = [
        *((scenario.name, scenario.description) for scenario in SCENARIOS),
        *((arm.name, arm.description) for arm in ARMS),
    ]
    for name, description in reported:
        assert name in shown
        assert description in shown


def test_the_schema_is_the_committed_one(bench: Bench) -> None:
    assert bench("schema").stdout == files.SCHEMA_PATH.read_text("utf-8")


def test_a_result_is_shown_again(bench: Bench, sampled: Sampled, tmp_path: Path) -> None:
    files.write(sampled(), tmp_path / "bench.json")
    shown = bench("show", "bench.json")
    assert shown.exit_code == 0
    assert shown.stdout.index("TRUSTWORTHY") < shown.stdout.index("as the adapters ship it")
    assert "p99" not in shown.stdout
    assert "p99" in bench("show", "bench.json", "--latency").stdout
    assert bench("show", "bench.json", "--markdown").stdout == report.page(sampled())
    both = bench("show", "bench.json", "--markdown", "--latency")
    assert both.exit_code == 2
    assert "exclude each other" in both.stderr


def test_what_cannot_be_shown_is_named(bench: Bench) -> None:
    shown = bench("show", "none.json")
    assert shown.exit_code == 1
    assert shown.stderr.startswith("error: cannot read none.json")


def test_a_run_without_options_measures_all_that_is_installed_on_sqlite(
    bench: Bench, wanted: list[Options], tmp_path: Path
) -> None:
    assert bench("run", "--worker", python("raw")).exit_code == 0
    (options,) = wanted
    assert options.databases == {"sqlite": f"sqlite:///{tmp_path}/build/bench"}
    assert options.scenarios == tuple(scenario.name for scenario in SCENARIOS)
    assert set(options.arms) == {arm.name for arm in ARMS if arm.backend == "raw"}
    assert options.workers == {"raw": Path(sys.executable)}


def test_the_options_of_a_run_are_handed_on(bench: Bench, wanted: list[Options]) -> None:
    ended = bench(
        *("run", "--worker", python("raw"), "--worker", python("gino"), "--size", "1k"),
        *("--size", "100k", "--scenario", "search", "--arm", "gino", "--tasks", "4"),
        *("--database", SERVER, "--database", "mariadb=mysql://root@127.0.0.1:1/"),
        *("--precision", "2%", "--time-limit", "10m", "--restarts", "5", "--seed", "7"),
    )
    assert ended.exit_code == 0
    (options,) = wanted
    assert options.sizes == ("1k", "100k")
    assert (options.scenarios, options.arms, options.tasks) == (("search",), ("gino",), (4,))
    assert (options.precision, options.time_limit) == (0.02, 600)
    assert (options.restarts, options.seed) == (5, 7)
    assert set(options.workers) == {"raw", "gino"}
    assert options.databases == {
        "postgresql": SERVER,
        "mariadb": "mysql://root@127.0.0.1:1/",
    }


def test_addresses_may_come_from_the_environment(bench: Bench, wanted: list[Options]) -> None:
    given = f"{SERVER} mariadb=mysql://root@127.0.0.1:1/"
    ended = bench("run", "--worker", python("raw"), BAKEOFF_BENCH_DATABASES=given)
    assert ended.exit_code == 0
    assert set(wanted[0].databases) == {"postgresql", "mariadb"}


def test_a_quick_run_asks_for_less_time_than_a_full_one(
    bench: Bench, wanted: list[Options]
) -> None:
    for how in ("--quick", "--full"):
        assert bench("run", how, "--worker", python("raw")).exit_code == 0
    quick, full = wanted
    assert quick.time_limit < 180 < full.time_limit
    assert bench("run", "--quick", "--full").exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["--scenario", "cooking"], "'cooking' is not among point-read"),
        (["--arm", "django"], "'django' is not among raw"),
        (["--size", "2k"], "'2k' is not among 1k, 100k, 1m"),
        (["--precision", "little"], "'little' is no share such as 3% or 0.03"),
        (["--precision", "100%"], "'100%' is no share"),
        (["--time-limit", "soon"], "'soon' is no time such as 90s, 10m or 2h"),
        (["--time-limit", "0"], "'0' is no time"),
        (["--tasks", "0"], "--tasks"),
        (["--worker", "raw"], "'raw' is not of the form NAME=PYTHON"),
        (["--worker", "raw=/no/python"], "there is no interpreter '/no/python' for raw"),
        (["--worker", python("raw"), "--worker", python("raw")], "raw is given twice"),
        (["--database", "oracle://x/"], "a database URL must look like"),
        (["--database", f"oracle={SERVER}"], "'oracle' is no database: sqlite, postgresql"),
        (["--database", f"mysql={SERVER}"], "mysql cannot be at an address that begins with"),
        (["--catalogue", "none.csv"], "--catalogue"),
    ],
)
def test_a_wrong_option_is_wrong_usage_and_the_message_says_what_is_right(
    bench: Bench, arguments: list[str], reported: str
) -> None:
    ended = bench("run", *arguments, COLUMNS="200")
    assert ended.exit_code == 2
    assert reported in " ".join(ended.stderr.split())
    assert SECRET not in ended.stderr
    assert "p%40ss" not in ended.stderr


def test_without_any_backend_the_message_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(option_parsing, "entry_points", lambda group: [])
    with pytest.raises(BenchError, match="--worker raw="):
        option_parsing.workers([])


def test_what_cannot_be_measured_is_a_message_without_the_password(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> Result:
        raise BenchError(f"no connection to postgresql://somebody:{SECRET}@127.0.0.1:1/")

    monkeypatch.setattr(stages, "measure", refused)
    ended = bench("run", "--worker", python("raw"))
    assert ended.exit_code == 1
    assert ended.stderr == "error: no connection to postgresql://somebody:***@127.0.0.1:1/\n"


def test_a_run_that_is_stopped_ends_as_such(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> Result:
        raise KeyboardInterrupt

    monkeypatch.setattr(stages, "measure", stopped)
    assert bench("run", "--worker", python("raw")).exit_code == 130


@pytest.fixture
def sigterm_put_back() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("sigterm_put_back")
def test_a_run_that_is_terminated_puts_things_back_first(monkeypatch: pytest.MonkeyPatch) -> None:
    put_back = []

    def running() -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            put_back.append("workers")

    monkeypatch.setattr(main, "app", running)
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 143
    assert put_back == ["workers"]


@pytest.mark.parametrize("text", ["3%", "3 %", "0.03", 0.03])
def test_a_share_may_be_written_in_two_ways(text: str | float) -> None:
    assert option_parsing.share(text) == pytest.approx(0.03)


def test_an_environment_is_not_left_by_following_its_link(tmp_path: Path) -> None:
    link = tmp_path / "python"
    link.symlink_to(sys.executable)
    assert option_parsing.worker(f"raw={link}").python == link


def test_an_address_is_never_repeated_in_a_message() -> None:
    with pytest.raises(typer.BadParameter) as raised:
        option_parsing.database(f"postgresql://somebody:{SECRET}@host:port/name")
    assert SECRET not in str(raised.value)


def test_what_is_found_over_http_is_added_and_judged_with_the_rest(sampled: Sampled) -> None:
    inside = sampled(scenarios=["search"], tasks=[1])
    off = {"raw": 1.0, "raw-twin": 1.2, "gino": 0.5}
    over = sampled(off, scenarios=["point-read"], tasks=[16], table="http")
    both = stages.with_http(inside, HttpResult(measurements=over.measurements, arms=over.arms))
    assert both.measurements == [*inside.measurements, *over.measurements]
    assert [arm.name for arm in both.arms] == [*(arm.name for arm in inside.arms), "gino"]
    assert len(both.twins) == 2
    assert inside.trustworthy
    assert not both.trustworthy
    assert "over HTTP" in both.untrustworthy_because[0]
    assert Result.model_validate_json(both.model_dump_json()) == both


_HTTP = stages.Stages(http=True, costs=False, growth=False, statements=None, locust=None)


@pytest.fixture
def nothing(tmp_path: Path) -> Options:
    """What there is to measure where nothing will be."""
    return Options(workers={}, databases={}, folder=tmp_path, scenarios=(), arms=(), time_limit=1.0)


def test_a_part_that_fails_leaves_what_the_parts_before_it_found(
    monkeypatch: pytest.MonkeyPatch, sampled: Sampled, nothing: Options, tmp_path: Path
) -> None:
    def refused(*_: object, **__: object) -> HttpResult:
        raise BenchError("a request failed")

    monkeypatch.setattr(stages, "check_http", lambda _: None)
    monkeypatch.setattr(stages, "run_in_process", lambda *_, **__: sampled())
    monkeypatch.setattr(stages, "run_http", refused)
    with pytest.raises(BenchError, match="a request failed"):
        stages.measure(nothing, stages=_HTTP, output=tmp_path / "bench.json")
    kept = files.read(tmp_path / "bench.json")
    assert kept == sampled().model_copy(update={"seconds": kept.seconds})


def test_a_result_tells_how_long_all_its_parts_took(
    monkeypatch: pytest.MonkeyPatch, sampled: Sampled, nothing: Options, tmp_path: Path
) -> None:
    clock = iter((0.0, 100.0, 1300.0))
    monkeypatch.setattr(stages, "monotonic", clock.__next__)
    monkeypatch.setattr(stages, "check_http", lambda _: None)
    monkeypatch.setattr(stages, "run_in_process", lambda *_, **__: sampled())
    monkeypatch.setattr(stages, "run_http", lambda *_, **__: HttpResult(measurements=[], arms=[]))
    found = stages.measure(nothing, stages=_HTTP, output=tmp_path / "bench.json")
    assert found.seconds == 1300
    assert files.read(tmp_path / "bench.json") == found


@pytest.mark.parametrize(
    ("programs", "backends", "reported"),
    [
        ([], ["memory", "raw"], "no wrk"),
        (["wrk"], ["gino", "raw"], r"--worker memory=PYTHON; --no-http"),
        (["wrk"], ["gino"], "--worker memory=PYTHON --worker raw=PYTHON"),
    ],
)
def test_what_http_lacks_is_told_before_anything_is_measured(
    monkeypatch: pytest.MonkeyPatch,
    nothing: Options,
    tmp_path: Path,
    programs: list[str],
    backends: list[str],
    reported: str,
) -> None:
    def measured(*_: object, **__: object) -> Result:
        pytest.fail("something was measured")

    for program in programs:
        (tmp_path / program).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(stages, "run_in_process", measured)
    given = replace(nothing, workers=dict.fromkeys(backends, Path(sys.executable)))
    with pytest.raises(BenchError, match=reported):
        stages.measure(given, stages=_HTTP, output=tmp_path / "bench.json")


def test_over_http_there_are_the_layers_that_are_asked_for_and_the_controls(
    monkeypatch: pytest.MonkeyPatch, sampled: Sampled, nothing: Options, tmp_path: Path
) -> None:
    timed: list[str] = []

    def time(options: HttpOptions, **_: object) -> HttpResult:
        timed.extend(arm.name for arm in arms_on("sqlite", options))
        return HttpResult(measurements=[], arms=[])

    monkeypatch.setattr(stages, "check_http", lambda _: None)
    monkeypatch.setattr(stages, "run_in_process", lambda *_, **__: sampled())
    monkeypatch.setattr(stages, "run_http", time)
    here = dict.fromkeys(("memory", "raw", "gino", "databases"), Path(sys.executable))
    asked = replace(nothing, workers=here, arms=("databases",))
    stages.measure(asked, stages=_HTTP, output=tmp_path / "bench.json")
    assert timed == ["bare", "memory", "raw", "raw-twin", "databases"]


def test_a_script_reads_json_without_colours_or_folding(
    bench: Bench, sampled: Sampled, tmp_path: Path
) -> None:
    files.write(sampled(), tmp_path / "a.json")
    ended = bench("compare", "a.json", "a.json", "--json", FORCE_COLOR="1")
    assert json.loads(ended.stdout)["slower"] == 0


def test_a_password_is_hidden_wherever_it_is_in_a_message() -> None:
    message = f"a mysql://x:{SECRET}@h/ and\npostgresql://y:z@h/"
    assert redacted(message) == "a mysql://x:***@h/ and\npostgresql://y:***@h/"
