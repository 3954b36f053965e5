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
from research.decomposition.averaged import AveragedResult
from research.decomposition.chance import Chance, chance_of_difference, chance_of_remainder
from research.decomposition.estimates import (
    FORMATS,
    UNEXPLAINED,
    DriverEstimate,
    Rows,
    interval_text,
    reasons,
    remainder_row,
)
from research.decomposition.identification import Error, Identification, Policy, identify_drivers
from research.decomposition.local_level import LocalLevelResult
from research.decomposition.shares import euler_share_intervals, euler_shares, lmg_shares
from research.drivers import Driver, measure
from research.errors import SampleError, renamed
from research.tables import Result, Table, unsigned_zero

if TYPE_CHECKING:
    from research.plots.decomposition import DecompositionPlots

__all__ = ["Decomposition", "decompose"]

_CHANCE = frozenset({"p_value", "more_than_chance", "drift_left"})


@dataclass(frozen=True, eq=False)
class Decomposition(Result):
    """Result of `decompose`: parts that add up to the divergence, their uncertainty and their shares of its variance.

    Parameters
    ----------
    ticker, basis : str
        The fund, and ``"nav"`` or ``"price"``.
    drivers : tuple of DriverEstimate
        In the order of the registry.
    groups : tuple of DriverEstimate
        The coefficient that the drivers of one group share, tested once, and what they contribute together.
    combinations : tuple of DriverEstimate
        Sums of drivers that are hard to tell apart, where the sum is measured well.
    unexplained : DriverEstimate
        What is left, with the error that chance gives it.
    remainder, difference : Chance
        What chance makes of the remainder, and of the tracking difference as an estimate of what the fund will lose.
    components : pandas.DataFrame, shape (T + 1, K + 1)
        Cumulated log return of each driver (β·X) and of ``unexplained``, 0 at the first session.
    total : pandas.Series, shape (T + 1,)
        Divergence from the first session, which the components add up to.
    fit : AveragedResult or LocalLevelResult
        The regression.
    euler, lmg : pandas.DataFrame
        Shares by driver (rows) and horizon in observations (columns).
    years : float
        Elapsed time, Act/365.
    confidence : float
        Nominal coverage of the intervals.
    joint_p_value : float
        Of all estimated coefficients being 1 at once.
    simulated : bool
        Whether the fund's data were made.
    period : str
        What one observation is: ``"session"``, ``"week"`` or ``"month"``.
    """

    ticker: str
    basis: str
    drivers: tuple[DriverEstimate, ...]
    groups: tuple[DriverEstimate, ...]
    combinations: tuple[DriverEstimate, ...]
    unexplained: DriverEstimate
    remainder: Chance
    difference: Chance
    components: pd.DataFrame = field(repr=False)
    total: pd.Series = field(repr=False)
    fit: AveragedResult | LocalLevelResult = field(repr=False)
    euler: pd.DataFrame = field(repr=False)
    lmg: pd.DataFrame = field(repr=False)
    years: float
    confidence: float
    joint_p_value: float
    simulated: bool = False
    period: str = "session"

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
        rows["tracking_difference"] = [
            value / BASIS_POINT
            for value in (self.tracking_difference, self.difference.std_error, *self.difference.interval)
        ]
        columns = ["contribution_bp", "std_error_bp", "lower_bp", "upper_bp"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)

    def tested(self, name: str) -> DriverEstimate | None:
        """Return the row that holds a driver's coefficient, its own or its group's; None where it does not apply.

        Parameters
        ----------
        name : str
            Of the driver.
        """
        part = next((part for part in self.drivers if part.name == name), None)
        if part is None or part.identified != "stated × group":
            return part
        return next(group for group in self.groups if name in group.members)

    @cached_property
    def euler_intervals(self) -> pd.DataFrame:
        """Intervals of the Euler shares, columns ``(horizon, "lower")`` and ``(horizon, "upper")``."""
        horizons = [int(horizon) for horizon in self.euler.columns]
        return euler_share_intervals(self.components, self.total, horizons, confidence=self.confidence)

    @property
    def plot(self) -> DecompositionPlots:
        """Figures of this result; each method returns a matplotlib figure and shows nothing."""
        from research.plots.decomposition import DecompositionPlots  # noqa: PLC0415 - matplotlib loads only where it is used

        return DecompositionPlots(self)

    def summary(self) -> Table:
        """Return drivers, how each was identified, coefficients, tests and contributions as a table."""
        parts = (*self.drivers, *self.groups, *self.combinations, self.unexplained)
        frame = pd.DataFrame(
            [part.row(f"{self.confidence:.0%} interval") for part in parts], [part.title for part in parts]
        )
        chance = self.difference
        whole = [
            "sum",
            "",
            math.nan,
            self.tracking_difference / BASIS_POINT,
            chance.std_error / BASIS_POINT,
            interval_text(chance.interval),
        ]
        frame = pd.concat([frame, pd.DataFrame([whole], ["Tracking difference (log)"], frame.columns)])
        if any(part.truth is not None for part in self.drivers):
            frame["truth, bp"] = [
                math.nan if part.truth is None else part.truth * part.stated / BASIS_POINT for part in parts
            ] + [math.nan]
        basis = "net asset value" if self.basis == "nav" else "market price"
        name = f"{self.ticker} (simulated)" if self.simulated else self.ticker
        gap = f"The parts add up to the divergence within {max(self.reconciliation_gap, 1e-16):.0e}."
        by_chance = (
            "The errors of the remainder and of the tracking difference are what chance gives them: the noise of the "
            "first and the last day, and what wandered in between."
        )
        notes = (*reasons(self.drivers), by_chance, gap)
        return Table(frame, f"{name} against its benchmark, {basis}, bp a year", FORMATS, notes)

    def shares(self) -> Table:
        """Return Euler and LMG shares of the divergence's variance by horizon, in percent."""
        titles = {part.name: part.title for part in (*self.drivers, self.unexplained)}
        ending = {"session": "d", "week": "w", "month": "m"}[self.period]
        euler = (100 * self.euler).add_prefix("Euler ").add_suffix(ending)
        for horizon in map(int, self.euler.columns):
            ends = self._share_ends(horizon)
            if any(ends):
                place = list(euler.columns).index(f"Euler {horizon}{ending}") + 1
                euler.insert(place, f"{self.confidence:.0%}, {horizon}{ending}", ends)
        lmg = (100 * self.lmg).add_prefix("LMG ").add_suffix(ending)
        frame = euler.join(lmg).rename(index=titles)
        notes = (
            f"Euler: a part's covariance with the divergence, over its variance, changes over h {self.period}s; sums "
            "to 100.",
            "Intervals hold the coefficients at their estimates; horizons of which the sample holds fewer than twelve, "
            "and LMG, have none.",
            "LMG: a driver's average gain in R² over all orderings; sums to R², not to 100.",
        )
        return Table(
            frame,
            "Shares of tracking error variance, %",
            {str(name): ".2f" for name in frame.columns if pd.api.types.is_numeric_dtype(frame[name])},
            notes,
        )

    def _share_ends(self, horizon: int) -> list[str | None]:
        """Return the intervals of the shares at one horizon as cells, in percent; None where there is none."""
        ends = 100 * self.euler_intervals[horizon][["lower", "upper"]].to_numpy()
        return [
            None if np.isnan(pair).any() else " to ".join(unsigned_zero(f"{end:.1f}") for end in pair) for pair in ends
        ]

    def to_dict(self) -> dict[str, object]:
        """Return drivers and remainder in the layout of ``research.result/1``."""
        euler = {name: {str(h): float(v) for h, v in row.items()} for name, row in self.euler.iterrows()}
        lmg = {name: {str(h): float(v) for h, v in row.items()} for name, row in self.lmg.iterrows()}
        ends = {
            str(name): {
                str(horizon): None if row[horizon].isna().any() else row[horizon].astype(float).tolist()
                for horizon in self.euler.columns
            }
            for name, row in self.euler_intervals.iterrows()
        }
        rest = self.unexplained.to_dict(euler[UNEXPLAINED], {})
        return {
            "drivers": [
                {**part.to_dict(euler[part.name], lmg[part.name]), "euler_share_interval": ends[part.name]}
                for part in self.drivers
            ],
            "groups": [part.to_dict() for part in self.groups],
            "combinations": [part.to_dict() for part in self.combinations],
            "unexplained": {
                **{key: rest[key] for key in ("contribution_bp", "std_error_bp", "interval_bp", "euler_share")},
                "euler_share_interval": ends[UNEXPLAINED],
                **{key: value for key, value in self.remainder.to_dict().items() if key in _CHANCE},
            },
            "tracking_difference_chance": self.difference.to_dict(),
            "joint_p_value_unity": self.joint_p_value,
            "regression": self.fit.to_dict(),
            "reconciliation_gap": self.reconciliation_gap,
        }


