"""The decomposition of one fund on one basis: every driver's part in the tracking difference, and what is left."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.conventions import BASIS_POINT, check_confidence, years_between
from research.decomposition.identification import Identification, Policy, identify_drivers
from research.decomposition.local_level import LocalLevelResult
from research.decomposition.shares import euler_shares, lmg_shares
from research.drivers import Driver, measure
from research.errors import SampleError
from research.tables import Format, Result, Table, p_value, plus_minus, unsigned_zero

if TYPE_CHECKING:
    from research.plots.decomposition import DecompositionPlots

__all__ = ["DOUBT", "UNEXPLAINED", "Decomposition", "DriverEstimate", "decompose"]

UNEXPLAINED = "unexplained"

DOUBT = 0.05
"""Least p-value of a coefficient of 1 at which a driver counts as passing through in full."""

_FORMATS: dict[str, Format] = {"p (β = 1)": p_value, "bp a year": "+.2f", "± se": ".2f", "truth, bp": "+.2f"}


@dataclass(frozen=True, eq=False)
class DriverEstimate(Result):
    """One driver's coefficient and its part in the tracking difference.

    Parameters
    ----------
    name, title : str
        Standard term, and the term as a report prints it.
    identified : str
        ``"estimated"``, ``"imposed"``, or ``"remainder"`` of what no driver accounts for.
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

    @property
    def passes_in_full(self) -> bool | None:
        """Whether the data leave no doubt of a coefficient of 1 (`p_value_unity` from `DOUBT`); None where imposed."""
        return self.p_value_unity >= DOUBT if self.identified == "estimated" else None

    @property
    def within_chance(self) -> bool | None:
        """Whether the interval of the contribution holds zero; None where there is no interval."""
        low, high = self.interval
        return None if math.isnan(low) else low <= 0.0 <= high

    def summary(self) -> Table:
        """Return coefficient, test and contribution as a table of one row."""
        frame = pd.DataFrame([self._row()], [self.title])
        return Table(frame, f"{self.title}, bp a year", _FORMATS, _reasons([self]))

    def _row(self, interval: str = "interval") -> dict[str, object]:
        """Return the cells of the estimate's row in a table, its interval under the name given."""
        return {
            "identified": self.identified,
            "β": _coefficient(self),
            "p (β = 1)": self.p_value_unity,
            "bp a year": self.contribution / BASIS_POINT,
            "± se": self.contribution_std_error / BASIS_POINT,
            interval: _interval(self),
        }

    def to_dict(
        self, euler: Mapping[str, float] | None = None, lmg: Mapping[str, float] | None = None
    ) -> dict[str, object]:
        """Return the estimate in basis points a year, with its shares by horizon where a decomposition gives them."""
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
            "euler_share": dict(euler or {}),
            "lmg_share": dict(lmg or {}),
        }
        if self.truth is not None:
            entry["truth_bp"] = self.truth * self.stated / BASIS_POINT
        return entry


@dataclass(frozen=True, eq=False)
class Decomposition(Result):
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
            [part._row(f"{self.confidence:.0%} interval") for part in parts], [part.title for part in parts]
        )
        whole = ["sum", "", math.nan, self.tracking_difference / BASIS_POINT, math.nan, ""]
        frame = pd.concat([frame, pd.DataFrame([whole], ["Tracking difference (log)"], frame.columns)])
        if any(part.truth is not None for part in self.drivers):
            frame["truth, bp"] = [
                math.nan if part.truth is None else part.truth * part.stated / BASIS_POINT for part in parts
            ] + [math.nan]
        basis = "net asset value" if self.basis == "nav" else "market price"
        name = f"{self.ticker} (simulated)" if self.simulated else self.ticker
        gap = f"The parts add up to the divergence within {max(self.reconciliation_gap, 1e-16):.0e}."
        notes = (*_reasons(self.drivers), gap)
        return Table(frame, f"{name} against its benchmark, {basis}, bp a year", _FORMATS, notes)

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


