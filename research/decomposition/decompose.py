"""From a history to a decomposition: measure the drivers, identify their coefficients, split, and count the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from research.alignment.history import Basis, History
from research.conventions import check_confidence, years_between
from research.decomposition.fit import LocalLevelResult
from research.decomposition.identification import Identification, Policy, identify
from research.decomposition.result import UNEXPLAINED, Decomposition, DriverEstimate
from research.decomposition.shares import euler_shares, lmg_shares
from research.drivers import Driver, exposures, measure
from research.errors import MissingColumnError, ParameterError, SampleError

__all__ = ["decompose"]


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
    if basis not in {"nav", "price"}:
        raise ParameterError(f"basis is {basis!r}: give 'nav' or 'price'")
    if basis not in history.bases:
        raise MissingColumnError(f"{history.fund.ticker} has no market close: only basis 'nav' can be decomposed")
    measured = tuple(measure(history, basis) if drivers is None else drivers)
    level = history.divergence(basis)
    columns = pd.DataFrame({driver.name: driver.level for driver in measured}, index=level.index)
    identified = identify(
        level,
        exposures(measured, level.index),
        policy,
        positions=history.positions,
        variance_per=variance_per,
        cov_type=cov_type,
        transitory=transitory,
        rounding={driver.exposure: driver.rounding for driver in measured if driver.rounding > 0.0},
    )
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
        p_value_unity=float(fit.p_values()[name]),
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