@renamed("transitory", "error")
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
    error: Error = "averaged",
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
    error : {"averaged", "noise", "ar1"}
        Whether errors are averaged over what the noise may be (the default), or plugged in: the noise that comes back
        plain, or an AR(1); see `identify`.
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
    ``g_t − g_0 = Σ_k β_k·(X_k,t − X_k,0) + unexplained_t`` holds by construction, to rounding.
    Sessions without a close are left out of price basis, never filled. The contribution's standard error is that of
    β, times the driver's gain, joint with all others that are free; the remainder's is what chance gives it.
    Drivers of one group are estimated through one coefficient on their sum: it is tested once, and each member is what
    was stated times it. p-values are adjusted for being many (Holm) before a verdict.

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
            error=error,
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
    rows = Rows(measured, stated, identified, confidence)
    remainder = chance_of_remainder(fit, years, confidence=confidence)
    return Decomposition(
        ticker=history.fund.ticker,
        basis=basis,
        drivers=rows.drivers,
        groups=rows.groups,
        combinations=rows.combinations,
        unexplained=remainder_row(float(components[UNEXPLAINED].iloc[-1]) / years, remainder),
        remainder=remainder,
        difference=_difference(level, columns, measured, identified, years, confidence),
        components=components,
        total=total.rename("total"),
        fit=fit,
        euler=euler_shares(components, total, horizons),
        lmg=lmg_shares(columns, total, horizons),
        years=years,
        confidence=confidence,
        joint_p_value=fit.joint_test()[1],
        simulated=history.fund.simulated,
        period=history.period,
    )


def _difference(
    level: pd.Series,
    columns: pd.DataFrame,
    measured: tuple[Driver, ...],
    identified: Identification,
    years: float,
    confidence: float,
) -> Chance:
    """Return the error of the tracking difference: that of the noise, to which an identity such as the premium adds."""
    fit, change = identified.fit, float(level.iloc[-1] - level.iloc[0])
    known = [one.name for one in measured if one.exposure in identified.identities]
    if known:
        # What the regression was spared: the identity is as much a part of what the next years may bring.
        fit = identified.again(fit.level + columns[known].sum(axis=1))
    return chance_of_difference(fit, change, years, confidence=confidence)
