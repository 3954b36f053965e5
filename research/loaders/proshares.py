"""ProShares: the NAV history that its accounts site offers by fund or for all funds in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from research.errors import MissingColumnError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, daily_table, left_out
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_proshares"]

_CLOCK: Final = "16:00 America/New_York"
_FIELDS: Final = (
    Field("nav", ("NAV",), Column("USD", _CLOCK, "net asset value per share, split-adjusted, without distributions")),
    Field(
        "prior_nav",
        ("Prior NAV",),
        Column("USD", _CLOCK, "net asset value of the row before, as printed"),
        "not_negative",
        required=False,
    ),
    Field(
        "change",
        ("NAV Change (%)",),
        Column("fraction", _CLOCK, "change of NAV as printed: without distributions"),
        "any_number",
        required=False,
        scale=0.01,
    ),
    Field(
        "shares_outstanding",
        ("Shares Outstanding (000)",),
        Column("shares", _CLOCK, "printed in thousands"),
        "not_negative",
        required=False,
        scale=1000.0,
        thousands=",",
    ),
    Field(
        "assets",
        ("Assets Under Management",),
        Column("USD", _CLOCK, "assets under management"),
        "not_negative",
        required=False,
        thousands=",",
    ),
)


def load_proshares(path: Path | str | RawFile, *, ticker: str = "") -> PublishedTable:
    r"""Read a ProShares ``<TICKER>-historical_nav.csv`` or the bulk file of all funds.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file.
    ticker : str
        Which fund of a file that holds several.

    Returns
    -------
    PublishedTable
        Daily: ``nav`` (US dollars), and where the file has them ``prior_nav`` (US dollars), ``change`` (fraction),
        ``shares_outstanding`` (shares; the file prints thousands), ``assets`` (US dollars). Distributions are in no
        column: add them from elsewhere, or every payment reads as a loss.

    Raises
    ------
    ParameterError
        If the file holds several funds and no ticker is given.
    UnknownNameError
        If the file does not hold the ticker.
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Examples
    --------
    >>> load_proshares(RawFile("bito.csv", b"Date,NAV\n2021-10-18,40\n2021-10-19,41.9527\n")).frame["nav"].tolist()
    [40.0, 41.9527]
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    rows = len(grid.rows)
    grid, remarks = _one_fund(grid, ticker)
    return daily_table(
        file, grid, "proshares", _FIELDS, date_formats=("%m/%d/%Y", "%Y-%m-%d"), remarks=remarks, rows=rows
    )


def _one_fund(grid: Grid, ticker: str) -> tuple[Grid, list[Remark]]:
    if not grid.has("Ticker"):
        if [name.casefold() for name in grid.header] != ["date", "nav"]:
            raise MissingColumnError(
                f"{grid.name}: no column 'Ticker' and more than Date and NAV: it is another format"
            )
        if ticker:
            raise MissingColumnError(f"{grid.name}: no column 'Ticker', so {ticker!r} cannot be picked: leave it out")
        return grid, []
    kept = grid.only("Ticker", ticker, "ticker")
    return kept, left_out(grid, kept, "other_fund", "rows of other funds")
