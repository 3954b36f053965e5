"""An aligned, screened sample of one fund: what every later room starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from research.alignment.dates import as_date
from research.alignment.findings import Finding, Findings, findings_table
from research.alignment.losses import LOST_SESSIONS, LossReport
from research.conventions import PERIODS, Frequency, periods_per_year, years_between
from research.errors import DataError, MissingColumnError, ParameterError, SampleError
from research.tables import Result, Table

if TYPE_CHECKING:
    from research.alignment.naive import NaiveCost
    from research.funds import Fund
    from research.loaders import SourceRecord

__all__ = ["Basis", "History", "require_basis", "require_history"]

Basis = Literal["nav", "price"]
"""What is compared with the benchmark: net asset value, or market close."""


@dataclass(frozen=True, eq=False)
class History(Result):
    """A fund's series on the sessions of its exchange, with what was dropped and what the screens found.

    Parameters
    ----------
    fund : Fund
        What the fund is.
    frame : pandas.DataFrame
        Sessions kept x ``nav``, ``benchmark`` and, where known, ``close`` and ``assets`` (US dollars); float64. nav and
        benchmark are never NaN; close and assets may be.
    sessions : pandas.DatetimeIndex
        Every session of the exchange from the first kept to the last kept, those left out included; of weeks and
        months one each.
    clocks : mapping of str to str
        Time of day and zone of each column.
    losses : LossReport
        What was dropped and why.
    findings : Findings
        What the screens found.
    sources : tuple of SourceRecord
        Where each series came from, with its hash.
    naive : NaiveCost, optional
        What the tracking error would have read had the rows of the file defined the sessions.
    inputs : mapping of str to pandas.Series or pandas.DataFrame
        Further series that single drivers need, under the name that the driver's docstring gives: ``held_futures``,
        ``bill_rate``, ``staking_yield``, ``distributions`` and so on. A driver without its inputs is absent.
        ``asset_bars``, prices of the asset by UTC instant, say when in the day the others were seen.
    frequency : {"daily", "weekly", "monthly"}
        Spacing of the sessions kept: every one, or the last one of each week or month.

    Notes
    -----
    Returns are log returns over the fund's own holding intervals, labelled by the session that ends the interval:
    Friday 16:00 to Monday 16:00 is one return, labelled Monday.

    Examples
    --------
    >>> from research.opening import load
    >>> history = load("ETHV")
    >>> len(history.frame), history.losses.counts()["weekend"]
    (547, 226)
    """

    fund: Fund
    frame: pd.DataFrame
    sessions: pd.DatetimeIndex
    clocks: Mapping[str, str]
    losses: LossReport
    findings: tuple[Finding, ...] = Findings()
    sources: tuple[SourceRecord, ...] = ()
    naive: NaiveCost | None = None
    inputs: Mapping[str, pd.Series | pd.DataFrame] = field(default_factory=dict)
    frequency: Frequency = "daily"

    def __post_init__(self) -> None:
        object.__setattr__(self, "findings", Findings(self.findings))

    @property
    def open_findings(self) -> Findings:
        """Errors and warnings that nobody has acknowledged, the worst first: a conclusion stands below them."""
        return Findings(self.findings).open

    @property
    def start(self) -> pd.Timestamp:
        """First session kept."""
        return pd.Timestamp(self.frame.index[0])

    @property
    def end(self) -> pd.Timestamp:
        """Last session kept."""
        return pd.Timestamp(self.frame.index[-1])

    @property
    def years(self) -> float:
        """Calendar time from the first session to the last, in years of 365 days."""
        return years_between(self.start, self.end)

    @property
    def periods_per_year(self) -> float:
        """Observations a year by which dispersion is annualised, from calendar and frequency."""
        return periods_per_year(self.fund.calendar, self.frequency)

    @property
    def period(self) -> str:
        """What an observation is called: session, week or month."""
        return PERIODS[self.frequency]

    @property
    def days(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Calendar days since the first session, one integer for each session kept."""
        return ((self._labels - self.start) // pd.Timedelta(days=1)).to_numpy(dtype=np.int64)

    @property
    def positions(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Place of each session kept among all sessions; a step of more than 1 is a session left out."""
        return np.asarray(self.sessions.get_indexer(self._labels), dtype=np.int64)

    @property
    def bases(self) -> tuple[Basis, ...]:
        """``("nav", "price")`` where there is a market close, else ``("nav",)``."""
        return ("nav", "price") if "close" in self.frame else ("nav",)

    @property
    def nav_returns(self) -> pd.Series[float]:
        """Log returns of the net asset value, one for each holding interval."""
        return self._returns("nav")

    @property
    def benchmark_returns(self) -> pd.Series[float]:
        """Log returns of the benchmark over the fund's holding intervals."""
        return self._returns("benchmark")

    @property
    def multiple(self) -> float:
        """Stated multiple of the benchmark's return: 2 for a fund that doubles, -1 for an inverse one, 1 for others."""
        return 1.0 if self.fund.leverage is None else self.fund.leverage.multiple

    @property
    def target_returns(self) -> pd.Series[float]:
        """What the fund is compared with: its stated multiple of the benchmark's log returns."""
        return self.multiple * self.benchmark_returns

    @property
    def price_returns(self) -> pd.Series[float]:
        """Log returns of the market close; NaN where the close at either end of the interval is missing."""
        return self._returns("close")

    @property
    def premium(self) -> pd.Series[float]:
        """Log premium ln(close) - ln(nav), positive when the market pays more; NaN where the close is missing."""
        return (self._log("close") - self._log("nav")).rename("premium")

    def divergence(self, basis: Basis = "nav") -> pd.Series[float]:
        """Return the divergence level g = ln(fund) - L ln(benchmark), with L the fund's stated multiple (1 for most).

        Parameters
        ----------
        basis : {"nav", "price"}
            Which of the fund's series is compared.

        Returns
        -------
        pandas.Series
            One value for each session kept, a log level; NaN on price basis where the close is missing.

        Raises
        ------
        ParameterError
            If the basis is neither.
        MissingColumnError
            If the basis is price and the fund has no market close.

        Notes
        -----
        Its change is the daily divergence; the two bases differ by the log premium.

        Examples
        --------
        >>> from research.opening import load
        >>> history = load("ETHV")
        >>> gap = history.divergence("price") - history.divergence("nav") - history.premium
        >>> bool(gap.abs().max() < 1e-12)
        True
        """
        require_basis(basis)
        level = self._log("nav" if basis == "nav" else "close") - self.multiple * self._log("benchmark")
        return level.rename(f"{basis}_divergence")

    def between(self, start: pd.Timestamp | str, end: pd.Timestamp | str) -> History:
        """Return the part of the history from `start` to `end`, both included.

        Parameters
        ----------
        start, end : pandas.Timestamp or str
            Dates.

        Returns
        -------
        History
            Rows outside are in its losses as ``before_start`` and ``after_end``; findings outside are left out, those
            about a whole series stay, and so does `naive`, which is about the whole file.

        Raises
        ------
        SampleError
            If fewer than two sessions remain.

        Examples
        --------
        >>> from research.opening import load
        >>> part = load("ETHV").between("2025-01-01", "2025-12-31")
        >>> f"{part.start:%Y-%m-%d} {part.end:%Y-%m-%d} {len(part.frame)}"
        '2025-01-02 2025-12-31 250'
        """
        first, last = as_date(start, "start"), as_date(end, "end")
        frame = self.frame.loc[first:last]
        if len(frame) < 2:
            raise SampleError(
                f"{first:%Y-%m-%d} to {last:%Y-%m-%d} holds {len(frame)} sessions: a history has two at least; this "
                f"one covers {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
            )
        inside = self.sessions[(self.sessions >= frame.index[0]) & (self.sessions <= frame.index[-1])]
        found = tuple(part for item in self.findings if (part := item.within(first, last)) is not None)
        return replace(self, frame=frame, sessions=inside, losses=self._clipped(frame, first, last), findings=found)

    def describe(self) -> Table:
        """Return where each series came from: provider, clock, unit, rows and the start of its hash.

        Returns
        -------
        research.tables.Table
            One row for each source.

        Examples
        --------
        >>> from research.opening import load
        >>> list(load("ETHV").describe().to_frame().columns)
        ['column', 'provider', 'clock', 'unit', 'rows', 'sha256']
        """
        rows = [
            [item.role, item.name, item.provider, item.clock, item.unit, item.rows, item.sha256[:12]]
            for item in self.sources
        ]
        columns = ["role", "column", "provider", "clock", "unit", "rows", "sha256"]
        frame = pd.DataFrame(rows, columns=columns).set_index("role")
        simulated = any(item.simulated for item in self.sources)
        notes = ("These data are simulated.",) if simulated else ()
        return Table(frame, f"Series of {self.fund.ticker}", {"rows": ",d"}, notes)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the series on the sessions kept."""
        return self.frame.copy()

    def summary(self) -> Table:
        """Return the sample in one small table: dates, sessions, years, losses and findings."""
        wrong = sum(item.severity != "note" for item in self.findings)
        known = wrong - len(self.open_findings)
        rows: dict[str, object] = {
            "first session": f"{self.start:%Y-%m-%d}",
            "last session": f"{self.end:%Y-%m-%d}",
            f"{self.period}s": f"{len(self.frame)} of {len(self.sessions)}",
            "years": f"{self.years:.2f}",
            "bases": ", ".join(self.bases),
            "rows dropped": ", ".join(f"{rule} {n}" for rule, n in self.losses.counts().items()) or "none",
            "findings": f"{wrong}{f' ({known} acknowledged)' if known else ''}, and {len(self.findings) - wrong} notes",
        }
        mismatch = self.fund.benchmark_mismatch
        return Table.of(rows, f"Sample of {self.fund.ticker}", notes=(mismatch,) if mismatch else ())

    def screens(self) -> Table:
        """Return what the screens found, one row each."""
        return findings_table(self.findings)

    @property
    def _labels(self) -> pd.DatetimeIndex:
        return pd.DatetimeIndex(self.frame.index)

    def _log(self, column: str) -> pd.Series[float]:
        if column not in self.frame:
            raise MissingColumnError(
                f"{self.fund.ticker} has no {column} series (it has {', '.join(self.frame.columns)}): use the NAV "
                f"basis, or add series.{column} to the fund's entry"
            )
        values: pd.Series[float] = self.frame[column]
        bad = np.flatnonzero(values.to_numpy(dtype=float) <= 0.0)
        if bad.size:
            raise DataError(
                f"{self.fund.ticker}: {column} is {values.iloc[bad[0]]:g} on {self._labels[bad[0]]:%Y-%m-%d} "
                f"({bad.size} of {len(values)} rows are not positive) and has no logarithm: correct the file, or leave "
                "the cell empty where there is no value"
            )
        return pd.Series(np.log(values.to_numpy()), index=values.index, name=column)

    def _returns(self, column: str) -> pd.Series[float]:
        return self._log(column).diff().iloc[1:]

    def _clipped(self, frame: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp) -> LossReport:
        """Return the losses of the part: rows outside it are before its start or after its end, whatever they were."""
        old = self.losses.dropped
        outside = (old["date"] < first) | (old["date"] > last)
        # A session without a row is no row: outside the part it is nothing. A masked close is on a row that leaves.
        kept = old[~outside | old["rule"].isin(["before_listing", "before_start", "after_end"])]
        inside = ["weekend", "holiday", "missing_value", "masked_session", "not_sampled"]
        moved = old[outside & old["rule"].isin(inside)]["date"]
        leaving = self._labels.difference(pd.DatetimeIndex(frame.index)).append(pd.DatetimeIndex(moved))
        rows = [
            (day, "before_start", f"the sample starts on {first:%Y-%m-%d}")
            if day < first
            else (day, "after_end", f"the sample ends on {last:%Y-%m-%d}")
            for day in leaving
        ]
        added = pd.DataFrame(rows, columns=["date", "rule", "detail"]).astype({"date": "datetime64[ns]"})
        parts = [part for part in (kept, added) if len(part)]
        dropped = pd.concat(parts) if parts else kept
        dropped = dropped.sort_values("date", ignore_index=True)
        lost = int(dropped["rule"].isin(LOST_SESSIONS).sum())
        return LossReport(self.losses.rows_in, len(frame), dropped, sessions=len(frame) + lost)


def require_history(value: object, what: str) -> None:
    """Raise where `value` is no `History`: a ticker, a fund or a table is what a newcomer gives first.

    Parameters
    ----------
    value : object
        What was given.
    what : str
        The function that it was given to, as the message names it.

    Raises
    ------
    ParameterError
        The message says how to get a history from what was given.

    Examples
    --------
    >>> require_history("ETHV", "decompose")
    Traceback (most recent call last):
    ...
    research.errors.ParameterError: decompose expects a History: history = rs.load('ETHV')
    """
    if not isinstance(value, History):
        named = value if isinstance(value, str) else getattr(value, "ticker", None)
        ticker = named if isinstance(named, str) else "ETHV"  # of a table, whose attributes are its columns
        raise ParameterError(f"{what} expects a History: history = rs.load({ticker!r})")


def require_basis(basis: object) -> None:
    """Raise where `basis` is neither ``"nav"`` nor ``"price"``.

    Raises
    ------
    ParameterError
        If so.

    Examples
    --------
    >>> require_basis("market")
    Traceback (most recent call last):
    ...
    research.errors.ParameterError: basis is 'market': give 'nav' or 'price'
    """
    if not isinstance(basis, str) or basis not in ("nav", "price"):
        given = repr(basis) if isinstance(basis, str) else f"a {type(basis).__name__}"
        raise ParameterError(f"basis is {given}: give 'nav' or 'price'")
