from __future__ import annotations

import asyncio
import csv
import io
import tempfile
from pathlib import Path

import hypothesis.strategies as st
from hypothesis import example, given, settings

from bakeoff.backends import make_layer
from bakeoff.loading.importing import Import, rejects_file
from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff.loading.rows import RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas.config import LayerConfig

ENCODINGS = ["utf-8", "utf-16", "utf-16-le", "utf-32", "utf-7", "cp1252", "shift_jis", "gb18030"]
HEADER = "title,author,isbn,year,price,stock,in_print,tags,attributes"

encodings = st.one_of(st.just("utf-8"), st.sampled_from(ENCODINGS))
words = st.sampled_from(["Emma", "Étude", "b", " c ", '"q, r"', '"s\nt"'])
cells = st.one_of(
    words,
    st.text(max_size=10),
    st.integers().map(str),
    st.sampled_from(['"', '""', "x" * 301, "\x00", "a\rb", '"u""v"', '"w"x']),
)
sound = {
    "isbn": ["", "9780141439587", "141439580", "9780141439471"],
    "year": ["", "-720.0", "1815"],
    "price": ["", "8.99"],
    "stock": ["", "3"],
    "in_print": ["", "yes"],
    "tags": ["", "a;b|c"],
    "attributes": ["", '"{""a"": 1.5}"'],
}
rows = st.tuples(words, words, *(st.sampled_from(choices) for choices in sound.values()))
lines = st.one_of(rows, rows, st.lists(cells, max_size=11)).map(",".join)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """Nearly a catalogue: a header, nearly rows, and sometimes a few bytes from elsewhere."""
    text = "\n".join([HEADER, *draw(st.lists(lines, max_size=12))])
    content = text.encode("utf-8", "surrogatepass")
    place = draw(st.integers(len(HEADER), len(content)))
    return content[:place] + draw(st.binary(max_size=3)) + content[place:]


def rows_of(path: Path, delimiter: str) -> list[list[str]]:
    """What the rejects file holds; a record that was too long to be read is one field in it."""
    usual = csv.field_size_limit(2**30)
    try:
        with path.open(encoding="utf-8", newline="") as written:
            return list(csv.reader(written, delimiter=delimiter, strict=True))
    finally:
        csv.field_size_limit(usual)


@settings(deadline=None)
@given(content=st.one_of(files(), st.binary(max_size=200)), encoding=encodings)
@example(content=b"title,author\n\x80,x\n", encoding="utf-8")
@example(content="title,author\n\ud800".encode("utf-16-le", "surrogatepass"), encoding="utf-16-le")
@example(content=b'title,author\n"a,b\n' + b"c" * 140_000 + b"\nd,e\n", encoding="utf-8")
def test_any_bytes_at_all_load_or_are_refused_and_every_row_is_accounted_for(
    content: bytes, encoding: str
) -> None:
    work = UnitOfWork(make_layer("memory", LayerConfig()), contention_retries=0)
    try:
        file = CatalogueFile(io.BytesIO(content), encoding=encoding)
        reader = RowReader(file.columns)
    except CatalogueError:
        return
    read = list(CatalogueFile(io.BytesIO(content), encoding=encoding))
    loading = Import(work, rows=reader)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r.csv")
        with rejects_file(path, columns=file.columns, delimiter=file.delimiter) as add:
            asyncio.run(loading.run(file, after_batch=add))
        totals = loading.totals
        assert totals.read == len(read)
        assert totals.loaded + totals.present + totals.rejected == totals.read
        assert path.exists() == bool(totals.rejected)
        if totals.rejected:
            assert len(rows_of(path, file.delimiter)) == totals.rejected + 1
    stored = asyncio.run(work.read(lambda store: store.books.export(after=0, limit=1000)))
    assert len(stored) == totals.loaded