def _reasons(parts: Sequence[DriverEstimate]) -> tuple[str, ...]:
    """Return why parts were imposed, a sentence each."""
    return tuple(f"{part.title} is imposed: {part.reason}." for part in parts if part.reason)


def _coefficient(part: DriverEstimate) -> str:
    if part.identified == "remainder":
        return ""
    digits = 5 if part.std_error < 1e-3 else 3
    return plus_minus(part.coefficient, part.std_error, digits)


def _interval(part: DriverEstimate) -> str:
    low, high = (bound / BASIS_POINT for bound in part.interval)
    return "" if math.isnan(low) else f"{unsigned_zero(f'{low:+.2f}')} to {unsigned_zero(f'{high:+.2f}')}"


def decompose(
    history: History,
    basis: Basis = "nav",
    *,
    policy: Policy | Mapping[str, Policy] = "auto",
    horizons: Sequence[int] = (1, 5, 21, 63),
    confidence: float = 0.95,
    drivers: Sequence[Driver] | None = None,
    variance_per: Literal["session", "day"] = "session",
    cov_type: Literal["classical", "robust"] = "robust",
    transitory: Literal["noise", "ar1"] = "noise",
    identified: Identification | None = None,
) -> Decomposition:
    """Split a fund's divergence from its benchmark into drivers and a remainder that together are exactly it.

    Parameters
    ----------
    history : History
        Aligned, screened history, from `research.load`.
    basis : {"nav", "price"}
        Net asset value, or market close (which adds the premium as a driver).
    policy : {"auto", "estimate", "impose"} or mapping of driver to one of them
        Whether coefficients are estimated or imposed at 1; see `identify`.
    horizons : sequence of int
        Sessions over which shares of variance are taken.
    confidence : float
        Nominal coverage of the intervals.
    drivers : sequence of Driver, optional
        Drivers to use instead of those that the registry finds to apply.
    variance_per : {"session", "day"}
        How the permanent part of the error gathers variance; see `local_level`.
    cov_type : {"classical", "robust"}
        Whether standard errors allow the variance to change through time (the default: on real funds it does).
    transitory : {"noise", "ar1"}
        Whether the noise that comes back may take its time; see `local_level` and `autocorrelation_test`.
    identified : Identification, optional
        From `identify_drivers` on the same history and basis; `policy`, `drivers` and the three before this one are its
        own then.

    Returns
    -------
    Decomposition
        Contributions a year with intervals, shares of variance, the regression, and the parts through time.

    Raises
    ------
    MissingColumnError
        If the basis is price and the fund has no closes.
    SampleError
        If the sample is too short for its drivers.

    Notes
    -----
    ``g_t − g_0 = Σ_k β_k·(X_k,t − X_k,0) + unexplained_t`` holds by construction, to rounding (``methods`` §3, §5).
    Sessions without a close are left out of price basis, never filled. The contribution's standard error is that of
    β, times the driver's gain; the remainder's is that of the drivers' sum, since the divergence itself is a fact.
    Drivers of one group are estimated through one coefficient on their sum, and each keeps a row of its own.

    Examples
    --------
    >>> import research as rs
    >>> result = rs.decompose(rs.load("ETHV"), basis="nav")
    >>> result.reconciliation_gap < 1e-12
    True
    """
    check_confidence(confidence)
    if identified is None:
        identified = identify_drivers(
            history,
            measure(history, basis) if drivers is None else drivers,
            basis,
            policy=policy,
            variance_per=variance_per,
            cov_type=cov_type,
            transitory=transitory,
        )
    measured = identified.drivers
    level = history.divergence(basis)
    columns = pd.DataFrame({driver.name: driver.level for driver in measured}, index=level.index)
    known = level.dropna()
    years = years_between(pd.Timestamp(known.index[0]), pd.Timestamp(known.index[-1]))
    if years <= 0.0:
        raise SampleError("the sample spans no time: give more than one session")
    return _assemble(history, basis, measured, known, columns.loc[known.index], identified, horizons, confidence, years)


