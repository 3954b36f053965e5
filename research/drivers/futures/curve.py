"""Futures curve by contract: settlement prices, from which ranks and constant maturities are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.errors import AlignmentError, DataError, ParameterError
from research.tables import Result, Table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["FuturesCurve", "as_dates", "as_prices", "calendar_days", "check_positive", "contract", "day", "spanned"]


def contract(expiry: object) -> str:
    """Return how a contract is called in a message."""
    return f"the contract expiring {day(expiry)}"


@dataclass(frozen=True, eq=False)
class FuturesCurve(Result):
    """Settlement prices of every contract of one future.

    Parameters
    ----------
    prices : pandas.DataFrame of float, shape (sessions, contracts)
        Rows are sessions, columns are expiry dates (the day of the last settlement), both strictly increasing. NaN
        where a contract is not listed.

    Raises
    ------
    DataError
        If labels are not sorted, unique dates; if a price is zero, negative or infinite; if a contract has a price
        after its expiry. The message names session and contract.

    Notes
    -----
    A NaN between a contract's first price and its expiry is a hole. It is an error only where that price is needed
    (`hold`), since files lack prices of contracts that nobody holds; `holes` lists them. Nothing is interpolated over
    time or filled.

    Examples
    --------
    >>> days = pd.to_datetime(["2024-01-15", "2024-01-16", "2024-01-17", "2024-01-18"])
    >>> curve = FuturesCurve(
    ...     pd.DataFrame(
    ...         {"2024-01-17": [10.0, 10.1, 10.2, np.nan], "2024-02-14": [11.0, 11.0, 11.0, 11.0]}, index=days
    ...     ).rename(columns=pd.Timestamp)
    ... )
    >>> curve.by_rank(1)["price"].tolist()
    [10.0, 10.1, 11.0, 11.0]
    """

    prices: pd.DataFrame = field(repr=False)

    def __post_init__(self) -> None:
        rows = as_dates(self.prices.index, "sessions of the curve")
        columns = as_dates(self.prices.columns, "expiries of the curve")
        values = as_prices(self.prices, "prices of the curve")
        check_positive(values, rows, [contract(expiry) for expiry in columns])
        late = ~np.isnan(values) & (columns.to_numpy()[None, :] < rows.to_numpy()[:, None])
        if late.any():
            row, column = (int(place) for place in np.argwhere(late)[0])
            raise DataError(
                f"{contract(columns[column])} has a price on {day(rows[row])}, after its expiry: correct the expiry, "
                "or drop the prices that stand below it"
            )
        object.__setattr__(self, "prices", pd.DataFrame(values, index=rows, columns=columns))

    @classmethod
    def from_ranks(cls, prices: pd.DataFrame, expiries: pd.DataFrame) -> FuturesCurve:
        """Return the curve by contract of a table by rank, given when each rank expires.

        Parameters
        ----------
        prices : pandas.DataFrame of float, shape (sessions, ranks)
            Settlement of the first, second ... nearby.
        expiries : pandas.DataFrame of datetime, same labels
            Expiry of the contract that is first, second ... on each session.

        Returns
        -------
        FuturesCurve

        Raises
        ------
        AlignmentError
            If the two tables do not carry the same labels.
        DataError
            If two ranks name one contract on one session, or a price has no expiry.

        Notes
        -----
        A price series by rank changes contract on every roll day; its change on that day is the calendar spread, not
        a return. So a table by rank is taken apart into contracts before anything is computed.

        Examples
        --------
        >>> days = pd.to_datetime(["2024-01-16", "2024-01-17"])
        >>> expiries = pd.DataFrame({1: pd.to_datetime(["2024-01-17", "2024-02-14"])}, index=days)
        >>> FuturesCurve.from_ranks(pd.DataFrame({1: [10.0, 11.0]}, index=days), expiries).prices.shape
        (2, 2)
        """
        if not (prices.index.equals(expiries.index) and prices.columns.equals(expiries.columns)):
            raise AlignmentError("prices and expiries by rank differ in their labels: give one expiry for each price")
        rows = as_dates(prices.index, "sessions of the curve")
        table = pd.DataFrame(
            {
                "session": np.repeat(rows, prices.shape[1]),
                "expiry": pd.to_datetime(expiries.to_numpy().ravel()),
                "price": as_prices(prices, "prices of the curve").ravel(),
            }
        ).dropna(subset="price")
        if table["expiry"].isna().any():
            first = table[table["expiry"].isna()].iloc[0]
            raise DataError(f"a price of {first['price']:g} on {day(first['session'])} has no expiry: state it")
        twice = table[table.duplicated(["session", "expiry"])]
        if len(twice):
            first = twice.iloc[0]
            raise DataError(
                f"two ranks are {contract(first['expiry'])} on {day(first['session'])}: correct the expiries by rank"
            )
        wide = table.pivot(index="session", columns="expiry", values="price").reindex(rows)  # noqa: PD010 - labels are unique
        return cls(pd.DataFrame(wide.to_numpy(), index=rows, columns=pd.DatetimeIndex(wide.columns)))

    @property
    def sessions(self) -> pd.DatetimeIndex:
        """Sessions with a row."""
        return pd.DatetimeIndex(self.prices.index)

    @property
    def expiries(self) -> pd.DatetimeIndex:
        """Expiry of each contract."""
        return pd.DatetimeIndex(self.prices.columns)

    @property
    def days_to_expiry(self) -> pd.DataFrame:
        """Calendar days from each session to each expiry; negative once a contract has expired."""
        return pd.DataFrame(self._days(), index=self.sessions, columns=self.expiries)

    @property
    def listed(self) -> pd.DataFrame:
        """Whether each contract is alive: from its first price to its expiry, both included."""
        known = self.prices.notna().to_numpy()
        begun = np.logical_or.accumulate(known, axis=0)
        return pd.DataFrame(begun & (self._days() >= 0), index=self.sessions, columns=self.expiries)

    def to_frame(self) -> pd.DataFrame:
        """Return a copy of the prices."""
        return self.prices.copy()

    def summary(self) -> Table:
        """Return what the curve covers."""
        rows = {
            "sessions": spanned(self.sessions),
            "contracts": f"{len(self.expiries)}, expiring {day(self.expiries[0])} to {day(self.expiries[-1])}",
            "settlements": str(int(self.prices.notna().to_numpy().sum())),
            "holes": str(len(self.holes())),
        }
        return Table.of(rows, "Futures curve by contract")

    def holes(self) -> tuple[tuple[pd.Timestamp, pd.Timestamp], ...]:
        """Return session and expiry of every missing price inside a contract's life, by session."""
        missing = self.listed.to_numpy() & self.prices.isna().to_numpy()
        return tuple((self.sessions[row], self.expiries[column]) for row, column in np.argwhere(missing))

    def select(self, expiries: Iterable[object]) -> FuturesCurve:
        """Return the curve of some contracts only, such as the quarterly ones.

        Raises
        ------
        DataError
            If there is no contract of such an expiry.
        """
        wanted = pd.DatetimeIndex([pd.Timestamp(expiry) for expiry in expiries])  # type: ignore[arg-type]
        absent = wanted.difference(self.expiries)
        if len(absent):
            near = self.expiries[int(np.abs(self.expiries - absent[0]).argmin())]
            raise DataError(f"the curve has no contract expiring {day(absent[0])}: the nearest one expires {day(near)}")
        return FuturesCurve(self.prices[wanted.sort_values()])

    def by_rank(self, rank: int, *, min_days: int = 1) -> pd.DataFrame:
        """Return price and expiry of the first, second ... nearby contract on each session.

        Parameters
        ----------
        rank : int
            1 is the contract that expires next.
        min_days : int
            Calendar days that a contract must have left to be ranked: 1 ranks a contract no longer on its expiry day,
            0 still does.

        Returns
        -------
        pandas.DataFrame
            ``expiry`` and ``price``; NaT and NaN where fewer contracts are listed, NaN for the price of a hole.

        Raises
        ------
        ParameterError
            If the rank is below 1 or `min_days` negative.

        Notes
        -----
        For looking at a curve. The change of this price is not a return: use `hold`.
        """
        if rank < 1 or min_days < 0:
            raise ParameterError(f"rank is {rank} and min_days {min_days}: ranks start at 1, days at 0")
        alive = self.listed.to_numpy() & (self._days() >= min_days)
        chosen = alive & (np.cumsum(alive, axis=1) == rank)
        found, column = chosen.any(axis=1), chosen.argmax(axis=1)
        prices = np.where(found, self.prices.to_numpy()[np.arange(len(column)), column], np.nan)
        expiry = pd.Series(self.expiries[column], index=self.sessions).where(found)
        return pd.DataFrame({"expiry": expiry, "price": prices}, index=self.sessions)

    def constant_maturity(self, days: float) -> pd.Series:
        """Return the price at a fixed number of days ahead, linear in time between the two contracts around it.

        Parameters
        ----------
        days : float
            Calendar days ahead.

        Returns
        -------
        pandas.Series of float
            One price for each session.

        Raises
        ------
        DataError
            If on some session no contract expires before, or none after, that many days; or a price needed is missing.

        Notes
        -----
        ``F(τ) = w·F₁ + (1 − w)·F₂`` with ``w = (τ₂ − τ)/(τ₂ − τ₁)``: the price of the position that
        `constant_maturity` (the schedule) holds. Its change over time is not the return of that position, which one
        day later has one day less to run.
        """
        weights = self.maturity_weights(days)
        values = self.prices.to_numpy()
        missing = (weights > 0) & np.isnan(values)
        if missing.any():
            row, column = (int(place) for place in np.argwhere(missing)[0])
            raise DataError(
                f"{contract(self.expiries[column])} has no price on {day(self.sessions[row])}, where the maturity of "
                f"{days:g} days needs it: supply the settlement or leave the session out"
            )
        price = np.where(weights > 0, weights * np.where(np.isnan(values), 0.0, values), 0.0).sum(axis=1)
        return pd.Series(price, index=self.sessions, name=f"{days:g} days")

    def maturity_weights(self, days: float) -> NDArray[np.float64]:
        """Return contract counts, summing to one, whose average maturity is `days` on each session.

        Raises
        ------
        ParameterError
            If `days` is not positive.
        DataError
            If on some session no contract expires before, or none after, that many days.
        """
        if not 0 < days < np.inf:
            raise ParameterError(f"a maturity of {days!r} days: give a positive number of calendar days")
        left = np.where(self.listed.to_numpy() & (self._days() > 0), self._days().astype(float), np.nan)
        near = np.where(left <= days, left, -np.inf).max(axis=1)
        far = np.where(left > days, left, np.inf).min(axis=1)
        exact = near == days
        lacking = np.isinf(near) | (np.isinf(far) & ~exact)
        if lacking.any():
            row = int(lacking.argmax())
            side = "before" if np.isinf(near[row]) else "after"
            raise DataError(
                f"on {day(self.sessions[row])} no contract expires {side} a maturity of {days:g} days: choose a "
                "maturity inside the listed contracts, or leave the session out"
            )
        share = np.where(exact, 1.0, (far - days) / np.where(exact, 1.0, far - near))
        weights: NDArray[np.float64] = np.where(left == near[:, None], share[:, None], 0.0)
        return weights + np.where((left == far[:, None]) & ~exact[:, None], 1.0 - share[:, None], 0.0)

    def _days(self) -> NDArray[np.int64]:
        rows = self.sessions.to_numpy(dtype="datetime64[D]")
        columns = self.expiries.to_numpy(dtype="datetime64[D]")
        days: NDArray[np.int64] = (columns[None, :] - rows[:, None]).astype(np.int64)
        return days


