"""Look at files and funds before anybody trusts a number: what is there, what would be lost, which screens fire."""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from research.alignment.findings import Severity
from research.alignment.screens import screen
from research.alignment.screens_columns import copied_funds, zero_columns
from research.alignment.sessions import sessions
from research.analyses.obstacles import obstacles
from research.errors import DataError, DataFileError, ResearchError, ResearchWarning, UnknownNameError
from research.funds import Fund, read_funds, read_tables
from research.loaders import FORMATS, PublishedTable, load_file, load_series
from research.loaders.source import options_of
from research.opening import load
from research.tables import Result, Table

if TYPE_CHECKING:
    from research.alignment.findings import Finding
    from research.alignment.history import History
    from research.loaders import Remark

__all__ = [
    "Checked",
    "Item",
    "check_file",
    "check_folder",
    "check_fund",
    "finding_item",
    "formats_of",
    "printable",
    "remark_item",
]

SCHEMA: Final = "research.check/1"

_ORDER: Final[dict[Severity, int]] = {"error": 0, "warning": 1, "note": 2}
_WARN: Final = frozenset(
    {
        "adjusted_close",
        "bar_inconsistent",
        "duplicate_bar",
        "identical_duplicate",
        "maybe_adjusted",
        "no_final_newline",
        "out_of_order",
        "shifted_header",
        "swapped_volumes",
        "total_differs",
        "unit_not_stated",
    }
)
"""Remarks after which a person should look at the file; the others only say what was done."""

# Control characters steer a terminal, and marks of writing direction reorder what it shows.
_UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def printable(text: str) -> str:
    r"""Return a text without anything that steers a terminal: such characters are written as escapes.

    Examples
    --------
    >>> printable("NAV\x1b[31m")
    'NAV\\x1b[31m'
    """
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@dataclass(frozen=True, repr=False)
class Item:
    """One line.

    Parameters
    ----------
    path : str
        File, relative to the folder; or the fund where the line is about one.
    severity : {"error", "warning", "note"}
        How bad it is.
    rule : str
        Name of the rule.
    message : str
        One sentence.
    row : int or None
        Row of the file.
    fund : str
        Fund, where the line is about one.
    series : str
        Column or series.
    session : str
        Day, ISO; of several the first.
    sessions : int
        How many sessions a screen flagged.
    acknowledged : str
        Why somebody who looked at it is content; empty where nobody has.
    failed : bool
        Whether something could not be read or a report would fail: no finding that a reason could answer.
    """

    path: str
    severity: Severity
    rule: str
    message: str
    row: int | None = None
    fund: str = ""
    series: str = ""
    session: str = ""
    sessions: int = 0
    acknowledged: str = ""
    failed: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it is an error or a warning that nobody has acknowledged."""
        return self.severity != "note" and not self.acknowledged

    def __str__(self) -> str:
        place = self.path if self.row is None else f"{self.path}:{self.row}"
        known = f" (acknowledged: {self.acknowledged})" if self.acknowledged else ""
        return printable(f"{place}: {self.severity}: {self.message} [{self.rule}]{known}")

    __repr__ = __str__


@dataclass(frozen=True)
class Checked(Result):
    """All lines of a check; ``print`` writes every one of them, as a compiler does.

    Parameters
    ----------
    items : tuple of Item
        Worst first, then by file and row.
    files, funds : int
        How many were looked at.
    """

    items: tuple[Item, ...]
    files: int = 0
    funds: int = 0

    @classmethod
    def of(cls, items: Iterable[Item], files: int = 0, funds: int = 0) -> Checked:
        """Return lines in order, each once."""
        every = dict.fromkeys(items)
        ordered = sorted(
            every, key=lambda item: (_ORDER[item.severity], not item.failed, item.path, item.row or 0, item.session)
        )
        return cls(tuple(ordered), files, funds)

    @property
    def counts(self) -> dict[str, int]:
        """Lines of each severity."""
        found = Counter(item.severity for item in self.items)
        return {name: found[name] for name in _ORDER}

    @property
    def worst(self) -> Severity | None:
        """Severity of the worst line; None where there is none."""
        return self.items[0].severity if self.items else None

    @property
    def failed(self) -> bool:
        """Whether something could not be read, or a report would fail."""
        return any(item.failed for item in self.items)

    @property
    def open(self) -> tuple[Item, ...]:
        """Errors and warnings that nobody has acknowledged, worst first."""
        return tuple(item for item in self.items if item.is_open)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "schema": SCHEMA,
            "files": self.files,
            "funds": self.funds,
            "counts": self.counts,
            "items": [asdict(item) for item in self.items],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return every line, one row each."""
        return pd.DataFrame([asdict(item) for item in self.items], columns=[one.name for one in fields(Item)])

    def summary(self) -> Table:
        """Return one row for each rule: how many lines, and the first of them."""
        first: dict[tuple[Severity, str], Item] = {}
        lines = Counter((item.severity, item.rule) for item in self.items)
        for item in self.items:
            first.setdefault((item.severity, item.rule), item)
        rows = [
            (severity, lines[severity, rule], printable(item.path), printable(item.message))
            for (severity, rule), item in first.items()
        ]
        frame = pd.DataFrame(rows, [rule for _, rule in first], ["severity", "lines", "first in", "message"])
        return Table(frame, self._headline())

    def _headline(self) -> str:
        told = ", ".join(f"{count} {name}{'s' if count != 1 else ''}" for name, count in self.counts.items() if count)
        looked = [f"{self.files} file{'s' if self.files != 1 else ''}"] if self.files else []
        looked += [f"{self.funds} fund{'s' if self.funds != 1 else ''}"] if self.funds else []
        return f"{' and '.join(looked) or 'nothing'} checked: {told or 'nothing to say'}"

    def __str__(self) -> str:
        return "\n".join([*map(str, self.items), self._headline()])


