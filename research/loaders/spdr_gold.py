"""SPDR Gold Trust: the archive with three clocks in one row, as CSV until 2026 and as a workbook since."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from research.errors import DataFileError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw
from research.loaders.workbook import grid_of, read_workbook

__all__ = ["load_spdr_gold"]

MARKERS: Final = ("HOLIDAY", "NYSE CLOSED", "AWAITED")
"""Words that stand where there is no value: a holiday, a closed exchange, a price still to come."""

_LONDON: Final = "15:00 Europe/London"
_NAV: Final = "10:30 America/New_York"
_CLOSE: Final = "16:00 America/New_York"
_MID: Final = "16:15 America/New_York"
_OUNCES_PRINTED: Final = 1e-3
_SERIAL: Final = re.compile(r"\d{5}(?:\.0+)?")


def _field(target: str, names: tuple[str, ...], unit: str, clock: str, about: str, **more: object) -> Field:
    plain = Field(target, names, Column(unit, clock, about), required=False, thousands=",", strip="$%")
    return replace(plain, **more)  # type: ignore[arg-type]


_FIELDS: Final = (
    _field("close", ("GLD Close", "Closing Price"), "USD", _CLOSE, "closing price", required=True),
    _field(
        "benchmark", ("LBMA Gold Price PM", "LBMA Gold Price"), "USD per ounce", _LONDON, "LBMA gold price, afternoon"
    ),
    _field(
        "ounces_per_share",
        ("NAV per GLD in Gold", "Ounces of Gold per Share"),
        "ounces",
        "",
        "gold that one share owns",
    ),
    _field("nav", ("NAV/share at 10.30 a.m. NYT", "NAV per Share", "NAV/share"), "USD", _NAV, "net asset value"),
    _field(
        "indicative",
        ("Indicative Price of GLD at 4.15 p.m. NYT", "Indicative Price per Share"),
        "USD",
        _MID,
        "indicative value per share at 16:15",
    ),
    _field("mid", ("Mid point of bid/ask spread at 4.15 p.m. NYT#", "Mid Point"), "USD", _MID, "middle of bid and ask"),
    _field(
        "premium",
        ("Premium/Discount of GLD mid point v Indicative Value of GLD at 4.15 p.m. NYT", "Premium/Discount"),
        "fraction",
        _MID,
        "middle of bid and ask against the indicative value",
        sort="any_number",
        scale=0.01,
    ),
    _field("volume", ("Daily Share Volume", "Volume"), "shares", "", "shares traded", sort="not_negative"),
    _field(
        "ounces",
        ("Total Net Asset Value Ounces in the Trust as at 4.15 p.m. NYT", "Total Ounces of Gold in the Trust"),
        "ounces",
        "",
        "gold in the trust",
        sort="not_negative",
    ),
    _field(
        "assets",
        ("Total Net Asset Value in the Trust", "Total Net Asset Value in the Trust as at 4.15 p.m. NYT"),
        "USD",
        "",
        "total net asset value",
        sort="not_negative",
    ),
)


def load_spdr_gold(path: Path | str | RawFile) -> PublishedTable:
    r"""Read the SPDR Gold historical archive, the old CSV or the workbook of 2026.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file.

    Returns
    -------
    PublishedTable
        Daily, each column with its own clock: ``close`` (16:00 New York), ``benchmark`` (LBMA price, 15:00 London),
        ``nav`` (10:30 New York), ``indicative``, ``mid`` and ``premium`` (16:15 New York), ``ounces_per_share``,
        ``volume``, ``ounces``, ``assets``; those that the file has. ``HOLIDAY``, ``NYSE Closed`` and ``AWAITED`` are
        NaN, remarked.

    Raises
    ------
    DataFileError
        If the file is another, such as the bar list (PDF) that the old address now serves.
    MissingColumnError, DataError
        If a column is missing or a cell cannot be read.

    Notes
    -----
    The old file prints gold per share in thousandths of an ounce, 100 for a tenth of an ounce; it is returned in
    ounces. Rows whose every cell is a marker are kept, all NaN: `align` drops them by the calendar. The layout of the
    workbook is known from a public description, not from a file.

    Examples
    --------
    >>> head = b"a\nb\nc\nd\ne\nf\nDate, GLD Close, LBMA Gold Price\n"
    >>> load_spdr_gold(RawFile("gld.csv", head + b"18-Nov-2004, 44.38, $442.00\n")).frame.iloc[0].to_dict()
    {'close': 44.38, 'benchmark': 442.0}
    """
    file = read_raw(path)
    if file.raw.startswith(b"%PDF"):
        raise DataFileError(
            f"{file.name}: a PDF: the old address serves the list of gold bars now; fetch the historical archive"
        )
    is_workbook = file.raw.startswith(b"PK")
    grid = _from_workbook(file) if is_workbook else _from_text(file)
    grid, remarks = _without_markers(grid)
    fields = _named_as_in(grid, in_thousandths=not is_workbook)
    return daily_table(file, grid, "spdr_gold", fields, date_formats=("%d-%b-%Y", "%Y-%m-%d"), remarks=remarks)


def _from_text(file: RawFile) -> Grid:
    text = decode(file)
    lines = text.split("\n", 30)
    start = next((at for at, line in enumerate(lines[:30]) if line.split(",")[0].strip().casefold() == "date"), None)
    if start is None:
        raise DataFileError(f"{file.name}: no header that starts with Date in its first 30 lines: fetch it again")
    return read_grid(text, file.name, skip=start)


def _from_workbook(file: RawFile) -> Grid:
    for sheet in read_workbook(file):
        for place, row in enumerate(sheet.rows[:30]):
            if row and str(row[0]).strip().casefold() == "date":
                return grid_of(sheet, place, file.name)
    raise DataFileError(f"{file.name}: no sheet with a header that starts with Date: fetch the archive again")


def _without_markers(grid: Grid) -> tuple[Grid, list[Remark]]:
    """Return the grid with marker words emptied and one remark for each word."""
    remarks = []
    rows = [list(row) for row in grid.rows]
    for marker in MARKERS:
        hits = [
            (at, place)
            for at, row in enumerate(rows)
            for place, cell in enumerate(row)
            if place and cell.strip().upper() == marker
        ]
        for at, place in hits:
            rows[at][place] = ""
        if hits:
            first = grid.lines[hits[0][0]]
            message = f"{marker} in {len(hits)} cells of {len({at for at, _ in hits})} rows, the first in row {first}"
            remarks.append(Remark("marker", message, row=first, count=len(hits)))
    date = grid.place("Date")
    for row in rows:
        # Stripped once: some control characters are blanks to a text and none to a number.
        written = row[date].strip()
        if _SERIAL.fullmatch(written):
            row[date] = _day_of_serial(float(written))
    return Grid(grid.name, grid.header, tuple(rows), grid.lines), remarks


def _day_of_serial(serial: float) -> str:
    """Return the ISO date of a spreadsheet's day number, which counts from 1899-12-30."""
    import datetime as dt  # noqa: PLC0415

    return (dt.date(1899, 12, 30) + dt.timedelta(days=int(serial))).isoformat()


def _named_as_in(grid: Grid, *, in_thousandths: bool) -> Sequence[Field]:
    """Return the fields, ounces per share in the unit that this file prints."""
    return [
        replace(field, scale=_OUNCES_PRINTED)
        if field.target == "ounces_per_share" and in_thousandths and grid.has("NAV per GLD in Gold")
        else field
        for field in _FIELDS
    ]