def day(label: object) -> str:
    """Return a date label as text."""
    return f"{pd.Timestamp(label):%Y-%m-%d}"  # type: ignore[arg-type]


def spanned(labels: pd.DatetimeIndex) -> str:
    """Return how many date labels there are, and from when to when."""
    return f"{len(labels)}, {day(labels[0])} to {day(labels[-1])}"


def as_dates(labels: pd.Index, what: str) -> pd.DatetimeIndex:
    """Return labels as naive, normalised, strictly increasing dates; raise where they are not.

    Raises
    ------
    DataError
        Naming the first label that is wrong.
    """
    if not isinstance(labels, pd.DatetimeIndex):
        raise DataError(f"the {what} are not dates but {labels.dtype}: convert them with pandas.to_datetime")
    if len(labels) == 0:
        raise DataError(f"there are no {what}: give one at least")
    if labels.tz is not None:
        raise DataError(
            f"the {what} carry time zone {labels.tz}: a label is a date; use .tz_localize(None).normalize()"
        )
    if labels.hasnans:
        raise DataError(f"one of the {what} is not a date (place {int(labels.isna().argmax())}): correct or drop it")
    timed = labels[labels != labels.normalize()]
    if len(timed):
        raise DataError(f"one of the {what} has a time of day, {timed[0]}: normalise the labels")
    if not labels.is_unique:
        raise DataError(
            f"the {what} hold {day(labels[labels.duplicated()][0])} more than once: decide which one is right"
        )
    if not labels.is_monotonic_increasing:
        place = int((np.diff(labels.asi8) < 0).argmax()) + 1
        raise DataError(f"the {what} are not in order: {day(labels[place])} follows a later date; sort them")
    return pd.DatetimeIndex(labels.to_numpy(dtype="datetime64[ns]"))


