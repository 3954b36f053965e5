"""The futures roll as the data show it: the basis, what it cost, what the trade did not, and what collateral paid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, Self

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.futures_roll.trades import RollTrades, rebuild
from research.analyses.measures import Measures, measure_basis
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, decompose
from research.decomposition.estimates import DriverEstimate
from research.drivers import measure
from research.drivers.futures import FuturesCurve, HeldFutures
from research.drivers.roll import EXPOSURE, HELD_FUTURES
from research.errors import DataError

__all__ = ["BestSchedule", "FuturesRollFacts"]

BLOCKS = 20
"""How often a horizon must fit into the sample for the error of its coefficient to mean anything."""

ERRORS = 2.0
"""Errors by which a coefficient must come nearer to 1 over longer horizons for its gap to close with time."""

SMALL = 0.5
"""Share of the roll yield's contribution below which that of curve shifts is called small."""

EXACT = 1e-9
"""Greatest log return by which a rebuilt position may differ from the one given and still be the same."""


@dataclass(frozen=True)
class BestSchedule:
    """The best of the other schedules on the same curve, in hindsight.

    Parameters
    ----------
    name : str
        Which.
    gain : float
        What it would have earned beyond the fund's own, a log return a year.
    others : int
        How many were looked at.
    """

    name: str
    gain: float
    others: int

    @property
    def relation(self) -> Literal["more", "less"]:
        """Whether it would have earned more or less than the fund's own."""
        return "more" if self.gain > 0.0 else "less"


