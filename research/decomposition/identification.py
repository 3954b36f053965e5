"""Which coefficients the data can tell: the others are imposed at their stated value, and the result says so.

What cannot be told apart stays free together: each coefficient then has the error that the others leave it, and what
they measure well is their sum.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import Basis, History, require_basis, require_history
from research.decomposition.averaged import AveragedResult, averaged_level
from research.decomposition.local_level import LocalLevelResult, local_level
from research.drivers import Driver, exposures
from research.errors import (
    IdentificationError,
    MissingColumnError,
    ParameterError,
    SampleError,
    UnknownNameError,
    renamed,
)
from research.tables import Result, Table

__all__ = [
    "HIGH_INFLATION",
    "MAX_ROUNDING_BIAS",
    "MAX_STD_ERROR",
    "Error",
    "Identification",
    "Policy",
    "identify",
    "identify_drivers",
    "variance_inflation",
]

Policy = Literal["auto", "estimate", "impose"]
"""``estimate`` or ``impose`` a driver's coefficient, or let its precision decide."""

Error = Literal["averaged", "noise", "ar1"]
"""What an error knows of the noise: ``averaged`` over what it may be, or plugged in, as plain noise or an AR(1)."""

HIGH_INFLATION = 10.0
"""Variance inflation from which drivers are said to be hard to tell apart."""

MAX_STD_ERROR = 1.0
"""Joint standard error of a coefficient above which it is imposed: 0 and 1 could not be told from each other."""

MAX_ROUNDING_BIAS = 0.2
"""Bias by rounding, in standard errors, from which a coefficient is imposed."""

_DRIFT = "drift of no driver"
_IDENTITY = "the same numbers stand on both sides"


@dataclass(frozen=True, eq=False)
class Identification(Result):
    """A fit, and the drivers that were moved to its left side.

    Parameters
    ----------
    fit : AveragedResult or LocalLevelResult
        Regression of the level less the imposed drivers on the estimated ones.
    imposed : dict of str to str
        Reason by driver.
    inflation : pandas.Series
        Variance inflation of the estimated drivers, in the metric of the fit.
    identities : frozenset of str
        Imposed drivers whose coefficient is 1 by arithmetic.
    drivers : tuple of Driver
        What was measured, where it is known: see `identify_drivers`.
    """

    fit: AveragedResult | LocalLevelResult
    imposed: dict[str, str]
    inflation: pd.Series = field(repr=False)
    identities: frozenset[str] = frozenset()
    drivers: tuple[Driver, ...] = field(default=(), repr=False)

    def again(self, level: pd.Series, drivers: pd.DataFrame | None = None) -> AveragedResult | LocalLevelResult:
        """Return the same regression on another level, or other drivers, with the labels of the fit."""
        columns = self.fit.drivers if drivers is None else drivers
        options = {"variance_per": self.fit.variance_per, "cov_type": self.fit.cov_type}
        if self.fit.variance_per == "session":
            options["positions"] = np.concatenate([[0.0], np.cumsum(self.fit.gaps)]).astype(int)  # type: ignore[assignment]
        if isinstance(self.fit, AveragedResult):
            return averaged_level(level, columns, **options)  # type: ignore[arg-type]
        kind = "ar1" if self.fit.phi else "noise"
        return local_level(level, columns, transitory=kind, **options)  # type: ignore[arg-type]

    def p_values_beside_a_drift(self) -> pd.Series:
        """Return the p-values of a coefficient of 1 where a steady drift of no driver's is let in beside the drivers.

        Returns
        -------
        pandas.Series, shape (K,)
            1 for a driver that cannot be told from such a drift, as a fee that never changes.
        """
        fit = self.fit
        days = pd.DatetimeIndex(fit.level.index)
        line = pd.Series((days - days[0]) / pd.Timedelta(days=1), days)
        # A column that is much larger than the others would hide what they share.
        beside = fit.drivers.assign(**{_DRIFT: line / line.iloc[-1] * float(fit.drivers.abs().to_numpy().max())})
        try:
            return self.again(fit.level, beside).p_values_unity().drop(_DRIFT)
        except IdentificationError as error:
            # One of them is the drift, and the others were estimated beside it already.
            alike = {name: 1.0 for name in error.drivers if name != _DRIFT}
            return pd.Series({**fit.p_values_unity(), **alike}, dtype=float)

    def how(self, name: str) -> Literal["estimated", "imposed", "identity"]:
        """Return how a driver was identified."""
        if name in self.identities:
            return "identity"
        return "imposed" if name in self.imposed else "estimated"

    def summary(self) -> Table:
        """Return how each driver was identified, with its coefficient and why it was imposed, as a table."""
        names = [*self.fit.params.index, *self.imposed]
        frame = pd.DataFrame(
            {
                "identified": [self.how(name) for name in names],
                "coefficient": self.fit.params.reindex(names, fill_value=1.0),
                "std error": self.fit.std_errors.reindex(names),
                "variance inflation": self.inflation.reindex(names),
                "reason": [self.imposed.get(name, "") for name in names],
            },
            index=names,
        )
        formats = {"coefficient": ".5f", "std error": ".5f", "variance inflation": ".2f"}
        return Table(frame, "Drivers estimated, and imposed at 1", formats)


