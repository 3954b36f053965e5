"""The decomposition of one fund on one basis: every driver's part in the tracking difference, and what is left."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from research.conventions import BASIS_POINT
from research.decomposition.fit import LocalLevelResult
from research.tables import Format, Table, p_value, plus_minus, unsigned_zero

if TYPE_CHECKING:
    from research.plots.decomposition import DecompositionPlots

__all__ = ["Decomposition", "DriverEstimate"]

UNEXPLAINED = "unexplained"


@dataclass(frozen=True)
class DriverEstimate:
    """One driver's coefficient and its part in the tracking difference.

    Parameters
    ----------
    name, title : str
        Standard term, and the term as a report prints it.
    identified : str
        ``"estimated"`` or ``"imposed"``.
    reason : str
        Why it was imposed; empty where it was estimated.
    coefficient : float
        β; 1 where it was imposed.
    std_error, p_value_unity : float
        Standard error and p-value of β = 1; NaN where it was imposed.
    contribution, contribution_std_error : float
        β·ΔX a year (log, Act/365) and its standard error; the error is NaN where β was imposed.
    interval : tuple of float
        Interval of the contribution.
    stated : float
        ΔX a year: what the contribution would be at β = 1.
    truth : float, optional
        Coefficient that simulated data were made with.
    """

    name: str
    title: str
    identified: str
    reason: str
    coefficient: float
    std_error: float
    p_value_unity: float
    contribution: float
    contribution_std_error: float
    interval: tuple[float, float]
    stated: float
    truth: float | None = None

    def to_dict(self, euler: Mapping[str, float], lmg: Mapping[str, float]) -> dict[str, object]:
        """Return the estimate in basis points a year, with its shares by horizon."""
        entry: dict[str, object] = {
            "name": self.name,
            "identified": self.identified,
            "reason": self.reason,
            "coefficient": self.coefficient,
            "std_error": self.std_error,
            "p_value_unity": self.p_value_unity,
            "stated_bp": self.stated / BASIS_POINT,
            "contribution_bp": self.contribution / BASIS_POINT,
            "std_error_bp": self.contribution_std_error / BASIS_POINT,
            "interval_bp": [bound / BASIS_POINT for bound in self.interval],
            "euler_share": dict(euler),
            "lmg_share": dict(lmg),
        }
        if self.truth is not None:
            entry["truth_bp"] = self.truth * self.stated / BASIS_POINT
        return entry


@dataclass(frozen=True, eq=False)
class Decomposition:
    """Result of `decompose`: parts that add up to the divergence, their uncertainty and their shares of its variance.

    Parameters
    ----------
    ticker, basis : str
        The fund, and ``"nav"`` or ``"price"``.
    drivers : tuple of DriverEstimate
        In the order of the registry.
    unexplained : DriverEstimate
        What is left; its standard error is that of the drivers' sum.
    components : pandas.DataFrame, shape (T + 1, K + 1)
        Cumulated log return of each driver (β·X) and of ``unexplained``, 0 at the first session.
    total : pandas.Series, shape (T + 1,)
        Divergence from the first session, which the components add up to.
    fit : LocalLevelResult
        The regression.
    euler, lmg : pandas.DataFrame
        Shares by driver (rows) and horizon in sessions (columns).
    years : float
        Elapsed time, Act/365.
    confidence : float
        Nominal coverage of the intervals.
    joint_p_value : float
        Of all estimated coefficients being 1 at once.
    simulated : bool
        Whether the fund's data were made.
    """

    ticker: str
    basis: str
    drivers: tuple[DriverEstimate, ...]
    unexplained: DriverEstimate
    components: pd.DataFrame = field(repr=False)
    total: pd.Series = field(repr=False)
    fit: LocalLevelResult = field(repr=False)
    euler: pd.DataFrame = field(repr=False)
    lmg: pd.DataFrame = field(repr=False)
    years: float
    confidence: float
    joint_p_value: float
    simulated: bool = False

    @property
    def tracking_difference(self) -> float:
        """Log tracking difference a year: the divergence gained over the sample by elapsed time."""
        return float(self.total.iloc[-1] / self.years)

    @property
    def reconciliation_gap(self) -> float:
        """Greatest absolute difference between the divergence and the sum of its components, in log units."""
        return float((self.components.sum(axis=1) - self.total).abs().max())

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """Contribution, standard error and interval of every part in basis points a year; the last row is the total."""
        rows = {
            part.name: [
                part.contribution / BASIS_POINT,
                part.contribution_std_error / BASIS_POINT,
                *(bound / BASIS_POINT for bound in part.interval),
            ]
            for part in (*self.drivers, self.unexplained)
        }
        rows["tracking_difference"] = [self.tracking_difference / BASIS_POINT, math.nan, math.nan, math.nan]
        columns = ["contribution_bp", "std_error_bp", "lower_bp", "upper_bp"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    @property
    def plot(self) -> DecompositionPlots:
        """Figures of this result; each method returns a matplotlib figure and shows nothing."""
        from research.plots.decomposition import DecompositionPlots  # noqa: PLC0415 - matplotlib loads only where it is used

        return DecompositionPlots(self)

    def summary(self) -> Table:
        """Return drivers, how each was identified, coefficients, tests and contributions as a table."""
        parts = (*self.drivers, self.unexplained)
        frame = pd.DataFrame(
            {
                "identified": [part.identified for part in parts],
                "β": [_coefficient(part) for part in parts],
                "p (β = 1)": [part.p_value_unity for part in parts],
                "bp a year": [part.contribution / BASIS_POINT for part in parts],
                "± se": [part.contribution_std_error / BASIS_POINT for part in parts],
                f"{self.confidence:.0%} interval": [_interval(part) for part in parts],
            },
            index=[part.title for part in parts],
        )
        whole = ["sum", "", math.nan, self.tracking_difference / BASIS_POINT, math.nan, ""]
        frame = pd.concat([frame, pd.DataFrame([whole], ["Tracking difference (log)"], frame.columns)])
        if any(part.truth is not None for part in self.drivers):
            frame["truth, bp"] = [
                math.nan if part.truth is None else part.truth * part.stated / BASIS_POINT for part in parts
            ] + [math.nan]
        basis = "net asset value" if self.basis == "nav" else "market price"
        name = f"{self.ticker} (simulated)" if self.simulated else self.ticker
        notes = [f"{part.title} is imposed: {part.reason}." for part in self.drivers if part.reason]
        notes.append(f"The parts add up to the divergence within {max(self.reconciliation_gap, 1e-16):.0e}.")
        formats: dict[str, Format] = {"p (β = 1)": p_value, "bp a year": "+.2f", "± se": ".2f", "truth, bp": "+.2f"}
        return Table(frame, f"{name} against its benchmark, {basis}, bp a year", formats, tuple(notes))

    def shares(self) -> Table:
        """Return Euler and LMG shares of the divergence's variance by horizon, in percent."""
        titles = {part.name: part.title for part in (*self.drivers, self.unexplained)}
        euler = (100 * self.euler).add_prefix("Euler ").add_suffix("d")
        lmg = (100 * self.lmg).add_prefix("LMG ").add_suffix("d")
        frame = euler.join(lmg).rename(index=titles)
        notes = (
            "Euler: a part's covariance with the divergence, over its variance, changes over h sessions; sums to 100.",
            "LMG: a driver's average gain in R² over all orderings; sums to R², not to 100.",
        )
        return Table(
            frame, "Shares of tracking error variance, %", dict.fromkeys(map(str, frame.columns), ".2f"), notes
        )

    def to_dict(self) -> dict[str, object]:
        """Return drivers and remainder in the layout of ``research.result/1``."""
        euler = {name: {str(h): float(v) for h, v in row.items()} for name, row in self.euler.iterrows()}
        lmg = {name: {str(h): float(v) for h, v in row.items()} for name, row in self.lmg.iterrows()}
        rest = self.unexplained.to_dict(euler[UNEXPLAINED], {})
        return {
            "drivers": [part.to_dict(euler[part.name], lmg[part.name]) for part in self.drivers],
            "unexplained": {
                key: rest[key] for key in ("contribution_bp", "std_error_bp", "interval_bp", "euler_share")
            },
            "joint_p_value_unity": self.joint_p_value,
            "regression": self.fit.to_dict(),
            "reconciliation_gap": self.reconciliation_gap,
        }

    def __str__(self) -> str:
        return str(self.summary())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


def _coefficient(part: DriverEstimate) -> str:
    if part.identified == "remainder":
        return ""
    digits = 5 if part.std_error < 1e-3 else 3
    return plus_minus(part.coefficient, part.std_error, digits)


def _interval(part: DriverEstimate) -> str:
    low, high = (bound / BASIS_POINT for bound in part.interval)
    return "" if math.isnan(low) else f"{unsigned_zero(f'{low:+.2f}')} to {unsigned_zero(f'{high:+.2f}')}"
