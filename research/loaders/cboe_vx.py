"""Cboe VX futures: files of one contract, old and new, and the archive of all contracts."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from dateutil.easter import easter

from research.errors import DataError, DataFileError, ParameterError
from research.loaders.grid import Grid, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, published
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["MONTH_CODES", "load_cboe_vx", "vx_expiry"]

MONTH_CODES: Final = dict(zip("FGHJKMNQUVXZ", range(1, 13), strict=True))
"""Letters of the delivery months."""

_JUNETEENTH_SINCE: Final = 2022
_CLOCK: Final = "15:15 America/Chicago"
_RESCALED: Final = pd.Timestamp("2007-03-26")
_IN_NAME: Final = re.compile(r"VX_(\d{4}-\d{2}-\d{2})")
_OLD_NAME: Final = re.compile(r"CFE_([FGHJKMNQUVXZ])(\d{2})_VX")
_LABEL: Final = re.compile(r"([FGHJKMNQUVXZ])(?:\d*)?\s*\(([A-Z][a-z]{2})\s+(\d{2}|\d{4})\)")
_MONTHS: Final = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_FIRST: Final = 2004
_PRICES: Final = (("open", "Open"), ("high", "High"), ("low", "Low"), ("close", "Close"), ("settle", "Settle"))
_FIELDS: Final = (
    *(Field(target, (name,), Column("index points", _CLOCK, f"{target} price")) for target, name in _PRICES),
    Field("volume", ("Total Volume",), Column("contracts", "", "contracts traded"), "not_negative"),
    Field("open_interest", ("Open Interest",), Column("contracts", "", "contracts open at the end"), "not_negative"),
)


def load_cboe_vx(path: Path | str | RawFile, *, expiry: str = "") -> PublishedTable:
    r"""Read settlements of VIX futures.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        ``VX_2018-01-17.csv`` or ``CFE_F18_VX.csv`` with one contract, or an archive with all of them.
    expiry : str
        Settlement day of a file of one contract, where neither name nor label tells it: ``"2018-01-17"``.

    Returns
    -------
    PublishedTable
        Contracts, by day and expiry: ``open``, ``high``, ``low``, ``close``, ``settle`` (index points), ``volume``,
        ``open_interest`` (contracts).

    Raises
    ------
    ParameterError
        If the expiry of a file of one contract is not known.
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout or a cell cannot be read.

    Notes
    -----
    A price of 0 means that there was no trade, or a first day without settlement: NaN, remarked. Before 2007-03-26
    prices were quoted times ten; rows that are so are divided by ten and remarked. A disclaimer above the header and a
    comma too many at the end of a row are set aside. The settlement day of a contract of the archive follows from its
    month, see `vx_expiry`.

    Examples
    --------
    >>> head = b"Trade Date,Futures,Open,High,Low,Close,Settle,Change,Total Volume,EFP,Open Interest\n"
    >>> row = b"3/26/2004,K (May 04),212.4,212.5,202.7,202.7,203.2,0,216,0,144,\n"
    >>> round(float(load_cboe_vx(RawFile("vx.csv", head + row)).frame["settle"].iloc[0]), 2)
    20.32
    """
    file = read_raw(path)
    text = decode(file)
    lines = text.split("\n", 10)[:10]
    start = next((at for at, line in enumerate(lines) if line.strip().casefold().startswith("trade date")), None)
    if start is None:
        raise DataFileError(f"{file.name}: no header that starts with Trade Date in its first lines: fetch it again")
    grid = read_grid(text, file.name, skip=start, trailing=True)
    remarks = [Remark("preamble", f"{start} lines above the header", row=1, count=start)] if start else []
    days = grid.days("Trade Date", formats=("%m/%d/%Y", "%Y-%m-%d"))
    frame = pd.DataFrame({field.target: grid.numbers(*field.names, thousands=",") for field in _FIELDS})
    frame, more = _prices(frame, days)
    expiries = pd.DatetimeIndex(_expiries(grid, file.name, expiry), name="expiry").as_unit("ns")
    frame.index = pd.MultiIndex.from_arrays([days, expiries], names=["date", "expiry"])
    late = days > expiries
    if late.any():
        place = int(np.argmax(late))
        raise DataError(
            f"{file.name}: row {grid.lines[place]}: {days[place]:%Y-%m-%d} lies after the expiry "
            f"{expiries[place]:%Y-%m-%d}: the file is of another contract"
        )
    rows = len(frame)
    same = frame.reset_index().duplicated().to_numpy()
    if same.any():
        message = f"{int(same.sum())} rows repeat another word for word: kept once"
        more.append(Remark("identical_duplicate", message, count=int(same.sum()), rows_lost=int(same.sum())))
        frame = frame[~same]
    return published(
        file, frame.sort_index(), "cboe_vx", _FIELDS, remarks=[*remarks, *more], rows=rows, kind="contracts"
    )


def _prices(frame: pd.DataFrame, days: pd.DatetimeIndex) -> tuple[pd.DataFrame, list[Remark]]:
    """Return prices with zeros as missing and old quotes at today's scale."""
    names = [target for target, _ in _PRICES]
    remarks = []
    zero = frame[names] == 0.0
    if zero.any(axis=None):
        at = int(np.argmax(zero.any(axis=1).to_numpy()))
        count = int(zero.sum().sum())
        message = f"{count} prices of 0 (no trade, or no settlement yet), the first {days[at]:%Y-%m-%d}: no value"
        remarks.append(Remark("zero_price", message, count=count))
        frame[names] = frame[names].mask(zero)
    # The index never stood above 100 before 2008, and times ten it never stood below.
    old = np.asarray(days < _RESCALED) & (frame["settle"].fillna(frame["close"]) > 90).to_numpy()
    if old.any():
        frame.loc[old, names] = frame.loc[old, names] / 10.0
        message = f"{int(old.sum())} rows before {_RESCALED:%Y-%m-%d} quoted times ten: divided by ten"
        remarks.append(Remark("rescaled", message, count=int(old.sum())))
    return frame, remarks


