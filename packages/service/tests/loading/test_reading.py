from __future__ import annotations

import io

import pytest

from bakeoff.loading.reading import LONGEST_LINE, CatalogueError, CatalogueFile, Record


def read(content: bytes, *, encoding: str = "utf-8", delimiter: str | None = None) -> CatalogueFile:
    return CatalogueFile(io.BytesIO(content), encoding=encoding, delimiter=delimiter)


def records(content: bytes, *, encoding: str = "utf-8") -> list[Record]:
    return list(read(content, encoding=encoding))


def test_the_first_line_names_the_columns() -> None:
    file = read(b"title, author \nEmma,Jane Austen\n")
    assert file.columns == ["title", "author"]
    assert list(file) == [Record(line=2, fields=["Emma", "Jane Austen"])]


def test_a_byte_order_mark_is_no_part_of_the_first_name() -> None:
    assert read(b"\xef\xbb\xbftitle,author\n").columns == ["title", "author"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_header_tells_the_delimiter(delimiter: str) -> None:
    file = read(f'title{delimiter}author{delimiter}"a,b;c"\n'.encode())
    assert (file.delimiter, len(file.columns)) == (delimiter, 3)


def test_a_header_of_one_column_is_taken_for_one_separated_by_commas() -> None:
    assert read(b"title\n").delimiter == ","


def test_a_delimiter_that_is_given_is_not_guessed() -> None:
    assert read(b"a;b,c;d\n", delimiter=",").columns == ["a;b", "c;d"]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_records_are_numbered_by_the_line_where_they_begin(newline: bytes) -> None:
    lines = [b"a,b", b"1,2", b"", b'"3', b'4",5', b"6,7"]
    found = records(newline.join(lines))
    inner = newline.decode()
    assert [(r.line, r.fields) for r in found] == [
        (2, ["1", "2"]),
        (4, [f"3{inner}4", "5"]),
        (6, ["6", "7"]),
    ]


def test_blank_lines_before_the_header_count_as_lines() -> None:
    assert [r.line for r in records(b"\n\na,b\n1,2\n")] == [4]


@pytest.mark.parametrize("content", [b"", b"\n \n", b"\xef\xbb\xbf"])
def test_a_file_without_a_header_is_refused(content: bytes) -> None:
    with pytest.raises(CatalogueError, match="empty"):
        read(content)


def test_a_header_that_is_not_csv_is_refused() -> None:
    with pytest.raises(CatalogueError, match="header"):
        read(b'"title"x,author\n')


@pytest.mark.parametrize("row", [b"1", b"1,2,3", b" "])
def test_a_row_of_another_width_is_a_problem_and_the_next_is_not(row: bytes) -> None:
    bad, good = records(b"a,b\n" + row + b"\n4,5\n")
    assert bad.problem is not None
    assert "fields where the header has 2" in bad.problem
    assert good == Record(line=3, fields=["4", "5"])


def test_a_stray_quote_takes_no_further_row_with_it_than_it_must() -> None:
    first, bad, good = records(b'a,b\n1,2\n"3"x,4\n5,6\n')
    assert first.problem is None
    assert bad.problem is not None
    assert bad.problem.startswith("is not CSV")
    assert bad.fields == ['"3"x,4']
    assert good.fields == ["5", "6"]


def test_a_quote_that_is_never_closed_ends_with_the_file() -> None:
    [bad] = records(b'a,b\n1,"2\n3,4\n')
    assert bad.line == 2
    assert bad.problem is not None
    assert bad.fields == ['1,"2\n3,4']


def test_bytes_of_another_encoding_spoil_their_row_alone() -> None:
    bad, good = records(b"a,b\ncaf\xe9,1\ncaf\xc3\xa9,2\n")
    assert bad.problem == "holds bytes that are not utf-8 (--encoding)"
    assert good == Record(line=3, fields=["café", "2"])


def test_the_encoding_can_be_given() -> None:
    assert records(b"a,b\ncaf\xe9,1\n", encoding="cp1252")[0].fields == ["café", "1"]
    assert records("a,b\ncafé,1\n".encode("utf-16"), encoding="utf-16")[0].fields == ["café", "1"]


def test_half_a_character_at_the_end_spoils_the_last_row_alone() -> None:
    content = "a,b\n1,2\n3,4".encode("utf-16-le") + b"\x41"
    good, bad = records(content, encoding="utf-16-le")
    assert good.problem is None
    assert bad.problem == "holds bytes that are not utf-16-le (--encoding)"


@pytest.mark.parametrize("encoding", ["no-such", "hex", "rot13", "\0"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    with pytest.raises(CatalogueError, match="no text encoding"):
        read(b"a,b\n", encoding=encoding)


def test_a_file_that_breaks_the_rules_of_its_encoding_is_refused() -> None:
    with pytest.raises(CatalogueError, match="cannot be read as utf-16"):
        read(b"a,b\n1,2\n", encoding="utf-16")


def test_a_null_character_is_a_character() -> None:
    assert records(b"a,b\n1\x00,2\n")[0].fields == ["1\x00", "2"]


def test_a_huge_field_spoils_its_row_alone() -> None:
    bad, good = records(b"a,b\n" + b"x" * 200_000 + b",1\n2,3\n")
    assert bad.problem is not None
    assert "field larger than field limit" in bad.problem
    assert good.fields == ["2", "3"]


def test_a_huge_line_is_cut_and_spoils_its_row_alone() -> None:
    bad, good = records(b"a,b\n" + b"x," * (LONGEST_LINE + 5) + b"\n2,3\n")
    assert bad.problem == f"has a line of more than {LONGEST_LINE} characters"
    assert [len(field) for field in bad.fields] == [LONGEST_LINE]
    assert good == Record(line=3, fields=["2", "3"])
