"""Which coefficients the data can tell: the others are imposed at their stated value, and the result says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.alignment.history import Basis, History
from research.decomposition.local_level import LocalLevelResult, local_level
from research.drivers import Driver, exposures
from research.errors import IdentificationError, MissingColumnError, ParameterError, UnknownNameError
from research.tables import Result, Table

__all__ = [
    "MAX_ROUNDING_BIAS",
    "MAX_STD_ERROR",
    "MAX_VARIANCE_INFLATION",
    "Identification",
    "Policy",
    "identify",
    "identify_drivers",
    "variance_inflation",
]

Policy = Literal["auto", "estimate", "impose"]
"""``estimate`` or ``impose`` a driver's coefficient, or let its precision decide."""

MAX_VARIANCE_INFLATION = 10.0
MAX_STD_ERROR = 1.0
MAX_ROUNDING_BIAS = 0.2


@dataclass(frozen=True, eq=False)
class Identification(Result):
    """A fit, and the drivers that were moved to its left side.

    Parameters
    ----------
    fit : LocalLevelResult
        Regression of the level less the imposed drivers on the estimated ones.
    imposed : dict of str to str
        Reason by driver.
    inflation : pandas.Series
        Variance inflation of the estimated drivers, in the metric of the fit.
    drivers : tuple of Driver
        What was measured, where it is known: see `identify_drivers`.
    """

    fit: LocalLevelResult
    imposed: dict[str, str]
    inflation: pd.Series = field(repr=False)
    drivers: tuple[Driver, ...] = field(default=(), repr=False)

    def summary(self) -> Table:
        """Return how each driver was identified, with its coefficient and why it was imposed, as a table."""
        names = [*self.fit.params.index, *self.imposed]
        frame = pd.DataFrame(
            {
                "identified": ["imposed" if name in self.imposed else "estimated" for name in names],
                "coefficient": self.fit.params.reindex(names, fill_value=1.0),
                "std error": self.fit.std_errors.reindex(names),
                "variance inflation": self.inflation.reindex(names),
                "reason": [self.imposed.get(name, "") for name in names],
            },
            index=names,
        )
        formats = {"coefficient": ".5f", "std error": ".5f", "variance inflation": ".2f"}
        return Table(frame, "Drivers estimated, and imposed at 1", formats)


def variance_inflation(fit: LocalLevelResult) -> pd.Series:
    """Return how much each coefficient's variance owes to the other drivers: 1 where it owes nothing.

    Notes
    -----
    ``A_kk·(A⁻¹)_kk`` with ``A = X'V⁻¹X``: the usual factor, in the metric of the error that was estimated.
    """
    design = fit.whitened[:, 1:]
    cross = design.T @ design
    inverse = np.linalg.inv(cross) if cross.size else cross
    return pd.Series(np.diag(inverse) * np.diag(cross), fit.params.index, name="inflation")


def identify(
    level: pd.Series,
    drivers: pd.DataFrame,
    policy: Policy | Mapping[str, Policy] = "auto",
    *,
    positions: npt.ArrayLike | None = None,
    variance_per: Literal["session", "day"] = "session",
    cov_type: Literal["classical", "robust"] = "robust",
    transitory: Literal["noise", "ar1"] = "noise",
    rounding: Mapping[str, float] | None = None,
) -> Identification:
    """Estimate the drivers that the data identify and impose the others at 1.

    Parameters
    ----------
    level : pandas.Series of float, shape (T + 1,)
        Divergence level.
    drivers : pandas.DataFrame of float, shape (T + 1, K)
        Cumulated drivers; a coefficient of 1 means that a driver passes through in full.
    policy : {"auto", "estimate", "impose"} or a mapping of driver to one of them
        ``auto`` imposes a driver that does not vary, whose variance inflation exceeds 10, or whose coefficient has a
        standard error above 1 - one driver at a time, the worst first.
    positions, variance_per, cov_type, transitory
        As in `local_level`.
    rounding : mapping of driver to float, optional
        Standard deviation, in logs, of a rounding error that a driver holds and the remainder holds with the opposite
        sign: it biases the coefficient by twice its variance over that of the driver's changes. ``auto`` imposes a
        driver where that is a fifth of its standard error or more.

    Returns
    -------
    Identification
        The fit, the imposed drivers with reasons, and the variance inflation of the rest.

    Raises
    ------
    IdentificationError
        If a driver that must be estimated cannot be.
    UnknownNameError
        If the policy names a driver that is not there.

    Notes
    -----
    NaN in `level` is a missing session. See ``methods`` §5, Identification.
    """
    names = [str(name) for name in drivers.columns]
    policies = _policies(policy, names)
    imposed = {name: "by request" for name in names if policies[name] == "impose"}
    options = {
        "positions": positions,
        "variance_per": variance_per,
        "cov_type": cov_type,
        "transitory": transitory,
    }
    found = _search(level, drivers, policies, imposed, options)
    biased = _rounded(found, drivers.loc[level.notna()], policies, rounding or {})
    return _search(level, drivers, policies, imposed | biased, options) if biased else found


