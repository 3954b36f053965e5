"""What the contracts held have earned: their return, its split over spot, and the cost of rolling."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from research.conventions import DAYS_PER_YEAR, basis_points
from research.drivers.futures.basis import backwardation_share, contango_share
from research.errors import MissingColumnError, ParameterError
from research.tables import Table, signed

__all__ = ["HeldFutures"]


@dataclass(frozen=True, eq=False)
class HeldFutures:
    """Returns of a futures position over each interval, and its state after each close.

    Parameters
    ----------
    intervals : pandas.DataFrame of float, one row for each session but the first
        Labelled by the session that ends the interval. ``days`` (calendar), ``futures`` (log return of the contracts
        held, before cost), ``cost`` (log return, negative) and, where a spot price was given, ``spot``,
        ``roll_yield`` and ``curve_shift``, all log returns: ``futures − spot = roll_yield + curve_shift``.
    states : pandas.DataFrame of float, one row for each session
        After the close: ``maturity`` (average calendar days to expiry by number of contracts), ``turnover`` (value
        traded at that close over value held, sales and purchases both) and, with spot, ``basis`` (annualised, a
        fraction, averaged by value).
    weights : pandas.DataFrame of float
        Share of value by maturity or contract after each close.
    name : str
        The schedule.

    Notes
    -----
    ``intervals`` is what the drivers read, as ``history.inputs["held_futures"]``.
    """

    intervals: pd.DataFrame = field(repr=False)
    states: pd.DataFrame = field(repr=False)
    weights: pd.DataFrame = field(repr=False)
    name: str

    @property
    def log_returns(self) -> pd.Series:
        """Log return of the position over each interval, after the cost of rolling."""
        return (self.intervals["futures"] + self.intervals["cost"]).rename("log_return")

    @property
    def simple_returns(self) -> pd.Series:
        """Simple return of the position over each interval, after the cost of rolling."""
        return pd.Series(np.expm1(self.log_returns), name="simple_return")

    @property
    def basis(self) -> pd.Series:
        """Annualised basis of the contracts held, a fraction; positive in contango.

        Raises
        ------
        MissingColumnError
            If no spot price was given.
        """
        if "basis" not in self.states:
            raise MissingColumnError("there is no basis without a spot price: give `spot` to the engine")
        return self.states["basis"]

    def excess_return_index(self, base: float = 100.0) -> pd.Series:
        """Return the index of the position without interest, after cost; `base` at the first session.

        Raises
        ------
        ParameterError
            If the base is not positive.
        """
        if not 0 < base < np.inf:
            raise ParameterError(f"the index starts at {base!r}: give a positive number")
        level = np.concatenate([[0.0], np.cumsum(self.log_returns.to_numpy())])
        return pd.Series(base * np.exp(level), index=self.states.index, name="excess_return_index")

    def long_dated_share(self, days: float) -> pd.Series:
        """Return the share of value in contracts with more than `days` calendar days to run, session by session."""
        columns = self.weights.columns
        if isinstance(columns, pd.DatetimeIndex):
            left = columns.to_numpy()[None, :] - self.weights.index.to_numpy()[:, None] > pd.Timedelta(days=days)
        else:
            left = np.broadcast_to(columns.to_numpy(dtype=float) > days, self.weights.shape)
        return pd.Series((self.weights.to_numpy() * left).sum(axis=1), index=self.weights.index, name="long_dated")

    def per_year(self) -> pd.Series:
        """Return what each column has earned per calendar year, a log return (Act/365)."""
        returns = self.intervals.drop(columns="days")
        return (returns.sum() * DAYS_PER_YEAR / self.intervals["days"].sum()).rename("per_year")

    def summary(self) -> Table:
        """Return returns a year in basis points, average maturity, turnover and the shares of contango."""
        rows = {f"{name.replace('_', ' ')} (bp a year)": basis_points(v) for name, v in self.per_year().items()}  # type: ignore[attr-defined]
        rows["average maturity (days)"] = float(self.states["maturity"].mean())
        years = self.intervals["days"].sum() / DAYS_PER_YEAR
        rows["turnover (times a year)"] = float(self.states["turnover"].iloc[1:].sum() / years)
        if "basis" in self.states:
            rows["sessions in contango (%)"] = 100 * contango_share(self.basis)
            rows["sessions in backwardation (%)"] = 100 * backwardation_share(self.basis)
        frame = pd.DataFrame({"value": list(rows.values())}, index=list(rows))
        return Table(frame, f"Futures held: {self.name}", {"value": signed(1)})

    def __str__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()
