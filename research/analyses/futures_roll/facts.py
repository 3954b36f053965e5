"""The futures roll as the data show it: the basis, what it cost, what the trade did not, and what collateral paid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.analyses.futures_roll.coefficient import coefficients_by_horizon, coefficients_table
from research.analyses.futures_roll.record import roll_lead, roll_record
from research.analyses.futures_roll.trades import RollTrades, rebuild, schedules_table
from research.analyses.futures_roll.words import roll_conclusions, roll_limits
from research.analyses.lead import Lead
from research.analyses.measures import Measures, measure_basis
from research.analyses.phrases import number, percent, plus_minus_bp
from research.analyses.report import Report
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition, decompose
from research.decomposition.result import DriverEstimate
from research.drivers import measure
from research.drivers.futures import FuturesCurve, HeldFutures
from research.drivers.roll import HELD_FUTURES
from research.errors import DataError
from research.plots.roll import basis_through_time, curve_shape, roll_parts, spliced_against_held
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["RollReport", "roll_report"]

_SHOWN = frozenset({"roll_yield", "curve_shift", "roll_cost", "collateral"})
_NO_CURVE = "Settlement prices by contract are not given: curve, single rolls and other schedules are left out."


@dataclass(frozen=True, eq=False)
class RollReport(Report):
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

    @property
    def conclusions(self) -> tuple[str, ...]:
        """What follows about the roll, one sentence or two each."""
        return roll_conclusions(self)

    @property
    def limits(self) -> tuple[str, ...]:
        """What these numbers cannot say of the roll."""
        return roll_limits(self)

    def part(self, name: str) -> DriverEstimate | None:
        """Return one driver of the decomposition, or None where it does not apply."""
        return next((part for part in self.result.drivers if part.name == name), None)

    @property
    def roll(self) -> DriverEstimate:
        """Roll yield, whose coefficient is the exposure to the contracts."""
        found = self.part("roll_yield")
        assert found is not None
        return found

    @property
    def rebuilt_gap(self) -> float:
        """Greatest difference between the position rebuilt and the one given, a log return; NaN without a curve."""
        given = self.history.inputs[HELD_FUTURES]
        if self.held is None or "futures" not in given:
            return math.nan
        return float((self.held.intervals["futures"] - given["futures"].reindex(self.held.intervals.index)).abs().max())

    def key_figures(self) -> dict[str, str]:
        """Return what roll, cost and collateral contributed, the coefficient, and how often there was contango."""
        rows = {
            part.title: f"{plus_minus_bp(part.contribution, part.contribution_std_error)} a year{_true(part)}"
            for part in self.result.drivers
            if part.name in _SHOWN
        }
        rows["Coefficient of the roll"] = number(self.roll.coefficient, self.roll.std_error) + (
            "" if self.roll.truth is None else f" (truth: {self.roll.truth:g})"
        )
        rows["Contango, backwardation"] = (
            f"{percent(float((self.basis > 0).mean()))}, {percent(float((self.basis < 0).mean()))} of intervals"
        )
        if self.trades is not None:
            rows["What the roll trades earned"] = (
                f"0 bp (a spliced price books {self.trades.booked / BASIS_POINT:+,.0f})"
            )
        rows["Tracking difference, net asset value"] = (
            f"{self.result.tracking_difference / BASIS_POINT:+,.1f} bp a year"
        )
        return rows

    def coefficients_table(self) -> Table:
        """Return the roll's coefficient by horizon, and of carry and shift apart."""
        return coefficients_table(self.coefficients, self.roll, self.apart)

    def curve_table(self) -> Table | str:
        """Return basis, slope and shares of contango by rank."""
        if self.curve is None:
            return _NO_CURVE
        rows = {}
        for rank, (days, basis) in self.ranks().items():
            rows[f"contract {rank}"] = [
                float(days.mean()),
                100 * float(basis.mean()),
                100 * float(basis.std()),
                100 * float((basis > 0).mean()),
                100 * float((basis < 0).mean()),
            ]
        columns = ["days to expiry", "mean basis, % a year", "sd, % a year", "contango, %", "backwardation, %"]
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        formats = {columns[0]: ".0f"} | dict.fromkeys(columns[1:3], "+.2f") | dict.fromkeys(columns[3:], ".1f")
        notes = ("Basis: log of futures over spot, divided by the time to expiry (Act/365); positive is contango.",)
        return Table(frame, "The curve by contract", formats, notes)

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

    def rolls_table(self) -> Table | str:
        """Return single rolls: the spread that a spliced price would book, and what the trade earned."""
        return _NO_CURVE if self.trades is None else self.trades.table()

    def schedules_table(self) -> Table | str:
        """Return other schedules on the same curve."""
        return _NO_CURVE if self.schedules is None else schedules_table(self.schedules)

    def exposure_table(self) -> Table | str:
        """Return maturity, long-dated share and what a change of the basis would do."""
        if self.held is None:
            return _NO_CURVE
        maturity = self.held.states["maturity"]
        long = self.held.long_dated_share(self.long_days)
        rows = {
            "average maturity, days": float(maturity.mean()),
            "shortest, days": float(maturity.min()),
            "longest, days": float(maturity.max()),
            f"share of value beyond {self.long_days:g} days, %": 100 * float(long.mean()),
            "gain where the basis rises by 1 % a year, bp": float(maturity.mean()) / 365.0 * 100.0,
        }
        frame = pd.DataFrame({"value": rows})
        return Table(frame, f"Exposure to the curve: {self.held.name}", {"value": ".1f"})

    def basis_figure(self) -> DescribedFigure:
        """Return the basis of what is held through time."""
        return basis_through_time(self.basis, self.history.fund.ticker)

    def curve_figure(self) -> DescribedFigure | None:
        """Return the average curve, or None without one."""
        return None if self.curve is None else curve_shape(self.ranks(), self.history.fund.ticker)

    def parts_figure(self) -> DescribedFigure:
        """Return carry, shift, cost and collateral cumulated, with the divergence that they add up to."""
        return roll_parts(self.result)

    def spliced_figure(self) -> DescribedFigure | None:
        """Return the position held against a spliced price, or None without a curve."""
        if self.held is None or self.trades is None:
            return None
        over = (self.held.intervals["futures"] - self.held.intervals["spot"]).cumsum()
        return spliced_against_held(over, self.trades.spliced.iloc[1:], self.history.fund.ticker)

    def lead(self) -> Lead:
        """Return what roll yield and basis were, and how often there was contango."""
        return roll_lead(self)

    def numbers(self) -> dict[str, object]:
        """Return the NAV basis and the ``roll`` object of the result."""
        return {"bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}}, "roll": roll_record(self)}


def roll_report(
    history: History,
    *,
    roll_days: int = 5,
    offset: int = 1,
    cost: float = 0.0,
    maturities: Sequence[float] = (45.0, 60.0, 90.0),
    long_days: float = 30.0,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> RollReport:
    """Measure what the contracts of a futures fund did to it.

    Parameters
    ----------
    history : History
        With ``inputs["held_futures"]`` and, for curve, rolls and other schedules, ``inputs["futures_curve"]``.
    roll_days, offset : int
        Business days over which the fund rolls, and business days before expiry at which the roll is complete.
    cost : float
        Of trading, as a fraction of the value traded.
    maturities : sequence of float
        Constant maturities to compare with, calendar days.
    long_days : float
        Days to expiry from which a contract counts as long-dated.
    horizons : sequence of int
        Sessions.
    confidence : float
        Nominal coverage of every interval.

    Returns
    -------
    RollReport

    Raises
    ------
    DataError
        If no contracts are given, or as the drivers raise.
    """
    if HELD_FUTURES not in history.inputs:
        raise DataError(
            f"{history.fund.ticker} has no futures here: give what its contracts earned as inputs['{HELD_FUTURES}'], "
            "the intervals of HeldFutures"
        )
    result = decompose(history, "nav", horizons=horizons, confidence=confidence)
    split = [replace(d, group="" if d.name == "curve_shift" else d.group) for d in measure(history, "nav")]
    intervals = history.inputs[HELD_FUTURES]
    inside = intervals.loc[history.start :].loc[: history.end]
    inside = inside[inside.index > history.start]
    curve, held, trades, schedules = rebuild(history, roll_days, offset, cost, maturities)
    return RollReport(
        history=history,
        result=result,
        apart=decompose(history, "nav", horizons=horizons, confidence=confidence, drivers=split),
        measures=measure_basis(history, "nav", result.fit, horizons),
        basis=pd.Series(-inside["roll_yield"] * 365.0 / inside["days"], inside.index, name="basis"),
        coefficients=coefficients_by_horizon(history, result, horizons),
        curve=curve,
        held=held,
        trades=trades,
        schedules=schedules,
        long_days=long_days,
    )


def _true(part: DriverEstimate) -> str:
    return "" if part.truth is None else f" (truth: {part.truth * part.stated / BASIS_POINT:+,.1f})"