def remark_item(path: str, remark: Remark, fund: str = "") -> Item:
    """Return what a loader remarked as a line."""
    severity: Severity = "warning" if remark.rule in _WARN else "note"
    return Item(path, severity, remark.rule, remark.message, remark.row, fund, remark.column)


def finding_item(path: str, finding: Finding, fund: str = "") -> Item:
    """Return what a screen found as a line."""
    return Item(
        path,
        finding.severity,
        finding.rule,
        finding.message,
        fund=fund,
        series=finding.series,
        session="" if finding.session is None else f"{finding.session:%Y-%m-%d}",
        sessions=len(finding.sessions),
        acknowledged=finding.acknowledged,
    )


def error_item(path: str, error: ResearchError, fund: str = "", message: str = "") -> Item:
    """Return what cannot be done as a line."""
    return Item(path, "error", _rule(error), message or str(error), fund=fund, failed=True)


_SCREENED: Final = ("nav", "close", "benchmark")
_SHORTEST: Final = 20
# The most particular first: a format with a signature of its own cannot be taken for a general one.
_GENERAL: Final = ("nav_table", "parquet", "excel", "csv")
_UNTRIED: Final = ("sql",)
_BESIDE_A_MANIFEST: Final = frozenset({"results.parquet", "events.jsonl"})
_NOT_DATA: Final = frozenset({".toml", ".md", ".ipynb", ".html", ".log", ".py", ".lock"})


def check_file(
    path: Path | str,
    format: str | None = None,
    options: Mapping[str, Any] | None = None,
    *,
    calendar: str = "XNYS",
    shown: str | None = None,
) -> Checked:
    """Check one file.

    Parameters
    ----------
    path : pathlib.Path or str
        The file.
    format : str, optional
        Its format; by default every format is tried, and what reads the file is said.
    options : mapping, optional
        Options of the format's loader.
    calendar : str
        Exchange whose sessions decide which rows would be lost.
    shown : str, optional
        What the lines call the file; by default its path.

    Returns
    -------
    Checked

    Raises
    ------
    UnknownNameError, ParameterError
        If there is no such format, option or calendar.
    """
    name = str(path) if shown is None else shown
    if format is None:
        found = formats_of(path)
        if len(found) != 1:
            return Checked.of([_undecided(name, found, path)], files=1)
        format = found[0]
        said = [Item(name, "note", "format_found", f"reads as {format}: say so with --format, or in funds.toml")]
    else:
        said = []
    try:
        table = load_file(path, format, **dict(options or {}))
    except UnknownNameError:
        raise
    except ResearchError as error:
        return Checked.of([*said, error_item(name, error, message=_told(error, path))], files=1)
    return Checked.of([*said, *_table_items(name, table, calendar)], files=1)


