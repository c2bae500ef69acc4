"""Answers before timings: what answers differently must not be compared by its speed."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any

from bakeoff_bench.controller.answers import AnswersDiffer, first_difference
from bakeoff_bench.errors import BenchError
from bakeoff_bench.http.catalogue import BARE

_TIMEOUT = 30
_NO_LINK = "next_cursor"
"""The controls have no cursors: theirs is null where the service links to the next page."""


def check_answers(origins: Mapping[str, str], paths: Iterable[str], *, database: str) -> None:
    """Ask every server for every path, and compare the bodies with those of the control.

    :raises AnswersDiffer: an arm answers otherwise; both answers are shown where they first part.
    :raises BenchError: an arm answers an error, or no JSON.
    """
    for path in paths:
        expected = _body(origins[BARE], path, arm=BARE)
        for arm, origin in origins.items():
            difference = first_difference(expected, _body(origin, path, arm=arm))
            if difference is not None:
                width = max(len(BARE), len(arm))
                raise AnswersDiffer(
                    f"{arm} answers GET {path} over {database} otherwise than {BARE}, "
                    f"first at {difference.where or 'the top'}:\n"
                    f"  {BARE:{width}}  {difference.expected}\n"
                    f"  {arm:{width}}  {difference.found}"
                )


def _body(origin: str, path: str, *, arm: str) -> Any:
    try:
        with urllib.request.urlopen(f"{origin}{path}", timeout=_TIMEOUT) as answer:
            body = json.load(answer)
    except urllib.error.HTTPError as error:
        raise BenchError(f"{arm} answers GET {path} with status {error.code}") from None
    except (OSError, ValueError) as error:
        raise BenchError(f"{arm} does not answer GET {path}: {error}") from None
    if isinstance(body, dict):
        body.pop(_NO_LINK, None)
    return body
