"""Coin Metrics: the community files of daily network data and prices."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from research.errors import DataFileError, MissingColumnError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, daily_table, left_out
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_coin_metrics"]

_PRICE: Final = "PriceUSD"
_DAY: Final = "24:00 UTC"
_CLOCKS: Final = {_PRICE: _DAY}


def load_coin_metrics(path: Path | str | RawFile, *, asset: str = "") -> PublishedTable:
    r"""Read a community CSV.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file: ``time`` and metrics, with a column ``asset`` where it holds several.
    asset : str
        Which asset of a file that holds several, as in ``"eth"``.

    Returns
    -------
    PublishedTable
        Daily: one column for each metric, named in lower case; ``price`` is ``PriceUSD``. The label D is the day that
        starts at 00:00 UTC of D, and its price is the one at the end, 24:00 UTC. Texts are left out.

    Raises
    ------
    ParameterError, UnknownNameError
        If the file holds several assets and none, or another, is asked for.
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    That ``PriceUSD`` belongs to the end of its day is what the publisher's documentation is remembered to say; it was
    not checked against a file. The offset screen of `research.clock_offset` shows it in data of one's own.

    Examples
    --------
    >>> raw = b"time,PriceUSD\n2024-07-23T00:00:00.000000000Z,3483.5\n"
    >>> load_coin_metrics(RawFile("eth.csv", raw)).frame["price"].tolist()
    [3483.5]
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    rows, every = len(grid.rows), grid
    if grid.has("asset"):
        grid = grid.only("asset", asset, "asset")
    remarks = left_out(every, grid, "other_asset", "rows of other assets")
    time = grid.place("time")
    grid = grid.with_cells(time, [row[time].strip().split("T")[0] for row in grid.rows])
    fields = [
        Field(
            "price" if name == _PRICE else name.casefold(),
            (name,),
            Column("USD" if name.endswith("USD") else "as published", _CLOCKS.get(name, ""), f"metric {name}"),
            "positive" if name == _PRICE else "any_number",
        )
        for place, name in enumerate(grid.header)
        if place != time and name and name.casefold() != "asset" and _has_numbers(grid, place)
    ]
    targets = [field.target for field in fields]
    if len(set(targets)) < len(targets):
        twice = next(target for target in targets if targets.count(target) > 1)
        raise DataFileError(f"{file.name}: two columns are {twice}: keep the right one")
    if not fields:
        raise MissingColumnError(f"{file.name}: no metric beside the time: fetch the file again")
    return daily_table(file, grid, "coin_metrics", fields, date_names=("time",), remarks=remarks, rows=rows)


def _has_numbers(grid: Grid, place: int) -> bool:
    """Return whether a column is one of numbers; notes and status words stand beside them."""
    first = next((row[place].strip() for row in grid.rows if row[place].strip()), "")
    return not first or first.lstrip("+-")[:1].isdigit() or first.startswith(".")
