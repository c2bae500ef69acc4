"""Whether the books are as the answers to creates and changes say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bakeoff_contract.faults.call import Call
from bakeoff_contract.faults.catalogue import Catalogue
from bakeoff_contract.faults.findings import Findings
from bakeoff_contract.faults.readback import Stored, StoredBook


def judge_creates(
    calls: Sequence[Call], catalogue: Catalogue, stored: Stored, found: Findings
) -> None:
    """Every acknowledged book is there, and no other one but those whose outcome is unknown."""
    creates = {call.sent.isbn: call for call in calls if call.sent.kind == "create"}
    there = {book.isbn: id_ for id_, book in stored.books.items() if id_ not in catalogue.stock}
    for isbn, call in creates.items():
        id_ = there.get(isbn)
        if call.is_acknowledged:
            shown = None if call.shown is None else call.shown.book
            if id_ is None or stored.books[id_].title != call.sent.title or id_ != shown:
                found.lost.append(f"the book {isbn} was created as {shown}, and is {id_}")
        elif call.is_refused and id_ is not None:
            found.phantom.append(f"the book {isbn} was answered with {call.outcome}, and is there")
    for isbn, id_ in there.items():
        if isbn not in creates:
            found.phantom.append(f"the book {id_} is there, and nobody has created it")


def judge_changes(
    calls: Sequence[Call], catalogue: Catalogue, stored: Stored, found: Findings
) -> None:
    """Every acknowledged change has a version of its own, and the last one is what the book is."""
    for book in (*catalogue.changed, catalogue.probed):
        changes = [call for call in calls if (call.sent.kind, call.sent.book) == ("change", book)]
        if book not in stored.books:
            found.lost.append(f"the book {book} is gone")
        else:
            _judge_changes_of(book, changes, stored.books[book], found)


def _judge_changes_of(
    book: int, changes: Sequence[Call], stored: StoredBook, found: Findings
) -> None:
    acknowledged = [(_version(call), call) for call in changes if call.is_acknowledged]
    versions = Counter(version for version, _ in acknowledged)
    for version, times in versions.items():
        if times > 1:
            sentence = f"{times} changes of book {book} were answered with version {version}"
            found.lost += [sentence] * (times - 1)
    for version, call in acknowledged:
        if version > stored.version:
            found.lost.append(
                f"book {book} had version {version} ({call.sent.title}), and has {stored.version}"
            )
        elif version == stored.version and stored.title != call.sent.title:
            found.lost.append(
                f"book {book} was {call.sent.title} in version {version}, and is {stored.title}"
            )
        if call.sent.if_match is not None and version != call.sent.if_match + 1:
            found.other.append(
                f"a change of version {call.sent.if_match} of book {book} made version {version}"
            )
    last = next((call for call in changes if call.sent.title == stored.title), None)
    if last is not None and last.is_refused:
        found.phantom.append(
            f"the change of book {book} to {stored.title} was answered with {last.outcome}, "
            "and is there"
        )
    unknown = sum(call.is_indefinite for call in changes)
    surplus = stored.version - 1 - len(versions) - unknown
    if surplus > 0:
        sentence = (
            f"book {book} has version {stored.version} after {len(versions)} acknowledged changes "
            f"and {unknown} without an outcome"
        )
        found.phantom += [sentence] * surplus


def _version(call: Call) -> int:
    # An acknowledgement that shows nothing is malformed, which is found elsewhere.
    return 0 if call.shown is None or call.shown.version is None else call.shown.version
