"""iShares: the fund workbook (SpreadsheetML under .xls), its CSV form, and the JSON behind the newer site."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from research.errors import DataFileError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, daily_table
from research.loaders.raw import RawFile, decode, read_raw
from research.loaders.spreadsheetml import read_spreadsheetml
from research.loaders.workbook import Sheet, as_text, grid_of

__all__ = ["load_ishares"]

_DATES: Final = ("As Of", "asof")
_FORMATS: Final = ("%b %d, %Y", "%Y-%m-%d", "%d/%b/%Y", "%b %d %Y", "%Y%m%d")
_NEW_YORK: Final = "16:00 America/New_York"
_POINTS: Final = ("componentsByNameMap", "fundDownload", "containersByNameMap", "historical", "dataPointsByNameMap")


def load_ishares(path: Path | str | RawFile) -> PublishedTable:
    r"""Read the history of an iShares fund, as the workbook, the CSV or the JSON that the site offers.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file; which of the three it is shows in its first bytes.

    Returns
    -------
    PublishedTable
        Daily: ``nav`` (in the fund's currency), and where the file has them ``benchmark`` (index level as printed:
        SLV's is in US cents), ``distribution`` (cash per share on ex-dates), ``shares_outstanding``. ``--`` is NaN.
        US funds strike their NAV at 16:00 New York; for other layouts whoever uses the file states the clock.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is none of the three or a cell cannot be read.

    Notes
    -----
    Rows of days on which the exchange was closed are kept: they repeat the NAV and carry no shares, and `align` drops
    them by the calendar. Layouts: US with or without ``Index Level``, Canada (``Index Return Series``), UCITS with a
    header (``As Of, Currency, NAV per Share``) and UCITS ``Historical NAVs`` without one.

    Examples
    --------
    >>> raw = b'As Of,NAV per Share,Ex-Dividends,Shares Outstanding\n"Sep 16, 2026",18.09768,--,473760000\n'
    >>> load_ishares(RawFile("etha.csv", raw)).frame["nav"].tolist()
    [18.09768]
    """
    file = read_raw(path)
    text = decode(file)
    start = text.lstrip()[:1]
    if start == "<":
        sheets, remarks = read_spreadsheetml(text, file.name)
        grid = _historical(sheets, file.name)
    elif start in {"{", "["}:
        grid, remarks = _from_json(text, file.name), ()
    else:
        grid, remarks = read_grid(text, file.name), ()
    return daily_table(file, grid, "ishares", _fields(grid), date_names=_DATES, date_formats=_FORMATS, remarks=remarks)


def _fields(grid: Grid) -> Sequence[Field]:
    american = grid.has("Shares Outstanding", "sharesOutstanding", "Ex-Dividends") and not grid.has("Currency")
    clock = _NEW_YORK if american and not grid.has("Index Return Series") else ""
    unit = "USD" if clock else "fund currency"
    return (
        Field("nav", ("NAV per Share", "NAV", "Nav"), Column(unit, clock, "net asset value per share"), thousands=","),
        Field(
            "benchmark",
            ("Index Level", "Index Return Series"),
            Column("index points", clock, "index level as printed beside the NAV"),
            required=False,
            thousands=",",
        ),
        Field(
            "distribution",
            ("Ex-Dividends", "exDividends"),
            Column(f"{unit} per share", "", "cash on the ex-date"),
            "not_negative",
            required=False,
            thousands=",",
        ),
        Field(
            "shares_outstanding",
            ("Shares Outstanding", "sharesOutstanding"),
            Column("shares", clock, "shares outstanding"),
            "not_negative",
            required=False,
            thousands=",",
        ),
    )


def _historical(sheets: Sequence[Sheet], name: str) -> Grid:
    """Return the sheet of the NAV history: the one whose header starts with As Of, else the headerless one."""
    for sheet in sheets:
        for place, row in enumerate(sheet.rows[:20]):
            header = [as_text(cell).strip().casefold() for cell in row]
            if header[:1] == ["as of"] and any("nav" in cell for cell in header):
                return grid_of(sheet, place, name)
    for sheet in sheets:
        if sheet.name.strip().casefold() == "historical navs" and sheet.rows:
            rows = tuple([as_text(cell) for cell in row[:2]] for row in sheet.rows if len(row) >= 2)
            lines = tuple(number for number, row in enumerate(sheet.rows, start=1) if len(row) >= 2)
            if rows:
                return Grid(name, ("As Of", "NAV per Share"), rows, lines)
    listed = ", ".join(sheet.name for sheet in sheets)
    raise DataFileError(f"{name}: no sheet with a NAV history (header 'As Of'; sheets: {listed}): fetch the file again")


def _from_json(text: str, name: str) -> Grid:
    """Return the parallel arrays of the site's JSON as rows."""
    try:
        found: Any = json.loads(text, parse_constant=lambda word: word)
    except (ValueError, RecursionError) as error:
        raise DataFileError(f"{name}: not valid JSON ({str(error)[:80]}): fetch the file again") from None
    for key in _POINTS:
        found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            raise DataFileError(f"{name}: JSON without {key!r}, so not iShares' fund history: fetch the file again")
    if not isinstance(found, dict):
        raise DataFileError(f"{name}: {_POINTS[-1]!r} holds no named arrays: fetch the file again")
    columns: dict[str, list[str]] = {}
    for key, point in found.items():
        values = point.get("value") if isinstance(point, dict) else None
        if key in {"asof", "nav", "exDividends", "sharesOutstanding", "indexLevel"} and isinstance(values, list):
            columns["Index Level" if key == "indexLevel" else key] = [_json_cell(value, key, name) for value in values]
    lengths = {key: len(values) for key, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise DataFileError(f"{name}: arrays of unequal length ({lengths}): fetch the file again")
    if not columns or not next(iter(lengths.values())):
        raise DataFileError(f"{name}: JSON without any row of history: fetch the file again")
    rows = tuple(list(cells) for cells in zip(*columns.values(), strict=True))
    return Grid(name, tuple(columns), rows, tuple(range(1, len(rows) + 1)))


def _json_cell(value: object, key: str, name: str) -> str:
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise DataFileError(f"{name}: {key} holds a {type(value).__name__} where a number is due: fetch the file again")
    return str(value)
