"""The futures roll: what a reader sees of the facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import pandas as pd

from research.alignment.history import History, require_history
from research.analyses.figure import BP_A_YEAR, PERCENT, Figure, Spark, spark, tracking_difference_figure
from research.analyses.futures_roll.facts import FuturesRollFacts
from research.analyses.futures_roll.trades import schedules_table
from research.analyses.futures_roll.words import conclusions, limits
from research.analyses.report import Report
from research.analyses.statement import Statements
from research.conventions import BASIS_POINT
from research.decomposition import Decomposition
from research.decomposition.estimates import DriverEstimate
from research.drivers.roll import HELD_FUTURES
from research.errors import DataError
from research.plots.roll import basis_through_time, curve_shape, roll_parts, spliced_against_held
from research.tables import Table

if TYPE_CHECKING:
    from research.plots import DescribedFigure

__all__ = ["FuturesRoll", "futures_roll"]

_SHOWN = ("curve_shift", "roll_cost", "collateral")
_NO_CURVE = "Settlement prices by contract are not given: curve, single rolls and other schedules are left out."


@dataclass(frozen=True, eq=False)
class FuturesRoll(FuturesRollFacts, Report):
    """Result of `futures_roll`: the facts, in words, tables and figures; its parameters are those of the facts."""

    name: ClassVar[str] = "futures_roll"
    opening: ClassVar[tuple[str, ...]] = ("tracking_difference.nav", "roll_yield.basis", "roll_yield.passes_through")

    @classmethod
    def require(cls, history: History, parameters: Mapping[str, object]) -> None:
        """Raise a `DataError` where it is not known what the fund's contracts have earned."""
        if HELD_FUTURES not in history.inputs:
            raise DataError(
                f"futures_roll: {history.fund.ticker} is a {history.fund.kind} fund and has no futures here; take a "
                "fund with settlement prices of the contracts that it holds, such as the simulated SIM-FUTURES"
            )

    @property
    def conclusions(self) -> Statements:
        """What follows about the roll."""
        return conclusions(self)

    @property
    def limits(self) -> Statements:
        """What these numbers cannot say of the roll."""
        return limits(self)

    def figures(self) -> tuple[Figure, ...]:
        """Return what the roll contributed and how much of it passed through, contango, and the other parts."""
        roll, held, trades = self.roll, self.exposure, self.trades
        return (
            tracking_difference_figure("Tracking difference", self.result.difference),
            _contribution("Roll yield", roll),
            Figure(
                "Roll passed through",
                100.0 * held.coefficient,
                PERCENT,
                100.0 * held.std_error,
                "" if held.truth is None else f"truth: {100.0 * held.truth:g}",
            ),
            Figure("Contango", 100.0 * self.contango, PERCENT),
            Figure("Backwardation", 100.0 * self.backwardation, PERCENT),
            *(_contribution(part.title, part) for part in self.result.drivers if part.name in _SHOWN),
            *([] if trades is None else [Figure("A spliced price would book", trades.booked / BASIS_POINT, BP_A_YEAR)]),
        )

    def spark(self) -> Spark:
        """Return the annualised basis of what is held."""
        return spark("Annualised basis", BP_A_YEAR, self.basis / BASIS_POINT)

    def record(self) -> dict[str, object]:
        """Return the NAV basis and the ``futures_roll`` object, also under its old name until ``research.result/2``."""
        facts = self.to_record()
        return {
            "bases": {"nav": {**self.measures.to_dict(), **self.result.to_dict()}},
            self.name: facts,
            "roll": facts,
        }

    def coefficients_table(self) -> Table:
        """Return the roll's coefficient by horizon, and of carry and shift apart."""
        return _coefficients_table(self.coefficients, self.exposure, self.apart)

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


def futures_roll(
    history: History,
    *,
    roll_days: int = 5,
    offset: int = 1,
    cost: float = 0.0,
    maturities: Sequence[float] = (45.0, 60.0, 90.0),
    long_days: float = 30.0,
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
) -> FuturesRoll:
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
    FuturesRoll

    Raises
    ------
    DataError
        If no contracts are given, or as the drivers raise.
    """
    require_history(history, "futures_roll")
    return FuturesRoll.of(
        history,
        roll_days=roll_days,
        offset=offset,
        cost=cost,
        maturities=maturities,
        long_days=long_days,
        horizons=horizons,
        confidence=confidence,
    )


def _contribution(label: str, part: DriverEstimate) -> Figure:
    truth = "" if part.truth is None else f"truth: {part.truth * part.stated / BASIS_POINT:+,.1f}"
    error = part.contribution_std_error / BASIS_POINT
    return Figure(label, part.contribution / BASIS_POINT, BP_A_YEAR, error, truth)


def _coefficients_table(by_horizon: pd.DataFrame, roll: DriverEstimate, apart: Decomposition) -> Table:
    """Return the roll's coefficient by horizon, from levels, and of carry and shift each by itself.

    Parameters
    ----------
    by_horizon : pandas.DataFrame
        From `FuturesRollFacts`.
    roll : DriverEstimate
        The one coefficient of the roll.
    apart : Decomposition
        The same with a coefficient for carry and one for shift.
    """
    rows = {
        f"changes over {h} session{'s' if h > 1 else ''}": list(row)
        for h, row in zip(by_horizon.index, by_horizon.to_numpy(), strict=True)
    }
    rows["levels, carry and shift together"] = [roll.coefficient, roll.std_error]
    for part in apart.drivers:
        if part.name in ("roll_yield", "curve_shift") and part.identified == "estimated":
            rows[f"levels, {part.title.lower()} by itself"] = [part.coefficient, part.std_error]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["coefficient", "± se"])
    notes = (
        "Noise in spot, or a spot price seen at another moment than the settlement, pulls the coefficient of short "
        "changes away from 1 and comes back over longer ones. A position other than the one assumed shows at every "
        "horizon.",
    )
    return Table(frame, "Coefficient of the roll by horizon", {"coefficient": ".4f", "± se": ".4f"}, notes)
