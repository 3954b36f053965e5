"""The coefficient of the roll by horizon: what of its distance from 1 is noise, and what is another position."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.decomposition import Decomposition
from research.decomposition.result import DriverEstimate
from research.drivers import measure
from research.drivers.roll import EXPOSURE
from research.tables import Table

__all__ = ["coefficients_by_horizon", "coefficients_table"]

_BLOCKS = 20


def coefficients_by_horizon(history: History, result: Decomposition, horizons: Sequence[int]) -> pd.DataFrame:
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
        if len(x) < _BLOCKS * sessions:
            continue
        fit = OLS(y, np.column_stack([x, np.ones(len(x))])).fit(
            cov_type="HAC", cov_kwds={"maxlags": 2 * sessions, "use_correction": True}
        )
        rows[sessions] = [float(fit.params[0]), float(fit.bse[0])]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["coefficient", "std_error"])


def coefficients_table(by_horizon: pd.DataFrame, roll: DriverEstimate, apart: Decomposition) -> Table:
    """Return the roll's coefficient by horizon, from levels, and of carry and shift each by itself.

    Parameters
    ----------
    by_horizon : pandas.DataFrame
        From `coefficients_by_horizon`.
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
