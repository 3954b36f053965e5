"""``funds.toml`` read strictly: every complaint names file, line, key and what to do."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from research.errors import DataFileError, nearest
from research.funds.fact import Fact, LeverageTerms, StakingTerms
from research.funds.fund import Fund
from research.funds.period import FeePeriod, FeeTier
from research.funds.schedule import FeeSchedule
from research.funds.series import SeriesSource

__all__ = ["parse_funds"]

MODELS: tuple[type[BaseModel], ...] = (
    Fund,
    Fact,
    FeeSchedule,
    FeePeriod,
    FeeTier,
    SeriesSource,
    StakingTerms,
    LeverageTerms,
)

ADVICE = {
    "rate": "write a fraction a year: 0.0020 is 0.20 %",
    "up_to": "write US dollars: 2.5e9 is $2.5 bn; leave it out in the last tier",
    "start": "write a date without quotes, as in 2024-07-23",
    "end": "write a date without quotes, as in 2025-07-22, or leave it out for a period that lasts",
    "tick": "write the step of the printed number: 0.01 for a cent",
    "fee": 'give [fund.TICKER.fee] with periods, source and status, or fee = "unknown"',
    "source": "say in words where the value was found",
}

TABLE = re.compile(r"^\s*\[(\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(r"^\s*([A-Za-z0-9_\-.\"' ]+?)\s*=")

Path = tuple[str | int, ...]


def parse_funds(raw: bytes, name: str) -> tuple[Fund, ...]:
    """Return the funds that a ``funds.toml`` describes, in the order of the file.

    Parameters
    ----------
    raw : bytes
        Content of the file.
    name : str
        What messages call the file.

    Raises
    ------
    DataFileError
        If the bytes are not UTF-8, not TOML, or do not describe funds.

    Examples
    --------
    >>> parse_funds(b"fund = 1", "funds.toml")
    Traceback (most recent call last):
    ...
    research.errors.DataFileError: funds.toml:1: fund must be tables such as [fund.ETHV]: give one per fund
    """
    try:
        text = raw.decode("utf-8-sig")
        document = tomllib.loads(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as error:
        raise DataFileError(f"{name}: not UTF-8 text at byte {error.start}: save the file as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise DataFileError(f"{name}: not valid TOML: {error}: correct that line") from None
    lines = _line_numbers(text)
    entries = document.pop("fund", None)
    if document:
        key = next(iter(document))
        raise DataFileError(f"{_at(name, lines, (key,))}: unknown key {key}: funds are tables such as [fund.ETHV]")
    if entries is None:
        raise DataFileError(f"{name}: describes no fund: add a table such as [fund.ETHV]")
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise DataFileError(
            f"{_at(name, lines, ('fund',))}: fund must be tables such as [fund.ETHV]: give one per fund"
        )
    _refuse_twins(entries, name, lines)
    return tuple(_validated(ticker, entry, name, lines) for ticker, entry in entries.items())


def _refuse_twins(entries: Mapping[str, object], name: str, lines: Mapping[Path, int]) -> None:
    seen: dict[str, str] = {}
    for ticker in entries:
        twin = seen.setdefault(ticker.casefold(), ticker)
        if twin != ticker:
            at = _at(name, lines, ("fund", ticker))
            raise DataFileError(f"{at}: fund {ticker} is there twice, as {twin} too: case does not count, rename one")


def _validated(ticker: str, entry: dict[str, Any], name: str, lines: Mapping[Path, int]) -> Fund:
    if "ticker" in entry:
        at = _at(name, lines, ("fund", ticker, "ticker"))
        raise DataFileError(f"{at}: fund.{ticker}.ticker is given twice: the table's name is the ticker, drop the key")
    try:
        return Fund.model_validate({"ticker": ticker, **entry})
    except ValidationError as error:
        raise DataFileError(_complaint(error, ticker, name, lines)) from None


def _complaint(error: ValidationError, ticker: str, name: str, lines: Mapping[Path, int]) -> str:
    """Return one line about the first thing that is wrong, and how many more there are."""
    first, *others = error.errors(include_url=False)
    path: Path = ("fund", ticker, *(part for part in first["loc"] if part != "ticker"))
    key = str(path[-1])
    message = first["msg"].removeprefix("Value error, ")
    advice = ADVICE.get(key, "") if first["type"] != "value_error" else ""
    if first["type"] == "extra_forbidden":
        close = nearest(key, {field for model in MODELS for field in model.model_fields})
        message = "no such key"
        advice = f"did you mean {close!r}?" if close and close != key else "remove it"
    elif first["type"] == "missing":
        message = "is missing"
        advice = advice or "add it"
    elif not isinstance(first["input"], (dict, list, BaseModel)) and first["type"] != "value_error":
        message = f"is {first['input']!r}: {message[:1].lower()}{message[1:]}"
    more = f" (and {len(others)} more)" if others else ""
    return f"{_at(name, lines, path)}: {_dotted(path)}: {message}" + (f"; {advice}" if advice else "") + more


def _dotted(path: Path) -> str:
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _at(name: str, lines: Mapping[Path, int], path: Path) -> str:
    """Return the file with the line of the longest part of `path` that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return f"{name}:{lines[path[:length]]}"
    return name


def _line_numbers(text: str) -> dict[Path, int]:
    """Return the line on which each table and key of a TOML text stands, as far as a plain scan can tell.

    tomllib keeps no positions. The scan knows table headers, arrays of tables and keys at the start of a line, which
    is how funds.toml is written; what it does not find only costs the message its line number.
    """
    lines: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := TABLE.match(line):
            table = _split(header[2], counts)
            if header[1]:
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            for length in range(1, len(table) + 1):
                lines.setdefault(table[:length], number)
        elif key := KEY.match(line):
            lines.setdefault((*table, *_split(key[1], {})), number)
    return lines


def _split(dotted: str, counts: Mapping[Path, int]) -> Path:
    """Return the parts of a dotted key; a part that is an array of tables is followed by its current index."""
    path: Path = ()
    for part in dotted.split("."):
        if path in counts:
            path = (*path, counts[path])
        path = (*path, part.strip().strip("\"'"))
    return path