@dataclass(frozen=True, eq=False)
class FuturesRollFacts:
    """What a futures fund's contracts did to it.

    Parameters
    ----------
    history : History
        With ``inputs["held_futures"]``.
    result : Decomposition
        On NAV basis; carry, shift and roll cost share one coefficient.
    apart : Decomposition
        The same with a coefficient for carry and one for shift.
    measures : Measures
        Tracking difference and error on NAV basis.
    basis : pandas.Series
        Annualised basis of what is held, by the session that ends each interval, a fraction; positive in contango.
    coefficients : pandas.DataFrame
        ``coefficient`` and ``std_error`` of the roll by horizon in sessions.
    curve : FuturesCurve or None
        Settlement prices; None where they are not given, and with it the next four.
    held : HeldFutures or None
        The position rebuilt from curve and schedule.
    trades : RollTrades or None
        Its rolls.
    schedules : pandas.DataFrame or None
        Other schedules on the same curve.
    long_days : float
        Days to expiry from which a contract counts as long-dated.
    """

    history: History
    result: Decomposition
    apart: Decomposition
    measures: Measures
    basis: pd.Series
    coefficients: pd.DataFrame
    curve: FuturesCurve | None
    held: HeldFutures | None
    trades: RollTrades | None
    schedules: pd.DataFrame | None
    long_days: float

    @classmethod
    def of(
        cls,
        history: History,
        *,
        roll_days: int,
        offset: int,
        cost: float,
        maturities: Sequence[float],
        long_days: float,
        horizons: Sequence[int],
        confidence: float,
    ) -> Self:
        """Measure; parameters and errors are those of `futures_roll`."""
        if HELD_FUTURES not in history.inputs:
            raise DataError(
                f"{history.fund.ticker} has no futures here: give what its contracts earned as "
                f"inputs['{HELD_FUTURES}'], the intervals of HeldFutures"
            )
        result = decompose(history, "nav", horizons=horizons, confidence=confidence)
        split = [replace(d, group="" if d.name == "curve_shift" else d.group) for d in measure(history, "nav")]
        intervals = history.inputs[HELD_FUTURES]
        inside = intervals.loc[history.start :].loc[: history.end]
        inside = inside[inside.index > history.start]
        curve, held, trades, schedules = rebuild(history, roll_days, offset, cost, maturities)
        return cls(
            history=history,
            result=result,
            apart=decompose(history, "nav", horizons=horizons, confidence=confidence, drivers=split),
            measures=measure_basis(history, "nav", result.fit, horizons, confidence),
            basis=pd.Series(-inside["roll_yield"] * 365.0 / inside["days"], inside.index, name="basis"),
            coefficients=_by_horizon(history, result, horizons),
            curve=curve,
            held=held,
            trades=trades,
            schedules=schedules,
            long_days=long_days,
        )

    def part(self, name: str) -> DriverEstimate | None:
        """Return one driver of the decomposition, or None where it does not apply."""
        return next((part for part in self.result.drivers if part.name == name), None)

    @property
    def exposure(self) -> DriverEstimate:
        """The row that holds the coefficient of the contracts, which carry, shift and roll cost share."""
        found = self.result.tested("roll_yield")
        assert found is not None
        return found

    @property
    def roll(self) -> DriverEstimate:
        """Roll yield, whose coefficient is the exposure to the contracts."""
        found = self.part("roll_yield")
        assert found is not None
        return found

    @cached_property
    def mean_basis(self) -> float:
        """Mean annualised basis of what is held, a fraction; positive in contango."""
        return float(self.basis.mean())

    @property
    def curve_is(self) -> Literal["contango", "backwardation"]:
        """On which side of spot the basis lies on average."""
        return "contango" if self.mean_basis > 0.0 else "backwardation"

    @property
    def contango(self) -> float:
        """Share of the intervals in contango."""
        return float((self.basis > 0).mean())

    @property
    def backwardation(self) -> float:
        """Share of the intervals in backwardation."""
        return float((self.basis < 0).mean())

    @property
    def shift_share(self) -> float:
        """Share of the daily tracking error variance that shifts of the curve make; NaN where they do not apply."""
        euler = self.result.euler.iloc[:, 0]
        return float(euler["curve_shift"]) if "curve_shift" in euler.index else math.nan

    @property
    def shifts(self) -> Literal["small", "as large as carry", "none"]:
        """How the shifts of the curve compare with the carry over the whole sample."""
        shift = self.part("curve_shift")
        if shift is None:
            return "none"
        return "small" if abs(shift.contribution) < SMALL * abs(self.roll.contribution) else "as large as carry"

    @property
    def gap(self) -> Literal["none", "closes with time", "does not close"]:
        """Whether the coefficient's distance from 1 shrinks over longer horizons, where there is one."""
        table = self.coefficients
        if self.exposure.identified != "estimated" or self.exposure.passes_in_full or len(table) < 2:
            return "none"
        short, long = (abs(1.0 - float(table["coefficient"].iloc[place])) for place in (0, -1))
        margin = ERRORS * math.hypot(float(table["std_error"].iloc[0]), float(table["std_error"].iloc[-1]))
        return "closes with time" if long < short - margin else "does not close"

    @property
    def net_of_bills(self) -> float:
        """What roll yield, curve shift and collateral came to together, a fraction a year."""
        wanted = {"roll_yield", "curve_shift", "collateral"}
        return sum(part.contribution for part in self.result.drivers if part.name in wanted)

    @property
    def net_is(self) -> Literal["cost", "gain"]:
        """What roll and collateral came to together."""
        return "cost" if self.net_of_bills < 0.0 else "gain"

    @property
    def maturity_days(self) -> float:
        """Average days to expiry of what is held; NaN without a curve."""
        return math.nan if self.held is None else float(self.held.states["maturity"].mean())

    @property
    def long_dated_share(self) -> float:
        """Average share of value in long-dated contracts; NaN without a curve."""
        return math.nan if self.held is None else float(self.held.long_dated_share(self.long_days).mean())

    @cached_property
    def best_schedule(self) -> BestSchedule | None:
        """The best of the other schedules; None where there is no curve to look at."""
        table = self.schedules
        if table is None or len(table) < 2:
            return None
        own, others = table["total"].iloc[0], table["total"].iloc[1:]
        return BestSchedule(str(others.idxmax()), float(others.max() - own), len(others))

    @property
    def schedule_verdict(self) -> Literal["exactly", "another", "not known"]:
        """Whether the schedule assumed rebuilds the returns of the contracts given."""
        if math.isnan(self.rebuilt_gap):
            return "not known"
        return "exactly" if self.rebuilt_gap < EXACT else "another"

    @property
    def rebuilt_gap(self) -> float:
        """Greatest difference between the position rebuilt and the one given, a log return; NaN without a curve."""
        given = self.history.inputs[HELD_FUTURES]
        if self.held is None or "futures" not in given:
            return math.nan
        return float((self.held.intervals["futures"] - given["futures"].reindex(self.held.intervals.index)).abs().max())

    def ranks(self, most: int = 4) -> dict[int, tuple[pd.Series, pd.Series]]:
        """Return days to expiry and annualised basis of the first contracts, session by session, by rank."""
        assert self.curve is not None
        spot = self.history.frame["benchmark"]
        found = {}
        for rank in range(1, most + 1):
            table = self.curve.by_rank(rank, min_days=2).reindex(spot.index).dropna()
            if not len(table):
                break
            days = pd.Series((pd.DatetimeIndex(table["expiry"]) - pd.DatetimeIndex(table.index)).days, table.index)
            price = table["price"].astype(float)
            found[rank] = (days, pd.Series(np.log(price / spot.loc[table.index]) * 365.0 / days))
        return found

    def to_record(self) -> dict[str, object]:
        """Return the ``futures_roll`` object of the result."""
        held, trades, schedules = self.held, self.trades, self.schedules
        return {
            "coefficient": self.exposure.coefficient,
            "std_error": self.exposure.std_error,
            "p_value_unity": self.exposure.p_value_unity,
            "by_horizon": [
                {"sessions": int(h), "coefficient": float(c), "std_error": float(e)}
                for h, (c, e) in zip(self.coefficients.index, self.coefficients.to_numpy(), strict=True)
            ],
            "mean_basis_bp": self.mean_basis / BASIS_POINT,
            "contango_share": self.contango,
            "backwardation_share": self.backwardation,
            "rolls": None if trades is None else len(trades.rolls),
            "spliced_books_bp": None if trades is None else trades.booked / BASIS_POINT,
            "frozen_curve_return": None if trades is None else trades.frozen,
            "maturity_days": None if held is None else self.maturity_days,
            "long_dated_share": None if held is None else self.long_dated_share,
            "schedules": []
            if schedules is None
            else [
                {"schedule": str(name), "total_bp": total / BASIS_POINT, "maturity_days": maturity}
                for name, total, maturity in zip(
                    schedules.index, schedules["total"], schedules["maturity"], strict=True
                )
            ],
        }


