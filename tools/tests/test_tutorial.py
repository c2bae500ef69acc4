from __future__ import annotations

from pathlib import Path

import pytest

from bakeoff_tasks import tutorial

PAGE = """
```console
$ python3.11 run.py lint
```

```console fails
$ python3.11 run.py nothing
```

```python title="a.py"
x = 1
```

```sh
rm -rf /
```

<details>

```toml title="b.toml"
[b]
```

</details>
"""


def test_the_steps_are_what_is_typed_and_what_is_written() -> None:
    steps = list(tutorial.steps(PAGE))
    assert [(step.language, step.fails, step.title) for step in steps] == [
        ("console", False, None),
        ("console", True, None),
        ("python", False, "a.py"),
        ("toml", False, "b.toml"),
    ]
    assert steps[2].text == "x = 1\n"


def test_the_page_makes_a_backend_and_proves_it() -> None:
    steps = list(tutorial.steps(tutorial.PAGE.read_text("utf-8")))
    typed = "".join(step.text for step in steps if step.language == "console")
    written = {Path(step.title).name for step in steps if step.title}
    assert "run.py new-backend shelf" in typed
    assert 'run.py "contract(shelf)"' in typed
    assert {"layer.py", "tables.py", "authors.py", "books.py", "users.py", "tokens.py"} <= written
    assert {"orders.py", "reports.py", "outbox.py", "backends.toml"} <= written


def test_an_entry_takes_the_place_of_the_one_with_its_heading(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text("[a]\nx = 1\n\n[b]\ny = 2\nz = [\n  3]\n\n[c]\n", "utf-8")
    step = tutorial.Step("toml", False, "x.toml", "[b]\ny = 9\n")
    tutorial._write(path, step)
    assert path.read_text("utf-8") == "[a]\nx = 1\n\n[b]\ny = 9\n\n[c]\n"
    missing = tutorial.Step("toml", False, "x.toml", "[d]\n")
    with pytest.raises(tutorial.Differs, match=r"x\.toml has no \[d\]"):
        tutorial._write(path, missing)
