"""Expense ratio as a schedule: periods in time, tiers by assets, accrued on every calendar day."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from research.conventions import DAYS_PER_YEAR
from research.errors import DataError, SampleError
from research.funds.fact import FrozenModel, Status, Text
from research.tables import Result, Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["MAX_ASSET_AGE_DAYS", "FeePeriod", "FeeSchedule", "FeeTier"]


def _dollars(amount: float) -> str:
    return f"${amount / 1e9:g} bn" if amount >= 1e8 else f"${amount:,.0f}"


class FeeTier(FrozenModel):
    """The rate on the slice of assets below `up_to` and above the tier before.

    Parameters
    ----------
    rate : float
        Fraction a year: 0.0020 is 0.20 %.
    up_to : float, optional
        Upper end of the slice in US dollars; None for no limit.
    """

    rate: float = Field(ge=0.0, lt=0.2)
    up_to: float | None = Field(default=None, gt=0.0)


class FeePeriod(FrozenModel):
    """Days on which one set of tiers holds.

    Parameters
    ----------
    start, end : date
        First and last day, both inclusive; `end` None for a period that lasts.
    tiers : tuple of FeeTier
        Marginal tiers, ascending; the last one has no limit.
    note : str
        What the period is, in words.
    source, status : str, optional
        As in `Fact`, where they differ from the schedule's own.
    """

    start: dt.date
    end: dt.date | None = None
    tiers: tuple[FeeTier, ...] = Field(min_length=1)
    note: str = ""
    source: Text | None = None
    status: Status | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end is not None and self.end < self.start:
            raise ValueError(f"the period ends on {self.end}, before its start on {self.start}")
        limits = [tier.up_to for tier in self.tiers]
        if limits[-1] is not None:
            raise ValueError("the last tier has a limit: leave its up_to out, so that every dollar has a rate")
        bounded = [limit for limit in limits[:-1] if limit is not None]
        if len(bounded) != len(limits) - 1:
            raise ValueError("only the last tier may be without up_to")
        if any(high <= low for low, high in pairwise(bounded)):
            raise ValueError("tiers must ascend: each up_to above the one before")
        return self

    def __str__(self) -> str:
        until = f"{self.start} to {self.end}" if self.end else f"from {self.start}"
        return f"{until}: {self.terms}"

    __repr__ = __str__

    @property
    def terms(self) -> str:
        """The tiers in words: ``0.00 % up to $1.5 bn, 0.20 % beyond``."""
        if self.is_flat:
            return f"{self.tiers[0].rate:.2%}".replace("%", " %")
        words = [
            f"{tier.rate * 100:.2f} % " + (f"up to {_dollars(tier.up_to)}" if tier.up_to else "beyond")
            for tier in self.tiers
        ]
        return ", ".join(words)

    @property
    def is_flat(self) -> bool:
        """Whether the rate is the same whatever the assets."""
        return len({tier.rate for tier in self.tiers}) == 1

    def effective_rate(self, assets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the rate on the whole of `assets`: each tier's rate weighted by the slice that falls into it.

        Parameters
        ----------
        assets : numpy.ndarray, shape (n,)
            US dollars, finite and not negative; a fund without assets pays the first tier's rate.

        Returns
        -------
        numpy.ndarray, shape (n,)
            Fraction a year.

        Notes
        -----
        Effective rate = sum(rate_i * slice_i) / assets.

        Examples
        --------
        >>> period = FeePeriod(start="2024-07-23", tiers=[{"rate": 0.0, "up_to": 1e9}, {"rate": 0.002}])
        >>> period.effective_rate(np.array([5e8, 2e9]))
        array([0.   , 0.001])
        """
        edges = np.array([0.0, *(np.inf if tier.up_to is None else tier.up_to for tier in self.tiers)])
        rates = np.array([tier.rate for tier in self.tiers])
        slices = np.clip(assets[:, None], edges[:-1], edges[1:]) - edges[:-1]
        empty = assets == 0.0
        weights = slices / np.where(empty, 1.0, assets)[:, None]
        weights[empty, 0] = 1.0
        effective: NDArray[np.float64] = weights @ rates
        return effective


