"""Set Protocol index tokens: rebalances as their managers proposed them, and who was a member when."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pandas as pd

from research.errors import DataError, DataFileError
from research.loaders.grid import dates, read_grid
from research.loaders.published import Column, Field, PublishedTable, Remark, published
from research.loaders.raw import RawFile, decode, read_raw

__all__ = ["load_index_members", "load_set_rebalance"]

_HEX: Final = re.compile(r"-?0x[0-9a-fA-F]{1,64}")
_WHOLE: Final = 10**18
_UNITS: Final = (
    ("current_unit", "currentUnit", "units of the asset that one token held before"),
    ("new_unit", "newUnit", "units of the asset that one token holds after"),
)


def load_set_rebalance(path: Path | str | RawFile) -> PublishedTable:
    """Read a rebalance of a Set Protocol token: units per token before and after.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The JSON file with a ``summary``.

    Returns
    -------
    PublishedTable
        Rows are assets (index ``asset``): ``current_unit``, ``new_unit`` (units per token), ``notional_token`` (units
        to trade, negative to sell), ``notional_usd`` (US dollars).

    Raises
    ------
    DataFileError
        If the file is no such JSON.
    DataError
        If a number is none, or an asset stands twice.

    Notes
    -----
    Numbers are whole multiples of 1e-18 in hexadecimal, but for the dollars, which are whole.
    """
    file = read_raw(path)
    try:
        found: Any = json.loads(decode(file))
    except (ValueError, RecursionError) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(f"{file.name}: not valid JSON ({str(error)[:80]}): fetch the file again") from None
    summary = found.get("summary") if isinstance(found, dict) else None
    if not isinstance(summary, list) or not summary or not all(isinstance(item, dict) for item in summary):
        raise DataFileError(f"{file.name}: JSON without a list 'summary' of assets: fetch the file again")
    keys = [
        *((target, key, _WHOLE) for target, key, _ in _UNITS),
        ("notional_token", "notionalInToken", _WHOLE),
        ("notional_usd", "notionalInUSD", 1),
    ]
    rows = [
        {target: _number(item.get(key), scale, key, place, file.name) for target, key, scale in keys}
        for place, item in enumerate(summary)
    ]
    names = [str(item.get("asset", "")) for item in summary]
    if not all(name.isprintable() for name in names):
        raise DataError(f"{file.name}: an asset's name holds something that is no text: correct the file")
    if len(set(names)) != len(names) or not all(names):
        raise DataError(f"{file.name}: an asset stands twice or has no name: correct the file")
    frame = pd.DataFrame(rows, index=pd.Index(names, dtype="str", name="asset"))
    fields = [
        *(Field(target, (key,), Column("units per token", "", about), "not_negative") for target, key, about in _UNITS),
        Field("notional_token", ("notionalInToken",), Column("units", "", "units to trade"), "any_number"),
        Field("notional_usd", ("notionalInUSD",), Column("USD", "", "size of the trade"), "any_number"),
    ]
    return published(file, frame, "set_rebalance", fields, rows=len(rows), kind="other")


def _number(value: Any, scale: int, key: str, place: int, name: str) -> float:  # noqa: ANN401 - raw JSON
    text = value.get("hex") if isinstance(value, dict) else value
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise DataError(f"{name}: asset {place + 1}: {key} is {str(value)[:60]!r}: a hexadecimal number is due")
    return int(text, 16) / scale


def load_index_members(path: Path | str | RawFile) -> PublishedTable:
    """Read when which asset joined and left an index.

    Parameters
    ----------
    path : pathlib.Path, str or RawFile
        The CSV file: ``asset_address, symbol, in_index_time, out_index_time, id, name``.

    Returns
    -------
    PublishedTable
        Rows as in the file: ``address``, ``symbol``, ``name`` (texts), ``joined``, ``left`` (days since 1970-01-01;
        NaN where still a member).

    Raises
    ------
    DataFileError, MissingColumnError, DataError
        If the file is not in this layout, a date cannot be read, or an asset left before it joined.
    """
    file = read_raw(path)
    grid = read_grid(decode(file), file.name)
    joined = _days(grid.column("in_index_time"), grid.lines, file.name, "in_index_time")
    left = _days(grid.column("out_index_time"), grid.lines, file.name, "out_index_time")
    backwards = left < joined
    if backwards.any():
        place = int(backwards.to_numpy().argmax())
        raise DataError(f"{file.name}: row {grid.lines[place]}: left the index before joining it: correct the dates")
    frame = pd.DataFrame(
        {
            "address": pd.Series(grid.column("asset_address"), dtype="str"),
            "symbol": pd.Series(grid.column("symbol"), dtype="str").str.upper(),
            "name": pd.Series(grid.column("name"), dtype="str"),
            "joined": joined,
            "left": left,
        }
    )
    texts = [Field(name, (name,), Column(""), "text") for name in ("address", "symbol", "name")]
    days = [Field(name, (name,), Column("days since 1970-01-01"), "any_number") for name in ("joined", "left")]
    same = int((joined == left).sum())
    message = f"{same} assets have one day for joining and leaving: the file does not say what that means"
    remarks = [Remark("empty_membership", message, count=same)] if same else []
    return published(file, frame, "index_members", [*texts, *days], remarks=remarks, rows=len(frame), kind="other")


def _days(cells: list[str], lines: tuple[int, ...], name: str, column: str) -> pd.Series:
    """Return days since 1970; an empty cell is NaN."""
    there = [place for place, cell in enumerate(cells) if cell.strip()]
    found = pd.Series(float("nan"), range(len(cells)))
    if there:
        days = dates([cells[at] for at in there], [lines[at] for at in there], name=name, column=column)
        found.iloc[there] = (days - pd.Timestamp("1970-01-01")) / pd.Timedelta(days=1)
    return found