def identify_drivers(
    history: History,
    drivers: Sequence[Driver],
    basis: Basis = "nav",
    *,
    policy: Policy | Mapping[str, Policy] = "auto",
    variance_per: Literal["session", "day"] = "session",
    cov_type: Literal["classical", "robust"] = "robust",
    transitory: Literal["noise", "ar1"] = "noise",
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
    policy, variance_per, cov_type, transitory
        As in `identify`.

    Returns
    -------
    Identification
        With the drivers: what `decompose` goes on from.

    Raises
    ------
    MissingColumnError
        If the basis is price and the fund has no closes.
    IdentificationError, UnknownNameError
        As `identify` does.

    Examples
    --------
    >>> import research as rs
    >>> history = rs.load("ETHV")
    >>> found = identify_drivers(history, rs.drivers.measure(history, "nav"))
    >>> list(found.fit.params.index), found.imposed
    (['expense_ratio', 'accrued_fee'], {})
    """
    if basis not in {"nav", "price"}:
        raise ParameterError(f"basis is {basis!r}: give 'nav' or 'price'")
    if basis not in history.bases:
        raise MissingColumnError(f"{history.fund.ticker} has no market close: only basis 'nav' can be decomposed")
    level = history.divergence(basis)
    found = identify(
        level,
        exposures(drivers, level.index),
        policy,
        positions=history.positions,
        variance_per=variance_per,
        cov_type=cov_type,
        transitory=transitory,
        rounding={driver.exposure: driver.rounding for driver in drivers if driver.rounding > 0.0},
    )
    return replace(found, drivers=tuple(drivers))


def _search(
    level: pd.Series,
    drivers: pd.DataFrame,
    policies: dict[str, Policy],
    given: dict[str, str],
    options: dict[str, Any],
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
            fit = local_level(moved, drivers[rest], **options)
        except IdentificationError as error:
            least = _least_variable(drivers.loc[known, [d for d in error.drivers if policies[d] == "auto"]])
            if least is None:
                raise
            imposed[least] = f"collinear with {', '.join(d for d in error.drivers if d != least)}"
            continue
        inflation = variance_inflation(fit)
        worst = _worst([name for name in rest if policies[name] == "auto"], inflation, fit.std_errors)
        if worst is None:
            return Identification(fit, {name: imposed[name] for name in names if name in imposed}, inflation)
        imposed[worst[0]] = worst[1]


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


def _worst(names: list[str], inflation: pd.Series, std_errors: pd.Series) -> tuple[str, str] | None:
    """Return the driver most in need of being imposed and why, or None."""
    found = []
    for name in names:
        if inflation[name] > MAX_VARIANCE_INFLATION:
            reason = f"variance inflation {inflation[name]:.0f} exceeds {MAX_VARIANCE_INFLATION:.0f}"
            found.append((inflation[name] / MAX_VARIANCE_INFLATION, std_errors[name], name, reason))
        elif std_errors[name] > MAX_STD_ERROR:
            reason = f"standard error {std_errors[name]:.2f} exceeds {MAX_STD_ERROR:.0f}"
            found.append((std_errors[name] / MAX_STD_ERROR, std_errors[name], name, reason))
    if not found:
        return None
    # Two collinear drivers inflate alike; the less precise of them is the one to impose.
    worst = max(found, key=lambda item: (round(item[0], 6), item[1]))
    return worst[2], worst[3]