MAX_ASSET_AGE_DAYS = 7
"""How long assets speak for: the longest gap between NYSE sessions since 1933 was seven days, in September 2001."""

ONE_DAY = dt.timedelta(days=1)


class FeeSchedule(Result, FrozenModel):
    """The sponsor fee through time.

    Parameters
    ----------
    periods : tuple of FeePeriod
        Contiguous and ascending; only the last may be without end.
    source, status : str
        As in `Fact`.
    paid : {"daily", "monthly", "quarterly"}, optional
        When what has accrued leaves the fund. Until then it is a debt in dollars; None where it is not known.
    paid_source : str, optional
        Where that was read.
    booked : {"session", "month end"}
        Up to which day a session's net asset value holds the fee: its own, or, of the last session of a month, the last
        day of that month.
    assets_below : float, optional
        US dollars that the fund's assets never exceeded. Lets a tiered period be used without daily assets where
        everything below this amount lies in its first tier. `Fund` sets it from its own fact of that name.

    Examples
    --------
    >>> fee = FeeSchedule(
    ...     periods=[
    ...         {"start": "2024-07-23", "end": "2025-07-22", "tiers": [{"rate": 0.0}]},
    ...         {"start": "2025-07-23", "tiers": [{"rate": 0.002}]},
    ...     ],
    ...     source="prospectus",
    ...     status="READ",
    ... )
    >>> fee.accrual(pd.to_datetime(["2025-07-18", "2025-07-22", "2025-07-23", "2025-07-28"])).round(8)
    2025-07-18    0.000000
    2025-07-22    0.000000
    2025-07-23   -0.000005
    2025-07-28   -0.000033
    Name: expense_ratio, dtype: float64
    """

    periods: tuple[FeePeriod, ...] = Field(min_length=1)
    source: Text
    status: Status
    paid: Literal["daily", "monthly", "quarterly"] | None = None
    paid_source: Text | None = None
    booked: Literal["session", "month end"] = "session"
    assets_below: float | None = Field(default=None, gt=0.0)

    @model_validator(mode="after")
    def _contiguous(self) -> Self:
        for before, after in pairwise(self.periods):
            if before.end is None:
                raise ValueError(f"the period from {before.start} has no end but is not the last one")
            if after.start != before.end + ONE_DAY:
                raise ValueError(
                    f"periods must follow each other without gap or overlap: one ends on {before.end}, "
                    f"the next starts on {after.start} instead of {before.end + ONE_DAY}"
                )
        return self

    @property
    def headline(self) -> float:
        """The highest rate of the last period: what a fact sheet prints as the sponsor fee, a fraction a year."""
        return max(tier.rate for tier in self.periods[-1].tiers)

    def status_of(self, period: FeePeriod) -> Status:
        """Return the status of a period: its own where it states one, else the schedule's."""
        return period.status or self.status

    def regimes(self, start: dt.date, end: dt.date) -> tuple[FeePeriod, ...]:
        """Return the periods that touch the days from `start` to `end`, clipped to them.

        Parameters
        ----------
        start, end : date or Timestamp
            First and last day, both inclusive.

        Returns
        -------
        tuple of FeePeriod
            Ascending; days outside the schedule have none.

        Raises
        ------
        SampleError
            If `end` lies before `start`.

        Examples
        --------
        >>> fee = FeeSchedule(periods=[{"start": "2024-07-23", "tiers": [{"rate": 0.002}]}], source="s", status="READ")
        >>> [str(period) for period in fee.regimes(dt.date(2025, 1, 1), dt.date(2025, 6, 30))]
        ['2025-01-01 to 2025-06-30: 0.20 %']
        """
        first, last = pd.Timestamp(start).date(), pd.Timestamp(end).date()
        if last < first:
            raise SampleError(f"the regimes are asked for from {first} to {last}: the end lies before the start")
        clipped = []
        for period in self.periods:
            begin, stop = max(period.start, first), min(period.end or last, last)
            if begin <= stop:
                clipped.append(period.model_copy(update={"start": begin, "end": stop}))
        return tuple(clipped)

    def rates(self, days: pd.DatetimeIndex, assets: pd.Series[float] | None = None) -> pd.Series[float]:
        """Return the expense ratio of each calendar day, tiers applied to that day's assets.

        Parameters
        ----------
        days : pandas.DatetimeIndex, length n
            Naive, normalised, strictly increasing days, sessions or not.
        assets : pandas.Series, optional
            Fund assets in US dollars by session. A day that is not a session has the assets of the last session
            before it, because a fee accrues on the NAV struck last; seven days is the furthest that reaches.

        Returns
        -------
        pandas.Series, length n
            Fraction a year, named ``expense_ratio``.

        Raises
        ------
        DataError
            If a day lies outside the schedule, days are unsorted, or assets are needed and are absent, NaN,
            infinite, negative or too old. NaN is never filled.

        Notes
        -----
        Marginal tiers: rate = sum(rate_i * slice_i) / assets, each day by itself. Applying them to average assets
        overstates a waiver on the first dollars, because the waiver is concave in assets.

        Examples
        --------
        >>> fee = FeeSchedule(periods=[{"start": "2024-07-23", "tiers": [{"rate": 0.002}]}], source="s", status="READ")
        >>> fee.rates(pd.date_range("2024-07-27", periods=2)).tolist()
        [0.002, 0.002]
        """
        _check_days(days, "days")
        self._check_covered(days)
        values = np.full(len(days), np.nan)
        for period in self.periods:
            inside = np.asarray(days >= pd.Timestamp(period.start))
            if period.end is not None:
                inside &= np.asarray(days <= pd.Timestamp(period.end))
            if inside.any():
                values[inside] = self._period_rates(period, days[inside], assets)
        return pd.Series(values, index=days, name="expense_ratio")

    def accrual(self, sessions: pd.DatetimeIndex, assets: pd.Series[float] | None = None) -> pd.Series[float]:
        """Return the cumulated log return that the fee takes from the NAV, by session.

        Parameters
        ----------
        sessions : pandas.DatetimeIndex, length n
            Naive, normalised, strictly increasing session labels.
        assets : pandas.Series, optional
            Fund assets in US dollars, one for every session on which a tier matters; other labels are not looked at.

        Returns
        -------
        pandas.Series, length n
            0.0 at the first session, then not increasing; a fraction, named ``expense_ratio``.

        Raises
        ------
        DataError
            As in `rates`; also if there is no session.

        Notes
        -----
        accrual(t) = -sum of ER(day)/365 over the calendar days after the first session up to and including t. The rate
        of day t belongs to the interval that ends on t: a Monday carries Saturday, Sunday and itself.

        Examples
        --------
        >>> fee = FeeSchedule(
        ...     periods=[{"start": "2024-07-23", "tiers": [{"rate": 0.00365}]}], source="prospectus", status="READ"
        ... )
        >>> fee.accrual(pd.to_datetime(["2024-07-25", "2024-07-26", "2024-07-29"])).round(9).tolist()
        [0.0, -1e-05, -4e-05]
        """
        _check_days(sessions, "sessions")
        if len(sessions) == 0:
            raise DataError("the fee cannot accrue over no sessions at all: give at least one")
        if assets is not None:
            _check_days(assets.index, "labels of assets")
            # A session without assets stays NaN here, so that no other session's assets take its place.
            assets = assets.reindex(sessions)
        days = pd.date_range(sessions[0] + pd.Timedelta(days=1), sessions[-1], freq="D")
        daily = self.rates(days, assets).to_numpy() / DAYS_PER_YEAR
        cumulated = np.concatenate([[0.0], np.cumsum(daily)])
        elapsed = np.asarray((sessions - sessions[0]).days)
        return pd.Series(0.0 - cumulated[elapsed], index=sessions, name="expense_ratio")

    def summary(self) -> Table:
        """Return the periods, one row each: last day, rate by assets, status and what the source says of it."""
        rows = [
            ("" if period.end is None else str(period.end), period.terms, self.status_of(period), period.note)
            for period in self.periods
        ]
        first = [str(period.start) for period in self.periods]
        frame = pd.DataFrame(rows, index=first, columns=["to", "rate a year", "status", "note"])
        paid = () if self.paid is None else (f"Paid {self.paid}.",)
        return Table(frame, f"Expense ratio by period: {self.source}", notes=paid)

    def _check_covered(self, days: pd.DatetimeIndex) -> None:
        if len(days) == 0:
            return
        first, last = self.periods[0].start, self.periods[-1].end
        if days[0].date() < first:
            raise DataError(
                f"no fee is known for {days[0]:%Y-%m-%d}: the fee schedule begins on {first}; "
                "start the sample there or add a fee period"
            )
        if last is not None and days[-1].date() > last:
            raise DataError(
                f"no fee is known for {days[-1]:%Y-%m-%d}: the fee schedule ends on {last}; "
                "end the sample there or add a fee period"
            )

    def _period_rates(
        self, period: FeePeriod, days: pd.DatetimeIndex, assets: pd.Series[float] | None
    ) -> NDArray[np.float64]:
        first = period.tiers[0]
        if period.is_flat:
            return np.full(len(days), first.rate)
        if assets is not None:
            return period.effective_rate(_assets_on(days, assets))
        if self.assets_below is not None and first.up_to is not None and self.assets_below <= first.up_to:
            return np.full(len(days), first.rate)
        raise DataError(
            f"the fee of {days[0]:%Y-%m-%d} depends on assets ({period.terms}) and no daily assets are given: add a "
            "shares_outstanding series to the fund in funds.toml (file and column with the daily share count), "
            "or assets_below with its source where assets are known to have stayed in the first tier"
        )