def variance_inflation(fit: AveragedResult | LocalLevelResult) -> pd.Series:
    """Return how much each coefficient's variance owes to the other drivers: 1 where it owes nothing.

    Notes
    -----
    ``A_kk·(A⁻¹)_kk`` with ``A = X'V⁻¹X``: the usual factor, in the metric of the error that was estimated.
    """
    design = fit.whitened[:, 1:]
    cross = design.T @ design
    inverse = np.linalg.inv(cross) if cross.size else cross
    return pd.Series(np.diag(inverse) * np.diag(cross), fit.params.index, name="inflation")


@renamed("transitory", "error")
def identify(
    level: pd.Series,
    drivers: pd.DataFrame,
    policy: Policy | Mapping[str, Policy] = "auto",
    *,
    positions: npt.ArrayLike | None = None,
    variance_per: Literal["session", "day"] = "session",
    cov_type: Literal["classical", "robust"] = "robust",
    error: Error = "averaged",
    rounding: Mapping[str, float] | None = None,
    identities: Collection[str] = (),
) -> Identification:
    """Estimate the drivers that the data identify and impose the others at 1.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level.
    drivers : pandas.DataFrame of float, shape (T + 1, K)
        Cumulated drivers; a coefficient of 1 means that a driver passes through in full.
    policy : {"auto", "estimate", "impose"} or a mapping of driver to one of them
        ``auto`` imposes a driver that does not vary, that others add up to, or whose coefficient has a joint standard
        error above 1 - one driver at a time, the worst first. Drivers that are hard to tell apart stay free: to impose
        one and print the others' errors as if it were known would be false precision.
    positions, variance_per, cov_type
        As in `local_level`.
    error : {"averaged", "noise", "ar1"}
        Whether errors are averaged over what the noise may be (`averaged_level`), or plugged in: the noise that comes
        back plain, or an AR(1) (`local_level`).
    rounding : mapping of driver to float, optional
        Standard deviation, in logs, of a rounding error that a driver holds and the remainder holds with the opposite
        sign: it biases the coefficient by twice its variance over that of the driver's changes. ``auto`` imposes a
        driver where that is a fifth of its standard error or more.
    identities : collection of str
        Drivers whose coefficient is 1 by arithmetic: ``auto`` imposes them.

    Returns
    -------
    Identification
        The fit, the imposed drivers with reasons, and the variance inflation of the rest.

    Raises
    ------
    IdentificationError
        If a driver that must be estimated cannot be.
    SampleError
        If `level` is NaN throughout.
    UnknownNameError
        If the policy names a driver that is not there.

    Notes
    -----
    NaN in `level` is a missing session.
    """
    if not level.notna().any():
        raise SampleError("the level has no value at all: give one whose fund and benchmark are known on some sessions")
    names = [str(name) for name in drivers.columns]
    policies = _policies(policy, names)
    imposed = {name: "by request" for name in names if policies[name] == "impose"}
    known = frozenset(name for name in names if name in identities and policies[name] == "auto")
    imposed |= dict.fromkeys(known, _IDENTITY)
    fit = _estimator(error, {"positions": positions, "variance_per": variance_per, "cov_type": cov_type})
    found = _search(level, drivers, policies, imposed, fit)
    biased = _rounded(found, drivers.loc[level.notna()], policies, rounding or {})
    found = _search(level, drivers, policies, imposed | biased, fit) if biased else found
    return replace(found, identities=known)


def _estimator(error: Error, options: dict[str, Any]) -> Callable[..., AveragedResult | LocalLevelResult]:
    """Return the regression that gives errors of the kind asked for."""
    if error == "averaged":
        return partial(averaged_level, **options)
    if error not in {"noise", "ar1"}:
        raise ParameterError(f"error is {error!r}: give 'averaged', 'noise' or 'ar1'")
    return partial(local_level, transitory=error, **options)


