from __future__ import annotations

import sys
from importlib.metadata import Distribution
from pathlib import Path

import pytest

from bakeoff_bench.costs.deployment import Footprint, counted, footprint
from bakeoff_bench.errors import BenchError
from bakeoff_bench.protocol import Distribution as Installed
from bakeoff_bench.protocol import Environment
from bakeoff_bench.worker.costs import installed, size

PYTHON = {"python_version": "3.11", "python_full_version": "3.11.9"}


def _installed(**requires: list[str]) -> Environment:
    """Distributions of 1, 2, 4, … bytes, in the order given."""
    return Environment(
        markers=PYTHON,
        distributions=[
            Installed(name=name, requires=requirements, bytes=2**position)
            for position, (name, requirements) in enumerate(requires.items())
        ],
    )


def _distribution(folder: Path, *, files: dict[str, str]) -> Distribution:
    about = folder / "thing-1.0.dist-info"
    about.mkdir()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    record = "".join(f"{name},,\n" for name in files)
    (about / "RECORD").write_text(record, encoding="utf-8")
    return Distribution.at(about)


def test_what_is_required_by_what_is_required_counts_once() -> None:
    there = _installed(layer=["a", "b"], a=["c>=1"], b=["c"], c=[], stranger=[])
    assert counted("layer", installed=there) == Footprint(distributions=4, bytes=1 + 2 + 4 + 8)


def test_names_are_compared_as_installers_compare_them() -> None:
    there = _installed(layer=["My.Thing"], my_thing=[])
    assert counted("layer", installed=there).distributions == 2


def test_distributions_that_require_each_other_come_to_an_end() -> None:
    assert counted("a", installed=_installed(a=["b"], b=["a"])).distributions == 2


@pytest.mark.parametrize(
    ("wanted", "distributions"),
    [
        ("driver", 2),
        ("driver[rsa]", 3),
        ("driver[other]", 2),
        ('driver[rsa]; python_version < "3.11"', 1),
        ('driver[rsa]; python_version >= "3.11"', 3),
        ('driver[rsa]; sys_platform == "nowhere"', 1),
    ],
)
def test_extras_count_where_they_are_asked_for_and_markers_hold_for_that_python(
    wanted: str, distributions: int
) -> None:
    there = _installed(layer=[wanted], driver=['crypto; extra == "rsa"'], crypto=[])
    assert counted("layer", installed=there).distributions == distributions


def test_an_extra_that_is_asked_for_later_is_not_forgotten() -> None:
    driver = ['crypto; extra == "rsa"']
    for first, second in (("driver", "b"), ("b", "driver")):
        there = _installed(layer=[first, second], b=["driver[rsa]"], driver=driver, crypto=[])
        assert counted("layer", installed=there).distributions == 4


def test_what_is_missing_is_named_with_who_requires_it() -> None:
    with pytest.raises(BenchError, match="a requires b, which is not installed"):
        counted("layer", installed=_installed(layer=["a"], a=["b"]))


def test_bytecode_does_not_count_for_not_every_installer_records_it(tmp_path: Path) -> None:
    files = {"thing/__init__.py": "12345", "thing/__pycache__/__init__.cpython-311.pyc": "1"}
    assert size(_distribution(tmp_path, files=files)) == 5


def test_an_editable_install_counts_what_it_points_to(tmp_path: Path) -> None:
    source = tmp_path / "src"
    (source / "thing" / "__pycache__").mkdir(parents=True)
    (source / "thing" / "__init__.py").write_text("12345", encoding="utf-8")
    (source / "thing" / "__pycache__" / "__init__.pyc").write_text("1", encoding="utf-8")
    distribution = _distribution(tmp_path, files={"_editable_impl_thing.pth": str(source)})
    assert size(distribution) == 5 + len(str(source))


def test_an_environment_tells_its_own_distributions() -> None:
    there = {one.name: one for one in installed().distributions}
    assert there["pydantic"].bytes > 100_000
    assert any(text.startswith("pydantic-core") for text in there["pydantic"].requires)


def test_another_process_is_asked() -> None:
    bench = footprint("bench", python=Path(sys.executable))
    assert bench == counted("bakeoff-bench", installed=installed())
    assert bench.distributions > counted("pydantic", installed=installed()).distributions


def test_an_environment_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="nowhere"):
        footprint("raw", python=tmp_path / "nowhere")
