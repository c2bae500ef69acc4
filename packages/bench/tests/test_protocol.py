from __future__ import annotations

import pytest

from bakeoff_bench.protocol import (
    Allocate,
    Allocated,
    Answer,
    Check,
    Checked,
    Close,
    Closed,
    Command,
    Distribution,
    Environment,
    Failed,
    Inspect,
    Measure,
    Measured,
    Open,
    Opened,
    ProtocolError,
    Refused,
    Serve,
    Serving,
    Slice,
    Sliced,
    decode,
    decode_command,
    encode,
)

COMMANDS: list[Command] = [
    Open(arm="raw", url="sqlite:///a.db"),
    Check(scenario="point-read", seed=1, books=1000),
    Slice(scenario="point-read", tasks=8, nanoseconds=50_000_000, seed=2**63, books=1000),
    Slice(scenario="update", tasks=1, nanoseconds=1, seed=1, books=1000, touched=10),
    Allocate(scenarios=["create"], seed=1, books=1000),
    Measure(),
    Inspect(),
    Serve(application="m:f", backend="raw", url="sqlite:///a.db", books=1, pool=1),
    Close(),
]
ANSWERS: list[Answer] = [
    Opened(versions={"é": "1"}, scenarios=[]),
    Allocated(bytes={"create": 1.5}),
    Environment(
        markers={"python_version": "3.11"},
        distributions=[Distribution(name="a", requires=["b>1"], bytes=3)],
    ),
    Serving(port=1, versions={"fastapi": "1"}),
    Checked(answers=[None, {"price": "1.50"}, [1, True]]),
    Sliced(operations=2, nanoseconds=3, cpu_ns=1, latencies=[1, 2], per_task=[2]),
    Measured(cpu_ns=1, rss=2, peak_rss=3),
    Closed(),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.do)
def test_a_command_arrives_as_it_was_sent(command: Command) -> None:
    assert decode_command(encode(command)) == command


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: type(answer).__name__)
def test_an_answer_arrives_as_it_was_sent(answer: Answer) -> None:
    assert decode(encode(answer), type(answer)) == answer


def test_a_message_is_one_line_whatever_it_holds() -> None:
    line = encode(Failed(error="first\nsecond"))

    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")


@pytest.mark.parametrize(
    ("line", "reported"),
    [
        (b'{"do": "dance"}', "dance"),
        (b"{}", "do"),
        (b"[", "JSON"),
        (b"3", "object"),
        (b'{"do": "check", "seed": 1, "books": 9}', "check.scenario"),
        (b'{"do": "check", "scenario": "search", "seed": "1", "books": 9}', "check.seed"),
        (b'{"do": "check", "scenario": "search", "seed": 1, "books": 0}', "check.books"),
        (b'{"do": "measure", "twice": true}', "measure.twice"),
    ],
)
def test_what_is_no_command_is_refused_by_naming_what_is_wrong(line: bytes, reported: str) -> None:
    with pytest.raises(ProtocolError, match=reported):
        decode_command(line)


def test_a_refused_command_is_not_repeated_for_it_may_hold_a_password() -> None:
    line = b'{"do": "open", "arm": "raw", "url": ["postgresql://me:sesame@here/there"]}'

    with pytest.raises(ProtocolError) as refusal:
        decode_command(line)

    assert "sesame" not in str(refusal.value)


def test_an_address_is_not_shown_with_its_command() -> None:
    url = "postgresql://me:sesame@here/there"
    serve = Serve(application="m:f", backend="raw", url=url, books=1, pool=1)
    assert "sesame" not in repr(Open(arm="raw", url=url)) + repr(serve)


def test_a_failure_is_raised_in_the_words_of_the_worker() -> None:
    with pytest.raises(Refused, match=r"^NotFound: There is no book 7\."):
        decode(encode(Failed(error="NotFound: There is no book 7.")), Sliced)


def test_the_answer_to_another_question_is_no_answer() -> None:
    with pytest.raises(ProtocolError, match="no Closed"):
        decode(encode(Measured(cpu_ns=1, rss=2, peak_rss=3)), Closed)
