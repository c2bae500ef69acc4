from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from bakeoff_bench.results import files
from bakeoff_bench.results.model import Ratio, Result

Sampled = Callable[..., Result]
SCHEMA: dict[str, Any] = json.loads(files.SCHEMA_PATH.read_text("utf-8"))


def test_the_committed_schema_is_that_of_the_model() -> None:
    assert files.SCHEMA_PATH.read_text("utf-8") == files.schema_text()


def test_a_result_is_valid_by_the_schema(sampled: Sampled) -> None:
    document = json.loads(sampled().model_dump_json())
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(document, SCHEMA)
    del document["machine"]["kernel"]
    with pytest.raises(jsonschema.ValidationError, match="kernel"):
        jsonschema.validate(document, SCHEMA)


def test_every_field_is_described() -> None:
    assert [where for where, field in fields() if not field.get("description")] == []


def fields() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, model in {"Result": SCHEMA, **SCHEMA["$defs"]}.items():
        for field, described in model["properties"].items():
            yield f"{name}.{field}", described


def test_a_result_is_the_same_after_it_was_written_and_read(sampled: Sampled) -> None:
    result = sampled()
    assert Result.model_validate_json(result.model_dump_json()) == result


@pytest.mark.parametrize("high", [float("inf"), float("nan")])
def test_what_is_no_number_in_json_is_refused_before_it_is_written(high: float) -> None:
    with pytest.raises(ValidationError, match="finite"):
        Ratio(value=1.0, low=1.0, high=high)