def as_prices(prices: pd.DataFrame, what: str) -> NDArray[np.float64]:
    """Return the values of a table as floats, NaN where there is no price.

    Raises
    ------
    DataError
        If a value is not a number.
    """
    try:
        return prices.to_numpy(dtype="float64", na_value=np.nan, copy=True)
    except (TypeError, ValueError):
        raise DataError(f"the {what} hold text: read the file with its thousands separator and null marker") from None


def check_positive(values: NDArray[np.float64], rows: pd.DatetimeIndex, names: list[str]) -> None:
    """Raise where a price is zero, negative or infinite; NaN is no price and passes.

    Raises
    ------
    DataError
        Naming session, contract and value.
    """
    bad = ~np.isnan(values) & ~((values > 0) & np.isfinite(values))
    if bad.any():
        row, column = (int(place) for place in np.argwhere(bad)[0])
        raise DataError(
            f"{names[column]} settles at {values[row, column]:g} on {day(rows[row])}: a return needs a positive "
            "price; set a placeholder to NaN, and where the market did settle there hold another contract or leave "
            "the session out"
        )


def calendar_days(rows: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Return the calendar days of each interval between sessions, one fewer than sessions."""
    days: NDArray[np.int64] = np.diff(rows.to_numpy(dtype="datetime64[D]")).astype(np.int64)
    return days