def _by_horizon(history: History, result: Decomposition, horizons: Sequence[int]) -> pd.DataFrame:
    """Return the slope of what the roll must explain on what the contracts did, by horizon.

    Parameters
    ----------
    history : History
        With futures.
    result : Decomposition
        On NAV basis; its other drivers are taken off first.
    horizons : sequence of int
        Sessions; one that does not fit twenty times into the sample is left out, because overlapping changes say
        nothing about their own error then.

    Returns
    -------
    pandas.DataFrame
        ``coefficient`` and ``std_error`` (Newey-West, twice the horizon in lags), by horizon.
    """
    from statsmodels.regression.linear_model import OLS  # noqa: PLC0415 - a slow import, used only here

    grouped = [driver for driver in measure(history, "nav") if driver.group == EXPOSURE]
    names = [driver.name for driver in grouped]
    stated = pd.concat([driver.level for driver in grouped], axis=1).sum(axis=1)
    others = [name for name in result.components if name not in (*names, "unexplained")]
    wanted = result.total - result.components[others].sum(axis=1)
    rows = {}
    for sessions in horizons:
        x, y = (values.diff(sessions).dropna().to_numpy() for values in (stated, wanted))
        if len(x) < BLOCKS * sessions:
            continue
        fit = OLS(y, np.column_stack([x, np.ones(len(x))])).fit(
            cov_type="HAC", cov_kwds={"maxlags": 2 * sessions, "use_correction": True}
        )
        rows[sessions] = [float(fit.params[0]), float(fit.bse[0])]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["coefficient", "std_error"])