def check_fund(fund: Fund | str, data: Path | str | None = None, *, remarks: bool = True) -> Checked:
    """Check everything that a report on a fund would start from.

    Parameters
    ----------
    fund : Fund or str
        A fund or its ticker.
    data : path, optional
        Folder with a ``funds.toml``.
    remarks : bool
        Whether to repeat what the loaders remarked on its files.

    Returns
    -------
    Checked
        Losses by rule, what loaders remarked, what screens found, an error line for each part of a report that would
        fail, and a note on the analyses that are not for such a fund; one error line where it cannot be loaded.

    Raises
    ------
    UnknownNameError
        If there is no such fund.
    """
    ticker = fund if isinstance(fund, str) else fund.ticker
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResearchWarning)
            history = load(fund, data=data, max_loss=0.99)
    except UnknownNameError as error:
        if error.kind == "fund":
            raise
        return Checked.of([error_item(ticker, error, ticker)], funds=1)
    except ResearchError as error:
        return Checked.of([error_item(ticker, error, ticker)], funds=1)
    items = [
        Item(
            ticker,
            "note",
            "sample",
            f"{history.start:%Y-%m-%d} to {history.end:%Y-%m-%d}: {history.losses.in_words}",
            fund=ticker,
        )
    ]
    lost = history.losses.sessions_lost
    if lost:
        share = lost / max(history.losses.sessions, 1)
        severity: Severity = "warning" if share <= 0.05 else "error"
        message = f"{lost} of {history.losses.sessions} sessions ({share:.1%}) have no NAV or no benchmark"
        items.append(Item(ticker, severity, "sessions_lost", message, fund=ticker, failed=severity == "error"))
    for source in history.sources if remarks else ():
        items += [remark_item(f"{ticker} {source.role}", remark, ticker) for remark in source.remarks]
    items += [finding_item(ticker, finding, ticker) for finding in history.findings]
    if history.fund.benchmark_mismatch is not None:
        items.append(Item(ticker, "note", "benchmark_mismatch", history.fund.benchmark_mismatch, fund=ticker))
    items += _report_items(ticker, history)
    return Checked.of(items, funds=1)


def _report_items(ticker: str, history: History) -> Iterator[Item]:
    """Return what would keep a report from being made, and what is not for such a fund."""
    found = obstacles(history)
    for obstacle in found:
        if obstacle.applies:
            message = f"{obstacle.analysis} would fail, {obstacle.reason}"
            yield Item(ticker, "error", "report_fails", message, fund=ticker, failed=True)
    others = [obstacle.analysis for obstacle in found if not obstacle.applies]
    if others:
        yield Item(ticker, "note", "not_applicable", f"not for such a fund: {', '.join(others)}", fund=ticker)


