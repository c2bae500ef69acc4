"""`bakeoff load`."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bakeoff import sample
from bakeoff.cli import configuration, options
from bakeoff.cli.exits import Failure, reason
from bakeoff.cli.load_run import LoadRun, cannot_write
from bakeoff.cli.schema import Migrating
from bakeoff.loading import columns, rejects
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueError, CatalogueFile
from bakeoff.loading.rows import USUAL, Defaults, RowReader
from bakeoff.unit_of_work import UnitOfWork
from bakeoff_schemas import money
from bakeoff_schemas.fields import LARGEST_STOCK

SAMPLE = "the sample catalogue"


def _price(value: str) -> str:
    try:
        return str(money.parse(value))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _encoding(value: str) -> str:
    try:
        # Not of nothing: that is decoded by any encoding, known or not.
        b"x".decode(value, "ignore")
    except (LookupError, ValueError) as error:
        raise typer.BadParameter(f"there is no text encoding {value!r}") from error
    return value


def _delimiter(value: str | None) -> str | None:
    value = {"tab": "\t", "\\t": "\t"}.get(value or "", value)
    if value is not None and (len(value) != 1 or value in '"\r\n'):
        raise typer.BadParameter("must be one character, or tab")
    return value


def _column(meaning: str, name: str) -> Any:
    looked_for = ", ".join(columns.SYNONYMS[name])
    return typer.Option(
        metavar="COLUMN",
        help=f"{meaning} [dim]Looked for: {looked_for}.[/dim]",
        rich_help_panel="Columns (found by their names, unless given)",
        show_default=False,
    )


def load(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="FILE.csv", help="The catalogue; its first line names the columns."),
    ] = None,
    with_sample: Annotated[
        bool, typer.Option("--sample", help="Load the small catalogue that comes with Bakeoff.")
    ] = False,
    title: Annotated[str | None, _column("The title.", "title")] = None,
    author: Annotated[str | None, _column("The author, or several.", "author")] = None,
    isbn: Annotated[str | None, _column("The ISBN.", "isbn")] = None,
    year: Annotated[str | None, _column("The year it came out.", "year")] = None,
    price: Annotated[str | None, _column("The price.", "price")] = None,
    stock: Annotated[str | None, _column("How many copies there are.", "stock")] = None,
    in_print: Annotated[
        str | None, _column("Whether it is in print: yes or no.", "in_print")
    ] = None,
    tags: Annotated[str | None, _column("Tags, separated by ; or | or a comma.", "tags")] = None,
    attributes: Annotated[str | None, _column("A JSON object.", "attributes")] = None,
    default_price: Annotated[
        str,
        typer.Option(
            metavar="AMOUNT", callback=_price, help="The price of a book that the file gives none."
        ),
    ] = USUAL.price,
    default_stock: Annotated[
        int,
        typer.Option(
            min=0, max=LARGEST_STOCK, help="The copies of a book that the file gives no stock."
        ),
    ] = USUAL.stock,
    author_separator: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="What stands between several authors, of whom the first one counts; "
            "'' where names such as 'Le Guin, Ursula K.' stand alone.",
        ),
    ] = ",",
    encoding: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            callback=_encoding,
            help="The encoding of the file, as Python names it; a byte order mark is fine.",
        ),
    ] = "utf-8",
    delimiter: Annotated[
        str | None,
        typer.Option(
            metavar="CHARACTER",
            callback=_delimiter,
            help="What stands between fields. Unless given: what the first line suggests.",
            show_default=False,
        ),
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            metavar="FILE",
            help="Where rejected rows go. Unless given: FILE.rejects.csv.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look everything up and load nothing.")
    ] = False,
    migrate: options.Migrate = False,
    backend: options.Backend = None,
    database: options.Database = None,
    as_json: options.Json = False,
) -> None:
    """Import a catalogue of books from a CSV file.

    A book that is there already is left alone: it is known by its ISBN, or without one by its
    title, author and year. So a load can be repeated, and goes on where it was interrupted.

    Rows that are no book go to FILE.rejects.csv, with their line and the reason; the others are
    loaded. A short ISBN-10 gets back the leading zeros that a spreadsheet took, if its check digit
    then holds.
    """
    if (file is None) != with_sample:
        raise typer.BadParameter("give either a file or --sample", param_hint="FILE.csv")
    if migrate and dry_run:
        raise typer.BadParameter(
            "changes the database, and goes not with --dry-run", param_hint="--migrate"
        )
    settings = configuration.load(backend=backend, database=database)
    layer = configuration.make_layer(settings)
    wanted = {
        "title": title,
        "author": author,
        "isbn": isbn,
        "year": year,
        "price": price,
        "stock": stock,
        "in_print": in_print,
        "tags": tags,
        "attributes": attributes,
    }
    with _opened(file) as binary:
        try:
            catalogue = CatalogueFile(binary, encoding=encoding, delimiter=delimiter)
            places = columns.find(catalogue.columns, {k: v for k, v in wanted.items() if v})
        except (CatalogueError, OSError) as error:
            raise Failure(f"{file or SAMPLE}: {error}") from error
        rows = RowReader(
            places,
            defaults=Defaults(price=default_price, stock=default_stock),
            author_separator=author_separator,
        )
        work = UnitOfWork(layer, contention_retries=settings.contention_retries)
        run = LoadRun(
            catalogue,
            Import(work, rows=rows, dry_run=dry_run),
            name=str(file or SAMPLE),
            told=_told(catalogue, places),
            size=_size(binary),
            position=binary.tell,
            rejects=_rejects_path(file, rejected),
        )
        run.run(layer, settings, migrating=Migrating.NONE if dry_run else Migrating.asked(migrate))
    run.finish(as_json=as_json)


def _told(catalogue: CatalogueFile, places: columns.Columns) -> str:
    return ", ".join(
        f"{field} from {catalogue.columns[place]!r}" for field, place in places.items()
    )


def _opened(file: Path | None) -> BinaryIO:
    if file is None:
        return sample.open_catalogue()
    try:
        return file.open("rb")
    except (OSError, ValueError) as error:
        raise Failure(f"{file} cannot be read: {reason(error)}") from error


def _size(file: BinaryIO) -> int | None:
    """The size of a regular file; a pipe has none, and no position either."""
    status = os.fstat(file.fileno())
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _rejects_path(file: Path | None, given: Path | None) -> Path | None:
    """Where rejected rows go; the sample has none."""
    if file is None:
        return given
    path = given or rejects.path_for(file)
    try:
        itself = path.exists() and path.samefile(file)
    except OSError as error:
        raise cannot_write(path, error) from error
    if itself:
        raise typer.BadParameter("is the catalogue itself", param_hint="--rejects")
    return path
