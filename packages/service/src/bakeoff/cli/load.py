"""`bakeoff load`."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from bakeoff.cache.setup import make_cache, make_work
from bakeoff.cli import configuration
from bakeoff.cli.console import Failure, reason
from bakeoff.cli.load_run import LoadRun, cannot_write
from bakeoff.cli.running import Migrating
from bakeoff.loading.importing import Import
from bakeoff.loading.reading import CatalogueError, CatalogueFile, open_sample
from bakeoff.loading.rows import SYNONYMS, USUAL, Defaults, RowReader
from bakeoff_schemas import money
from bakeoff_schemas.records import LARGEST_STOCK


def _price(value: str) -> str:
    try:
        return str(money.parse(value))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _encoding(value: str) -> str:
    try:
        # Any codec at all decodes an empty text.
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
    looked_for = ", ".join(SYNONYMS[name])
    return typer.Option(
        metavar="COLUMN",
        help=f"{meaning} [dim]Looked for: {looked_for}.[/dim]",
        rich_help_panel="Columns (by default found by their names)",
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
            metavar="AMOUNT", callback=_price, help="The price of a book without one in the file."
        ),
    ] = USUAL.price,
    default_stock: Annotated[
        int,
        typer.Option(min=0, max=LARGEST_STOCK, help="The stock of a book without one in the file."),
    ] = USUAL.stock,
    author_separator: Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help="The text between several authors, of whom the first one counts; "
            "'' for names such as 'Le Guin, Ursula K.'.",
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
            help="The character between fields; by default the one that the first line suggests.",
            show_default=False,
        ),
    ] = None,
    rejected: Annotated[
        Path | None,
        typer.Option(
            "--rejects",
            metavar="FILE",
            help="The file for rejected rows; by default FILE.rejects.csv.",
            show_default=False,
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Look everything up and load nothing.")
    ] = False,
    migrate: configuration.MigrateOption = False,
    backend: configuration.BackendOption = None,
    database: configuration.DatabaseOption = None,
    as_json: configuration.JsonOption = False,
) -> None:
    """Import a catalogue of books from a CSV file.

    A book that is in the store already stays as it is: it is recognized by its ISBN, or without one
    by its title, author and year. So a load can be repeated, and goes on where it was interrupted.

    Rows that are not a book go to FILE.rejects.csv, with their line and the reason; the others are
    loaded. A short ISBN-10 gets back the leading zeros that a spreadsheet removed, if its check
    digit then is right.
    """
    if (file is None) != with_sample:
        raise typer.BadParameter("give either a file or --sample", param_hint="FILE.csv")
    if migrate and dry_run:
        raise typer.BadParameter(
            "changes the database, and does not go with --dry-run", param_hint="--migrate"
        )
    settings = configuration.load(backend=backend, database_url=database)
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
    name = str(file or "the sample catalogue")
    with _opened(file) as binary:
        try:
            catalogue = CatalogueFile(binary, encoding=encoding, delimiter=delimiter)
            rows = RowReader(
                catalogue.columns,
                wanted={field: column for field, column in wanted.items() if column},
                defaults=Defaults(price=default_price, stock=default_stock),
                author_separator=author_separator,
            )
        except (CatalogueError, OSError) as error:
            raise Failure(f"{name}: {error}") from error
        cache = make_cache(settings, layer)
        work = make_work(settings, layer, cache)
        columns = [f"{field} from {catalogue.columns[at]!r}" for field, at in rows.columns.items()]
        run = LoadRun(
            name=name,
            file=binary,
            catalogue=catalogue,
            importing=Import(work, rows=rows, dry_run=dry_run),
            columns=", ".join(columns),
            rejects=_rejects_path(file, rejected),
            beside=cache.opened() if cache else nullcontext(),
        )
        allowed: Migrating = "everything" if migrate else "empty files"
        run.run(layer, settings, migrating="nothing" if dry_run else allowed)
    run.finish(as_json=as_json)


def _opened(file: Path | None) -> BinaryIO:
    if file is None:
        return open_sample()
    try:
        return file.open("rb")
    except (OSError, ValueError) as error:
        raise Failure(f"{file} cannot be read: {reason(error)}") from error


def _rejects_path(file: Path | None, chosen: Path | None) -> Path | None:
    """`books.rejects.csv` for `books.csv`, unless another file is chosen; the sample has none."""
    if file is None:
        return chosen
    path = chosen or file.with_name(file.stem + ".rejects.csv")
    try:
        itself = path.exists() and path.samefile(file)
    except OSError as error:
        raise cannot_write(path, error) from error
    if itself:
        raise typer.BadParameter("is the catalogue itself", param_hint="--rejects")
    return path