def check_folder(folder: Path | str, *, calendar: str = "XNYS") -> Checked:
    """Check every file that a folder's ``funds.toml`` names, every fund in it, and what nothing names.

    Parameters
    ----------
    folder : path
        Folder with a ``funds.toml``.
    calendar : str
        Exchange whose sessions decide which rows of a file would be lost.

    Returns
    -------
    Checked

    Raises
    ------
    DataFileError
        If there is no such folder.
    """
    place = Path(folder)
    if not place.is_dir():
        raise DataFileError(f"{place}: no such folder")
    try:
        tables, funds = read_tables(place), read_funds(place)
    except ResearchError as error:
        if (place / "funds.toml").exists():
            return Checked.of([error_item("funds.toml", error, message=_told(error, place / "funds.toml"))], files=1)
        tables, funds = {}, ()
    items: list[Item] = []
    named: set[str] = set()
    for file, format_, options in _named_files(tables, funds):
        named.add(file)
        items += check_file(place / file, format_, options, calendar=calendar, shown=file).items
    others = [path for path in _files(place) if path.relative_to(place).as_posix() not in named]
    for path in others:
        shown = path.relative_to(place).as_posix()
        found = check_file(path, calendar=calendar, shown=shown)
        if not found.failed:
            items.append(Item(shown, "note", "not_named", "no entry of funds.toml names this file"))
        items += [item for item in found.items if item.rule == "format_found" or item.severity != "note"]
    navs: dict[str, pd.Series[float]] = {}
    for fund in funds:
        if fund.series:
            items += check_fund(fund, remarks=False).items
            navs |= _nav_of(fund)
    # Funds of one file were compared when they were loaded; a line that stands already is not added.
    for ticker, twins in copied_funds(navs).items():
        items += [finding_item(ticker, finding, ticker) for finding in twins]
    return Checked.of(items, files=len(named) + len(others), funds=sum(bool(fund.series) for fund in funds))


def _nav_of(fund: Fund) -> dict[str, pd.Series[float]]:
    try:
        nav = load_series(fund, "nav")
    except ResearchError:
        return {}  # said already
    return {} if nav.sample_at else {fund.ticker: nav.values}  # noqa: PD011 - a field


def formats_of(path: Path | str) -> tuple[str, ...]:
    """Return the formats that read a file: one of a publisher where there is one, else the general ones."""
    particular = [name for name in FORMATS if name not in (*_GENERAL, *_UNTRIED) and _reads(path, name)]
    if particular:
        return tuple(particular)
    return tuple(next(([name] for name in _GENERAL if _reads(path, name)), []))


def _reads(path: Path | str, format_: str) -> bool:
    return _refusal(path, format_) is None


def _refusal(path: Path | str, format_: str) -> ResearchError | None:
    try:
        load_file(path, format_)
    except ResearchError as error:
        return error
    return None


def _undecided(name: str, found: tuple[str, ...], path: Path | str) -> Item:
    if found:
        return Item(name, "warning", "format_open", f"reads as {' and as '.join(found)}: say which with --format")
    told = "name one with --format to see why"
    if closest := _closest(path):
        format_, error = closest
        told = f"as {format_}, the closest, {_told(error, path).strip()}"
    return Item(name, "error", "unreadable", f"no format reads this file: {told}", failed=True)


def _closest(path: Path | str) -> tuple[str, ResearchError] | None:
    """Return the format that came furthest and why it stopped; None where none came near.

    One that stumbles over a value has found its header and its columns. Where none has, the ending of the name says
    what the file was meant to be.
    """
    ending = Path(path).suffix.casefold()
    meant = {".csv": "csv", ".parquet": "parquet", ".xlsx": "excel", ".xls": "excel"}.get(ending)
    particular = [name for name in FORMATS if name not in (*_GENERAL, *_UNTRIED)]
    order = [*particular, *([meant] if meant else []), *_GENERAL]
    refusals = {name: error for name in order if (error := _refusal(path, name)) is not None}
    values = ((name, error) for name, error in refusals.items() if type(error) is DataError)
    return next(values, (meant, refusals[meant]) if meant in refusals else None)


def _table_items(name: str, table: PublishedTable, calendar: str) -> Iterator[Item]:
    yield Item(name, "note", "table", _told_of(table))
    for remark in table.remarks:
        yield remark_item(name, remark)
    if table.kind == "daily":
        for finding in zero_columns({str(column): values for column, values in table.frame.items()}):
            yield finding_item(name, finding)
        yield from _daily_items(name, table, calendar)
    elif table.kind == "bars":
        yield from _gaps(name, table.frame)


def _told_of(table: PublishedTable) -> str:
    clocked = [f"{column} ({about.clock})" if about.clock else column for column, about in table.columns.items()]
    index = table.frame.index
    span = ""
    if table.kind in {"daily", "bars"}:
        span = f", {index[0]:%Y-%m-%d} to {index[-1]:%Y-%m-%d}"
    return f"{table.format}: {len(table.frame)} of {table.rows} rows{span}: {', '.join(clocked)}"


