"""The JSON Schema of the file, made from its model."""

from __future__ import annotations

import json
from pathlib import Path

from bakeoff_bench.results.model import Result

PATH = Path(__file__).with_name("bench.schema.json")


def text() -> str:
    """The schema as it is committed."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Result.model_json_schema(),
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
