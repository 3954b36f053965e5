"""The day on which a fee changed, looked for without its schedule: shared by every report that shows it."""

from __future__ import annotations

from research.alignment.history import History
from research.decomposition import SlopeBreak, slope_break
from research.drivers import exposures, measure
from research.errors import SampleError

__all__ = ["find_fee_break"]


def find_fee_break(history: History, *, confidence: float, seed: int, draws: int) -> SlopeBreak | None:
    """Return the day on which the drift of net asset value changed, or None where the sample is too short to look.

    Parameters
    ----------
    history : History
        The sample.
    confidence, seed, draws
        As in `slope_break`.

    Returns
    -------
    SlopeBreak or None
    """
    level = history.divergence("nav")
    # The fee's own drivers know the schedule, so the search does without them; other drifts stand beside the slopes.
    others = exposures(
        (d for d in measure(history, "nav") if d.name not in {"expense_ratio", "accrued_fee"}), level.index
    )
    try:
        return slope_break(level, others, confidence=confidence, seed=seed, draws=draws, positions=history.positions)
    except SampleError:
        return None