def _daily_items(name: str, table: PublishedTable, calendar: str) -> Iterator[Item]:
    frame = table.frame
    index = pd.DatetimeIndex(frame.index)
    if not len(frame.columns):
        return
    try:
        days = sessions(calendar, index[0], index[-1])
    except ResearchError as error:
        if isinstance(error, UnknownNameError):
            raise
        yield Item(name, "note", "calendar", str(error))
        return
    off = ~index.isin(days)
    if off.any():
        first = index[int(np.argmax(off))]
        count = int(off.sum())
        told = f"1 row is no session of {calendar}" if count == 1 else f"{count} rows are no sessions of {calendar}"
        message = f"{told} and would be dropped, the first {first:%Y-%m-%d}"
        yield Item(name, "note", "not_a_session", message, session=f"{first:%Y-%m-%d}")
    gone = days.difference(index)
    if len(gone) and len(gone) < 0.5 * len(days):
        message = f"{len(gone)} of {len(days)} sessions of {calendar} have no row, the first {gone[0]:%Y-%m-%d}"
        yield Item(name, "warning" if len(gone) > 0.01 * len(days) else "note", "no_row", message)
    priced = frame[[column for column in _SCREENED if column in frame.columns]]
    kept = priced[~off]
    if priced.shape[1] and len(kept) >= _SHORTEST:
        raw = {str(column): values for column, values in frame.items() if column in _SCREENED}
        if "premium" in frame.columns:
            raw["premium_published"] = frame["premium"]
        units = {"premium_published": table.columns["premium"].unit} if "premium" in frame.columns else {}
        for finding in screen(kept, calendar=calendar, raw=raw, units=units, beside=frame):
            yield finding_item(name, finding)


def _gaps(name: str, frame: pd.DataFrame) -> Iterator[Item]:
    index = pd.DatetimeIndex(frame.index)
    steps = np.diff(index.asi8)
    if not len(steps):
        return
    usual = int(np.median(steps))
    wide = steps > usual
    if wide.any():
        missing = int((steps[wide] // usual - 1).sum())
        first = index[int(np.argmax(wide))]
        message = f"{missing} bars are missing in {int(wide.sum())} gaps, the first after {first:%Y-%m-%d %H:%M} UTC"
        yield Item(name, "note", "gap", message)


def _named_files(tables: Mapping[str, Any], funds: tuple[Fund, ...]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Return each file once, with its format and options."""
    seen: set[tuple[str, str, str]] = set()
    sources = [*tables.values()]
    for fund in funds:
        sources += [*fund.series.values(), *fund.inputs.values()]
    for source in sources:
        if source.file is None:
            continue
        options = options_of(source)
        key = (source.file, source.format, repr(sorted(options.items())))
        if key not in seen:
            seen.add(key)
            yield source.file, source.format, options


def _files(place: Path) -> list[Path]:
    found = [path for path in sorted(place.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [
        path
        for path in found
        if path.suffix.casefold() not in _NOT_DATA
        and not _is_output(path)
        and not any(part.startswith(".") or part == "vintages" for part in path.relative_to(place).parts)
    ]


def _is_output(path: Path) -> bool:
    """Return whether a report, a batch or a check of this package wrote a file."""
    if path.name in _BESIDE_A_MANIFEST:
        return _names_our_schema(path.with_name("manifest.json"))
    return path.suffix == ".json" and _names_our_schema(path)


def _names_our_schema(path: Path) -> bool:
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    schema = document.get("schema") if isinstance(document, dict) else None
    return isinstance(schema, str) and schema.startswith("research.")


def _rule(error: ResearchError) -> str:
    """Return a rule's name from an error's type: DataFileError becomes data_file."""
    name = type(error).__name__.removesuffix("Error")
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")


def _told(error: ResearchError, path: Path | str) -> str:
    """Return an error's message without the path that the line shows already."""
    return str(error).removeprefix(f"{path}: ").removeprefix(f"{path}:")