@renamed("transitory", "error")
def identify_drivers(
    history: History,
    drivers: Sequence[Driver],
    basis: Basis = "nav",
    *,
    policy: Policy | Mapping[str, Policy] = "auto",
    variance_per: Literal["session", "day"] = "session",
    cov_type: Literal["classical", "robust"] = "robust",
    error: Error = "averaged",
) -> Identification:
    """Estimate the measured drivers of a history that its data identify, and impose the others at 1.

    Parameters
    ----------
    history : History
        Aligned, screened history, from `research.load`.
    drivers : sequence of Driver
        From `research.drivers.measure`, or chosen and made otherwise. Those of one group share a coefficient.
    basis : {"nav", "price"}
        Divergence of net asset value, or of the market close.
    policy : {"auto", "estimate", "impose"} or mapping of driver to one of them
        Whether coefficients are estimated or imposed at 1. ``auto`` imposes a driver that does not vary, that others
        add up to, that is an identity, or whose coefficient the data cannot tell.
    variance_per : {"session", "day"}
        How the permanent part of the error gathers variance.
    cov_type : {"classical", "robust"}
        Whether standard errors allow the variance to change through time.
    error : {"averaged", "noise", "ar1"}
        Whether errors are averaged over what the noise may be, or plugged in: the noise that comes back plain, or an
        AR(1).

    Returns
    -------
    Identification
        With the drivers: what `decompose` goes on from.

    Raises
    ------
    MissingColumnError
        If the basis is price and the fund has no closes.
    ParameterError
        If the first argument is no history, or basis, policy or error does not exist.
    IdentificationError
        If a driver that must be estimated cannot be.
    UnknownNameError
        If the policy names a driver that is not there.
    SampleError
        If no session has both the fund's value and the benchmark's.

    Examples
    --------
    >>> import research as rs
    >>> history = rs.load("ETHV")
    >>> found = identify_drivers(history, rs.drivers.measure(history, "nav"))
    >>> list(found.fit.params.index), found.imposed
    (['expense_ratio', 'accrued_fee'], {})
    """
    require_history(history, "identify_drivers")
    require_basis(basis)
    if basis not in history.bases:
        raise MissingColumnError(f"{history.fund.ticker} has no market close: only basis 'nav' can be decomposed")
    level = history.divergence(basis)
    if not level.notna().any():
        raise SampleError(_unknown(history, basis))
    found = identify(
        level,
        exposures(drivers, level.index),
        policy,
        positions=history.positions,
        variance_per=variance_per,
        cov_type=cov_type,
        error=error,
        rounding={driver.exposure: driver.rounding for driver in drivers if driver.rounding > 0.0},
        identities={driver.exposure for driver in drivers if driver.identity},
    )
    return replace(found, drivers=tuple(drivers))


def _unknown(history: History, basis: Basis) -> str:
    """Return which series leaves no session with a divergence, and what mends it."""
    needed = ["close" if basis == "price" else "nav", "benchmark"]
    void = [name for name in needed if not history.frame[name].notna().any()]
    said = (
        f"{' and '.join(void)} without any value" if void else f"no session on which {' and '.join(needed)} are known"
    )
    return (
        f"{history.fund.ticker} has {said}: fill series.{(void or needed)[0]} of its entry, or mend the file's column"
    )


def _search(
    level: pd.Series,
    drivers: pd.DataFrame,
    policies: dict[str, Policy],
    given: dict[str, str],
    estimator: Callable[..., AveragedResult | LocalLevelResult],
) -> Identification:
    """Return the fit of what can be estimated once the drivers in `given` are imposed."""
    names, imposed = list(policies), dict(given)
    known = level.notna()
    for name in names:
        if policies[name] == "auto" and np.ptp(drivers.loc[known, name].to_numpy()) == 0.0:
            imposed[name] = "does not vary over the sample"
    while True:
        rest = [name for name in names if name not in imposed]
        moved = level - drivers[list(imposed)].sum(axis=1) if imposed else level
        try:
            fit = estimator(moved, drivers[rest])
        except IdentificationError as error:
            least = _least_variable(drivers.loc[known, [d for d in error.drivers if policies[d] == "auto"]])
            if least is None:
                raise
            imposed[least] = f"collinear with {', '.join(d for d in error.drivers if d != least)}"
            continue
        free = fit.std_errors[[name for name in rest if policies[name] == "auto"]]
        if not len(free) or float(free.max()) <= MAX_STD_ERROR:
            kept = {name: imposed[name] for name in names if name in imposed}
            return Identification(fit, kept, variance_inflation(fit))
        imposed[str(free.idxmax())] = f"standard error {free.max():.2f} exceeds {MAX_STD_ERROR:.0f}"


def _rounded(
    found: Identification, drivers: pd.DataFrame, policies: dict[str, Policy], rounding: Mapping[str, float]
) -> dict[str, str]:
    """Return the estimated drivers that rounding biases, and by how much."""
    biased = {}
    for name, deviation in rounding.items():
        if deviation > 0.0 and name in found.fit.params.index and policies[name] == "auto":
            changes = drivers[name].diff().dropna().to_numpy(dtype=float)
            bias = 2.0 * deviation**2 / float(changes @ changes / changes.size)
            errors = bias / float(found.fit.std_errors[name])
            if errors > MAX_ROUNDING_BIAS:
                biased[name] = f"rounding of prices would bias its coefficient by {errors:.1f} standard errors"
    return biased


def _policies(policy: Policy | Mapping[str, Policy], names: list[str]) -> dict[str, Policy]:
    """Return the policy of every driver."""
    if isinstance(policy, str):
        by_name: dict[str, Policy] = dict.fromkeys(names, policy)
    else:
        for name in policy:
            if name not in names:
                raise UnknownNameError("driver", name, names)
        by_name = {name: policy.get(name, "auto") for name in names}
    for name, value in by_name.items():
        if value not in {"auto", "estimate", "impose"}:
            raise ParameterError(f"policy of {name} is {value!r}: give 'auto', 'estimate' or 'impose'")
    return by_name


def _least_variable(drivers: pd.DataFrame) -> str | None:
    """Return the driver whose changes are smallest: of two that move together it has the least to say."""
    if drivers.empty:
        return None
    return str(drivers.diff().pow(2).sum().idxmin())
