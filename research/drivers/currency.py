"""Currency: what the rate between the fund's currency and the benchmark's adds to the divergence."""

from __future__ import annotations

import numpy as np
import pandas as pd

from research.alignment.history import History
from research.drivers.driver import Driver
from research.drivers.inputs import check_positive, input_series

__all__ = ["currency"]


def currency(history: History) -> Driver | None:
    """Return the divergence that comes from quoting fund and benchmark in two currencies.

    Parameters
    ----------
    history : History
        Its input ``fx`` is what one unit of the benchmark's currency costs in the fund's, at the fund's clock;
        `research.load` turns a rate that is stated the other way round.

    Returns
    -------
    Driver or None
        ``currency``: rising while the benchmark's currency gains; None where there is no rate.

    Raises
    ------
    DataError
        If a rate is NaN or not positive.

    Notes
    -----
    A fund that holds what its benchmark prices is worth ``N = q·B·X`` in its own currency, X units of it for one of the
    benchmark's: the level is ``ln X_t − ln X_0``, whatever the fund's multiple. A fund that hedges
    the rate has a coefficient near 0.
    """
    rate = input_series(history, "fx")
    if rate is None:
        return None
    logs = np.log(check_positive(rate, "input 'fx'").to_numpy(dtype=float))
    unit = next((source.unit for source in history.sources if source.role == "fx"), "")
    return Driver(
        name="currency",
        level=pd.Series(logs - logs[:1], rate.index, name="currency"),
        title="Currency",
        description="rate between the currency of the fund and that of the benchmark" + (f" ({unit})" if unit else ""),
        source="series fx",
        truth=1.0 if history.fund.simulated else None,
    )