def _assemble(
    history: History,
    basis: Basis,
    measured: tuple[Driver, ...],
    level: pd.Series,
    columns: pd.DataFrame,
    identified: Identification,
    horizons: Sequence[int],
    confidence: float,
    years: float,
) -> Decomposition:
    """Return the decomposition, once the coefficients are known."""
    fit = identified.fit
    total = level - level.iloc[0]
    gains = columns - columns.iloc[0]
    coefficients = pd.Series(
        {driver.name: float(fit.params.get(driver.exposure, 1.0)) for driver in measured}, dtype=float
    )
    components = gains * coefficients
    components[UNEXPLAINED] = total - components.sum(axis=1)
    stated = gains.iloc[-1] / years
    estimates = tuple(_estimate(driver, stated, identified, confidence) for driver in measured)
    return Decomposition(
        ticker=history.fund.ticker,
        basis=basis,
        drivers=estimates,
        unexplained=_remainder(
            float(components[UNEXPLAINED].iloc[-1]) / years, _by_exposure(measured, stated), fit, confidence
        ),
        components=components,
        total=total.rename("total"),
        fit=fit,
        euler=euler_shares(components, total, horizons),
        lmg=lmg_shares(columns, total, horizons),
        years=years,
        confidence=confidence,
        joint_p_value=fit.joint_test()[1],
        simulated=history.fund.simulated,
    )


def _estimate(driver: Driver, stated: pd.Series, identified: Identification, confidence: float) -> DriverEstimate:
    """Return one driver's row."""
    rate = float(stated[driver.name])
    name = driver.exposure
    if name in identified.imposed:
        return DriverEstimate(
            name=driver.name,
            title=driver.title,
            identified="imposed",
            reason=identified.imposed[name],
            coefficient=1.0,
            std_error=math.nan,
            p_value_unity=math.nan,
            contribution=rate,
            contribution_std_error=math.nan,
            interval=(math.nan, math.nan),
            stated=rate,
            truth=driver.truth,
        )
    fit = identified.fit
    beta, error = float(fit.params[name]), float(fit.std_errors[name])
    half = fit.quantile(confidence) * error * abs(rate)
    return DriverEstimate(
        name=driver.name,
        title=driver.title,
        identified="estimated",
        reason="",
        coefficient=beta,
        std_error=error,
        p_value_unity=float(fit.p_values_unity()[name]),
        contribution=beta * rate,
        contribution_std_error=error * abs(rate),
        interval=(beta * rate - half, beta * rate + half),
        stated=rate,
        truth=driver.truth,
    )


def _by_exposure(measured: tuple[Driver, ...], stated: pd.Series) -> pd.Series:
    """Return the yearly gain of every exposure: the sum over the drivers that share it."""
    gains: dict[str, float] = {}
    for driver in measured:
        gains[driver.exposure] = gains.get(driver.exposure, 0.0) + float(stated[driver.name])
    return pd.Series(gains, dtype=float)


def _remainder(rate: float, stated: pd.Series, fit: LocalLevelResult, confidence: float) -> DriverEstimate:
    """Return the row of what is left: as uncertain as the sum of the drivers that were estimated."""
    gains = stated[fit.params.index].to_numpy()
    error = float(np.sqrt(gains @ fit.cov.to_numpy() @ gains)) if gains.size else math.nan
    half = fit.quantile(confidence) * error
    return DriverEstimate(
        name=UNEXPLAINED,
        title="Unexplained",
        identified="remainder",
        reason="",
        coefficient=1.0,
        std_error=math.nan,
        p_value_unity=math.nan,
        contribution=rate,
        contribution_std_error=error,
        interval=(rate - half, rate + half),
        stated=rate,
    )