def _check_days(days: pd.Index, what: str) -> None:
    """Refuse labels that are not naive, normalised, strictly increasing days."""
    if not isinstance(days, pd.DatetimeIndex):
        raise DataError(f"{what} must be a pandas.DatetimeIndex of days, not {type(days).__name__}")
    if days.hasnans:
        raise DataError(f"{what} hold a missing date at position {int(np.argmax(days.isna()))}: drop the row")
    if days.tz is not None or not days.equals(days.normalize()):
        raise DataError(f"{what} must be days without time or zone: use session labels, not instants")
    steps = np.diff(days.asi8)
    if (steps <= 0).any():
        at = days[int(np.argmax(steps <= 0)) + 1]
        raise DataError(f"{what} must strictly increase, and {at:%Y-%m-%d} does not: sort them and drop duplicates")


def _assets_on(days: pd.DatetimeIndex, assets: pd.Series[float]) -> NDArray[np.float64]:
    """Return the assets that each day's fee is charged on: those of the day, or of the last session before it."""
    _check_days(assets.index, "labels of assets")
    labels = pd.DatetimeIndex(assets.index)
    at = labels.searchsorted(days, side="right") - 1
    if (at < 0).any():
        raise DataError(f"the fee of {days[int(np.argmax(at < 0))]:%Y-%m-%d} depends on assets, which begin later")
    age = np.asarray((days - labels[at]).days)
    if (age > MAX_ASSET_AGE_DAYS).any():
        worst = int(np.argmax(age > MAX_ASSET_AGE_DAYS))
        raise DataError(
            f"the fee of {days[worst]:%Y-%m-%d} depends on assets, and the last known are of "
            f"{labels[at[worst]]:%Y-%m-%d}: give assets for every session"
        )
    values = np.asarray(assets.to_numpy()[at], dtype=np.float64)
    wrong = ~(np.isfinite(values) & (values >= 0.0))
    if wrong.any():
        first = int(np.argmax(wrong))
        raise DataError(
            f"assets of {labels[at[first]]:%Y-%m-%d} are {values[first]}: the fee depends on them and needs a "
            "finite amount of dollars, zero or more"
        )
    return values
