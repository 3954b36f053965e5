"""A vendor's export of the CME bitcoin curve at constant maturities, with two clocks in one row."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from research.errors import MissingColumnError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_cme_curve"]

_NAME: Final = re.compile(r"\[(?P<source>[^\[\]\\]+)\\(?P<maturity>\d+[DM])\]$")
_LONDON: Final = "16:00 Europe/London"
_SETTLEMENT: Final = "16:00 America/New_York"
_FROZEN_SHARE: Final = 0.5


def load_cme_curve(
    path: Path | str | RawFile, *, source: str = "CME - Bitcoin Composite Index Future"
) -> PublishedTable:
    r"""Read a curve export: columns such as ``... [CME - Bitcoin Composite Index Future\1M]``.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The CSV file.
    source : str
        Which of the curves of the file, as its column names call it.

    Returns
    -------
    PublishedTable
        Daily, US dollars: ``reference`` (the column ``1D``, which behaves as the London reference rate of 16:00 London)
        and ``m1``, ``m2`` … (futures at constant maturities of so many months, at settlement, 16:00 New York).

    Raises
    ------
    MissingColumnError
        If the file has no such curve.
    DataFileError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    Two clocks in one row: the reference rate is struck four or five hours before the futures settle. Other curves of
    the file that stand still on more than half of their days are named in a remark as frozen; they are not read.

    Examples
    --------
    >>> head = '"Date[Date]","X 1D(1)[CME - Bitcoin Composite Index Future\\1D]"'
    >>> raw = (head + '\n"02/25/2019","3,815.55"\n').encode()
    >>> load_cme_curve(RawFile("cme.csv", raw)).columns["reference"].clock
    '16:00 Europe/London'
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    found = {name: _NAME.search(name) for name in grid.header}
    fields = []
    sources: dict[str, None] = {}
    for name, parts in found.items():
        if parts is None:
            continue
        sources[parts["source"]] = None
        if parts["source"].casefold() != source.casefold():
            continue
        number, unit = parts["maturity"][:-1], parts["maturity"][-1]
        if (number, unit) == ("1", "D"):
            column = Column("USD", _LONDON, "reference rate, London")
            fields.append(Field("reference", (name,), column, thousands=","))
        elif unit == "M":
            column = Column("USD", _SETTLEMENT, f"futures at a constant maturity of {number} months")
            fields.append(Field(f"m{number}", (name,), column, thousands=","))
    if not fields:
        raise MissingColumnError(f"{file.name}: no curve {source!r} (curves: {', '.join(sources) or 'none'})")
    remarks = _frozen(grid, [name for name, parts in found.items() if parts and parts["source"] != source])
    return daily_table(
        file, grid, "cme_curve", fields, date_names=("Date[Date]", "Date"), date_formats=("%m/%d/%Y",), remarks=remarks
    )


def _frozen(grid: Grid, names: list[str]) -> list[Remark]:
    still = []
    for name in names:
        values = grid.numbers(name, thousands=",")
        known = values[~np.isnan(values)]
        if len(known) > 20 and float((np.diff(known) == 0).mean()) > _FROZEN_SHARE:
            still.append(name.rsplit("[", 1)[-1].rstrip("]"))
    if not still:
        return []
    listed = ", ".join(still[:4]) + (", ..." if len(still) > 4 else "")
    message = f"{len(still)} columns stand still on more than half of their days and are not read: {listed}"
    return [Remark("frozen_column", message, count=len(still))]
