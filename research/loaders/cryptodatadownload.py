"""CryptoDataDownload: hourly and daily bars by exchange and pair, in all the ways the site has written them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from research.errors import DataError, DataFileError
from research.loaders.bars import bar_table, instants, read_columns
from research.loaders.published import PublishedTable, Remark
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_cryptodatadownload"]

_HOUR: Final = "%Y-%m-%d %I-%p"


def load_cryptodatadownload(path: Path | str | RawFile) -> PublishedTable:
    r"""Read bars from CryptoDataDownload.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The file, with or without the site's address in its first line.

    Returns
    -------
    PublishedTable
        Bars: ``open``, ``high``, ``low``, ``close`` in the quote currency, ``volume`` in the base and ``volume_quote``
        in the quote currency; index the start of the bar in UTC.

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout, a cell cannot be read, or bars contradict each other.

    Notes
    -----
    Seconds, milliseconds and microseconds stand mixed in one file and are told apart by size. Older files swap the two
    volumes: quote volume over base volume is the price, so a row in which the inverse fits far better is swapped back
    and counted in a remark. Bars that stand twice, one a part of the other, are kept once.

    Examples
    --------
    >>> head = b"https://www.CryptoDataDownload.com\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
    >>> row = b"1526364000,2018-05-15 06:00:00,BTC/USD,8733.86,8796.68,8707.28,8740.99,4906603.14,559.93\n"
    >>> table = load_cryptodatadownload(RawFile("btc.csv", head + row))
    >>> table.frame["volume"].tolist(), table.remarks[0].rule
    ([559.93], 'swapped_volumes')
    """
    file = read_raw(path)
    text = decode(file)
    first = text.split("\n", 1)[0].casefold()
    skip = 1 if "cryptodatadownload.com" in first else 0
    table = read_columns(text, file.name, skip=skip)
    times = _times(table, file.name)
    volumes = [column for column in table.columns if column.startswith("volume ")]
    if len(volumes) != 2:
        raise DataFileError(
            f"{file.name}: {len(volumes)} volume columns where the site writes two: it is another format, try bars"
        )
    table = table.rename(columns={volumes[0]: "volume", volumes[1]: "volume_quote"})
    table, remarks = _unswapped(table)
    return bar_table(file, table, times, "cryptodatadownload", remarks)


def _times(table: pd.DataFrame, name: str) -> pd.DatetimeIndex:
    if "unix" in table.columns:
        return instants(table["unix"], name, "unix")
    if "date" not in table.columns:
        raise DataFileError(f"{name}: neither a column 'unix' nor 'date': it is another format, try bars")
    texts = table["date"].astype("str").str.strip()
    if texts.str.fullmatch(r"\d{4}-\d{2}-\d{2} \d{2}-[AP]M").all():
        parsed = pd.to_datetime(texts, format=_HOUR, errors="coerce", utc=True)
        if parsed.isna().any():
            place = int(np.argmax(parsed.isna().to_numpy()))
            raise DataError(f"{name}: row {place + 2}, column 'date': {texts.iloc[place]!r} is not an hour")
        return pd.DatetimeIndex(parsed, name="time").as_unit("ns")
    return instants(table["date"], name, "date", "UTC")


def _unswapped(table: pd.DataFrame) -> tuple[pd.DataFrame, list[Remark]]:
    """Return the table with the base volume in its place in every row."""
    columns = ["volume", "volume_quote", "close"]
    if not all(name in table.columns and pd.api.types.is_numeric_dtype(table[name]) for name in columns):
        return table, []  # the bars' own checks name the cell
    base, quote, close = (table[name].to_numpy(dtype=np.float64) for name in columns)
    with np.errstate(divide="ignore", invalid="ignore"):
        right = np.abs(np.log(quote / base / close))
        wrong = np.abs(np.log(base / quote / close))
    # Far better, not just better: a price near one says nothing about which volume is which.
    swapped = np.isfinite(right) & np.isfinite(wrong) & (wrong < 0.1 * right) & (right > 1.0)
    if not swapped.any():
        return table, []
    changed = table.copy()
    changed["volume"], changed["volume_quote"] = np.where(swapped, quote, base), np.where(swapped, base, quote)
    place = int(np.argmax(swapped))
    message = f"base and quote volume swapped back in {int(swapped.sum())} rows, the first in row {place + 2}"
    return changed, [Remark("swapped_volumes", message, row=place + 2, count=int(swapped.sum()))]