def _expiries(grid: Grid, name: str, given: str) -> list[dt.date]:
    """Return the settlement day of each row: as given, from the file's name, or from the contract's label."""
    stem = Path(name).name
    if given or _IN_NAME.search(stem):
        text = given or _IN_NAME.search(stem)[1]  # type: ignore[index]
        try:
            day = dt.date.fromisoformat(text)
        except ValueError:
            raise ParameterError(f"expiry {text!r} is not a date: write it as 2018-01-17") from None
        return [day] * len(grid.rows)
    old = _OLD_NAME.search(stem)
    if old and not grid.has("Futures"):
        return [vx_expiry(2000 + int(old[2]), MONTH_CODES[old[1]])] * len(grid.rows)
    if not grid.has("Futures"):
        raise ParameterError(f"{name}: neither name nor rows tell the contract: give its settlement day as expiry")
    known: dict[str, dt.date] = {}
    found = []
    for label, line in zip(grid.column("Futures"), grid.lines, strict=True):
        if label not in known:
            parts = _LABEL.fullmatch(label.strip())
            if parts is None:
                raise DataError(f"{name}: row {line}: {label[:30]!r} is no contract such as 'F (Jan 05)'")
            year = int(parts[3]) + (2000 if len(parts[3]) == 2 else 0)
            month = MONTH_CODES[parts[1]]
            if not _FIRST <= year < _FIRST + 100 or parts[2] != _MONTHS[month - 1]:
                raise DataError(f"{name}: row {line}: {label[:30]!r}: letter, month and year do not go together")
            known[label] = vx_expiry(year, month)
        found.append(known[label])
    return found


def vx_expiry(year: int, month: int) -> dt.date:
    """Return the final settlement day of a VIX future.

    Parameters
    ----------
    year, month : int
        Delivery month.

    Returns
    -------
    datetime.date
        A Wednesday, but the Tuesday before where a holiday falls on the Wednesday or on the Friday it counts from.

    Notes
    -----
    Cboe's rule. Of the exchange's holidays only Good Friday and Juneteenth (since 2022) can be the third Friday, and
    only Juneteenth the Wednesday thirty days before one; a test compares the rule with an exchange calendar month by
    month.

    Examples
    --------
    >>> vx_expiry(2014, 3), vx_expiry(2024, 6)
    (datetime.date(2014, 3, 18), datetime.date(2024, 6, 18))
    """
    following = dt.date(year + month // 12, month % 12 + 1, 1)
    friday = following + dt.timedelta(days=(4 - following.weekday()) % 7 + 14)
    if friday == easter(friday.year) - dt.timedelta(days=2) or _is_juneteenth(friday):
        friday -= dt.timedelta(days=1)
    day = friday - dt.timedelta(days=30)
    return day - dt.timedelta(days=1) if _is_juneteenth(day) else day


def _is_juneteenth(day: dt.date) -> bool:
    return (day.month, day.day) == (6, 19) and day.year >= _JUNETEENTH_SINCE
