"""``funds.toml`` read strictly: every complaint names file, line, key and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from research.errors import DataFileError
from research.funds.fact import Fact
from research.funds.fund import Fund
from research.funds.known import KnownFinding
from research.funds.pull import PullSource
from research.funds.schedule import FeePeriod, FeeSchedule, FeeTier
from research.funds.series import SeriesSource, TableSource
from research.funds.terms import FuturesTerms, LeverageTerms, StakingTerms
from research.strict_toml import TomlFile, read_toml

__all__ = ["parse_folder", "parse_funds"]

MODELS: tuple[type[BaseModel], ...] = (
    Fund,
    Fact,
    FeeSchedule,
    FeePeriod,
    FeeTier,
    SeriesSource,
    TableSource,
    FuturesTerms,
    KnownFinding,
    PullSource,
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
    "why": "say in words what somebody found who looked at it",
    "source": "say in words where the value was found",
}


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
    return parse_folder(raw, name)[0]


def parse_folder(raw: bytes, name: str) -> tuple[tuple[Fund, ...], dict[str, TableSource]]:
    """Return the funds and the tables that a ``funds.toml`` describes, in the order of the file.

    Parameters
    ----------
    raw : bytes
        Content of the file.
    name : str
        What messages call the file.

    Raises
    ------
    DataFileError
        As `parse_funds`; a file may describe tables and no fund.
    """
    file = read_toml(raw, name)
    document = dict(file.content)
    entries, tables = document.pop("fund", None), document.pop("table", {})
    if document:
        key = next(iter(document))
        raise DataFileError(
            f"{file.at((key,))}: unknown key {key}: funds are tables such as [fund.ETHV], files such as [table.prices]"
        )
    if entries is None and not tables:
        raise DataFileError(f"{name}: describes no fund: add a table such as [fund.ETHV]")
    entries = {} if entries is None else entries
    if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
        raise DataFileError(f"{file.at(('fund',))}: fund must be tables such as [fund.ETHV]: give one per fund")
    if not isinstance(tables, dict) or not all(isinstance(entry, dict) for entry in tables.values()):
        raise DataFileError(f"{file.at(('table',))}: table must be tables such as [table.prices]: give one per file")
    _refuse_twins(entries, file)
    found = {key: _table(key, entry, file) for key, entry in tables.items()}
    return tuple(_validated(ticker, entry, file) for ticker, entry in entries.items()), found


def _table(key: str, entry: dict[str, Any], file: TomlFile) -> TableSource:
    try:
        return TableSource.model_validate(entry)
    except ValidationError as error:
        known = set(TableSource.model_fields)
        raise DataFileError(file.complaint(error, ("table", key), known, ADVICE)) from None


def _refuse_twins(entries: Mapping[str, object], file: TomlFile) -> None:
    seen: dict[str, str] = {}
    for ticker in entries:
        twin = seen.setdefault(ticker.casefold(), ticker)
        if twin != ticker:
            at = file.at(("fund", ticker))
            raise DataFileError(f"{at}: fund {ticker} is there twice, as {twin} too: case does not count, rename one")


def _validated(ticker: str, entry: dict[str, Any], file: TomlFile) -> Fund:
    if "ticker" in entry:
        at = file.at(("fund", ticker, "ticker"))
        raise DataFileError(f"{at}: fund.{ticker}.ticker is given twice: the table's name is the ticker, drop the key")
    try:
        return Fund.model_validate({"ticker": ticker, **entry})
    except ValidationError as error:
        known = {field for model in MODELS for field in model.model_fields}
        raise DataFileError(file.complaint(error, ("fund", ticker), known, ADVICE, hidden="ticker")) from None
