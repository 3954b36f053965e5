"""Premium or discount: what the market pays above or below net asset value."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from research.alignment.history import History
from research.drivers.driver import Driver

__all__ = ["premium_discount", "rounding_error"]


def premium_discount(history: History) -> Driver | None:
    """Return the log premium of the close over net asset value, or None where the fund has no closes.

    Parameters
    ----------
    history : History
        Aligned history with ``close`` and ``nav`` at the same clock.

    Returns
    -------
    Driver or None
        ``premium_discount``; NaN on sessions without a close.

    Notes
    -----
    ``π_t = ln P_t − ln N_t``. It enters price-basis decompositions only: on NAV basis there
    is no premium to explain. Where NAV is printed coarsely its rounding error is in the premium and, with the opposite
    sign, in what is left: an estimated coefficient would be biased. It is an identity: close and NAV are the same
    numbers on both sides, so the coefficient is 1 by arithmetic.
    """
    if "close" not in history.frame:
        return None
    tick = next((source.tick for source in history.sources if source.role == "nav"), None)
    return Driver(
        name="premium_discount",
        level=history.premium.rename("premium_discount"),
        title="Premium or discount",
        description="log of close over net asset value, session by session",
        source="market close and net asset value of the fund",
        truth=1.0 if history.fund.simulated else None,
        rounding=rounding_error(history.frame["nav"].to_numpy(dtype=float), tick),
        identity=True,
    )


def rounding_error(nav: npt.NDArray[np.float64], tick: float | None) -> float:
    """Return the standard deviation of the error that printing NAV to its tick leaves in its log; 0 if unknown."""
    return float(np.sqrt(np.mean((tick / nav) ** 2) / 12.0)) if tick else 0.0
