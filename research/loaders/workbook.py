"""Sheets of a workbook, .xlsx or the old binary .xls: cached values only, nothing evaluated or followed."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from research.errors import DataFileError, MissingColumnError
from research.loaders.grid import Grid
from research.loaders.raw import RawFile

__all__ = ["Cell", "Sheet", "as_text", "grid_of", "header_row", "read_workbook"]

Cell = str | float | bool | dt.date | dt.datetime | dt.time | dt.timedelta
"""What a cell holds; an empty cell is the empty text."""

LARGEST_UNPACKED: Final = 256 * 1024 * 1024

LARGEST_RATIO: Final = 300
"""Bytes out for a byte in; a sheet of numbers packs to about a tenth."""

_XLSX: Final = b"PK\x03\x04"
_BIFF: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ERROR: Final = re.compile(rb'\bt="e"')
_VALUE: Final = re.compile(rb"<v\b[^>/]*>[^<]")
_REFERENCE: Final = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_MOST_CELLS: Final = 20_000_000


@dataclass(frozen=True)
class Sheet:
    """One sheet, row by row; row numbers count from 1 as a spreadsheet shows them.

    Parameters
    ----------
    name : str
        Name of the sheet.
    rows : tuple of list of Cell
        All rows from the first, empty ones included.
    """

    name: str
    rows: tuple[list[Cell], ...] = field(repr=False)


def read_workbook(file: RawFile) -> tuple[Sheet, ...]:
    """Return the sheets of a workbook.

    Parameters
    ----------
    file : RawFile
        Bytes of an ``.xlsx`` or an old binary ``.xls``.

    Raises
    ------
    DataFileError
        If the bytes are no workbook, are locked, unpack to more than a table can need, hold document types or
        entities, or a formula whose value was never stored.

    Notes
    -----
    A formula counts with the value that the program which saved the file stored beside it; it is never computed here.
    Links, macros and pictures are not looked at.
    """
    if file.raw.startswith(_XLSX):
        _check_archive(file)
    elif not file.raw.startswith(_BIFF):
        raise DataFileError(f"{file.name}: no workbook (neither .xlsx nor old binary .xls): fetch it again")
    import python_calamine as calamine  # noqa: PLC0415 - only where there is a workbook

    try:
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(file.raw))
        sheets = [
            Sheet(name, tuple(book.get_sheet_by_name(name).to_python(skip_empty_area=False)))
            for name in book.sheet_names
        ]
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:  # noqa: BLE001 - the reader's own crashes are no Exception
        raise DataFileError(f"{file.name}: cannot be read as a workbook ({_short(error)}): fetch it again") from None
    if not any(sheet.rows for sheet in sheets):
        raise DataFileError(f"{file.name}: a workbook without a filled sheet: fetch it again")
    return tuple(sheets)


def sheet_named(sheets: Sequence[Sheet], name: str, file: str) -> Sheet:
    """Return the sheet called `name`; case does not count.

    Raises
    ------
    MissingColumnError
        If there is none; the nearest is offered.
    """
    for sheet in sheets:
        if sheet.name.strip().casefold() == name.strip().casefold():
            return sheet
    raise MissingColumnError.among(f"{file}: no sheet", name, [sheet.name for sheet in sheets], kind="sheets")


def grid_of(sheet: Sheet, place: int, file: str, *, until: Callable[[list[str]], bool] | None = None) -> Grid:
    """Return the rows below a header row as a grid.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    place : int
        Place of the header row, from 0.
    file : str
        What messages call the file.
    until : callable, optional
        The first row for which it holds ends the table.

    Raises
    ------
    DataFileError
        If no row follows.
    """
    header = [as_text(cell).strip() for cell in sheet.rows[place]]
    width = max((at + 1 for at, name in enumerate(header) if name), default=0)
    rows: list[list[str]] = []
    lines: list[int] = []
    for number, cells in enumerate(sheet.rows[place + 1 :], start=place + 2):
        texts = _padded([as_text(cell) for cell in cells], width)
        if until is not None and until(texts):
            break
        if any(text.strip() for text in texts):
            rows.append(texts)
            lines.append(number)
    if not rows:
        raise DataFileError(f"{file}: sheet {sheet.name!r} has a header and no rows: fetch the file again")
    return Grid(file, tuple(header[:width]), tuple(rows), tuple(lines))


def header_row(sheet: Sheet, is_header: Callable[[list[str]], bool], what: str, file: str, *, within: int = 50) -> int:
    """Return the place of the first row for which `is_header` holds.

    Raises
    ------
    DataFileError
        If none of the first `within` rows is one.
    """
    for place, row in enumerate(sheet.rows[:within]):
        if is_header([as_text(cell).strip() for cell in row]):
            return place
    raise DataFileError(f"{file}: sheet {sheet.name!r} has no header row with {what} in its first {within} rows")


def as_text(cell: Cell) -> str:
    """Return a cell as a delimited file would write it: days as ISO dates, whole numbers without a point.

    Examples
    --------
    >>> as_text(dt.date(2026, 9, 22)), as_text(44.0), as_text(0.1)
    ('2026-09-22', '44', '0.1')
    """
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float | int):
        return str(int(cell)) if float(cell).is_integer() and abs(cell) < 1e15 else repr(float(cell))
    return str(cell)


def _padded(texts: Sequence[str], width: int) -> list[str]:
    return [*texts[:width], *[""] * (width - len(texts))]


def _check_archive(file: RawFile) -> None:
    """Refuse an archive that would unpack to more than a table can need, and what an honest workbook never holds."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.raw)) as archive:
            members = archive.infolist()
            total = sum(member.file_size for member in members)
            if total > LARGEST_UNPACKED or total > LARGEST_RATIO * max(len(file.raw), 1):
                raise DataFileError(
                    f"{file.name}: unpacks from {len(file.raw) / 1e6:,.1f} to {total / 1e6:,.0f} MB: no honest table "
                    "does that, it is refused unread"
                )
            if any(member.flag_bits & 1 for member in members):
                raise DataFileError(f"{file.name}: locked with a password: save it without one")
            names = {member.filename for member in members}
            if "xl/workbook.xml" not in names:
                raise DataFileError(f"{file.name}: a zip archive, no workbook: unpack it and name the file inside")
            for member in members:
                if member.filename.endswith(".xml"):
                    _check_part(_part(archive, member), member.filename, file.name)
    except (zipfile.error, zlib.error, EOFError, NotImplementedError, OSError, RuntimeError, ValueError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{file.name}: a damaged archive ({_short(error)}): fetch it again") from None


def _part(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return a member, never more of it than its header promised: the header itself may lie."""
    with archive.open(member) as stream:
        raw = stream.read(member.file_size + 1)
    if len(raw) != member.file_size:
        raise zipfile.BadZipFile(f"{member.filename} is not as long as it says")
    return raw


def _check_part(raw: bytes, part: str, name: str) -> None:
    if b"<!DOCTYPE" in raw or b"<!ENTITY" in raw:
        raise DataFileError(f"{name}: {part} holds a document type or entities, which no workbook needs: refused")
    if not part.startswith("xl/worksheets/"):
        return
    sheet = f"{name}: {part.rsplit('/', 1)[-1]}"
    rows = columns = 0
    for attributes, inside in _cells(raw):
        row, column = _at(attributes)
        rows, columns = max(rows, row), max(columns, column)
        if _ERROR.search(attributes):
            # The reader would hand it over as an empty cell, and an error is not the same as no value.
            raise DataFileError(
                f"{sheet}: {_called(attributes)} holds an error of the spreadsheet program, such as #N/A: "
                "correct or empty it"
            )
        if b"<f" in inside and not _VALUE.search(inside) and b"<is" not in inside:
            raise DataFileError(
                f"{sheet}: {_called(attributes)} is a formula whose value was never stored: open the "
                "file in a spreadsheet program and save it, or paste values"
            )
    if rows * columns > _MOST_CELLS:
        raise DataFileError(f"{sheet}: {rows:,} rows of {columns:,} columns: no table is so large")


def _cells(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Return attributes and content of every cell that has content; in one pass, whatever the markup."""
    for chunk in raw.split(b"</c>")[:-1]:
        start = max(chunk.rfind(b"<c "), chunk.rfind(b"<c>"))
        end = chunk.find(b">", start)
        if start >= 0 and end >= 0:
            yield chunk[start + 2 : end], chunk[end + 1 :]


def _called(attributes: bytes) -> str:
    """Return a cell's name as a spreadsheet shows it."""
    found = _REFERENCE.search(attributes)
    return (found[1] + found[2]).decode() if found else "a cell"


def _at(attributes: bytes) -> tuple[int, int]:
    """Return row and column of a cell, counted from 1; 0 where it does not say."""
    found = _REFERENCE.search(attributes)
    if found is None:
        return 0, 0
    column = 0
    for letter in found[1]:
        column = 26 * column + letter - 64
    return int(found[2]), column


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 120 else text[:117] + "..."
