"""Fee by period and the day it changed, in sentences and as a record: shared by every report that shows them."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from research.analyses.phrases import bp, p_text, percent, plus_minus_bp
from research.conventions import BASIS_POINT
from research.decomposition import FeeRegime, FeeRegimes, SlopeBreak
from research.funds import Fund

__all__ = ["break_is_real", "break_record", "break_sentences", "regime_sentences"]

SIGNIFICANT = 0.01


def break_is_real(found: SlopeBreak | None) -> bool:
    """Whether a change of the drift is more than chance, at 1 %."""
    return found is not None and found.p_value <= SIGNIFICANT


def regime_sentences(regimes: FeeRegimes | None) -> Iterator[str]:
    """Yield what each period of the fee schedule was found to charge, and how that stands to what is stated."""
    for regime in () if regimes is None else regimes.regimes:
        inside = regime.interval[0] <= regime.stated <= regime.interval[1]
        relation = "agrees with" if inside else "disagrees with"
        yield (
            f"From {regime.start:%Y-%m-%d} to {regime.end:%Y-%m-%d} the data show a fee of "
            f"{plus_minus_bp(regime.estimated, regime.std_error)} a year, which {relation} the stated "
            f"{_stated(regime)}."
        )


def _stated(regime: FeeRegime) -> str:
    return "waiver (0 bp)" if regime.stated == 0.0 else bp(regime.stated)


def break_sentences(found: SlopeBreak | None, fund: Fund) -> Iterator[str]:
    """Yield on which day the drift changed, and how that day stands to the schedule; nothing where none was sought."""
    if found is None:
        return
    if not break_is_real(found):
        yield f"No change of the drift is found in the data alone (p {p_text(found.p_value)})."
        return
    low, high = found.interval
    yield (
        f"Looked for without the schedule, the drift of the net asset value changes on {found.date:%Y-%m-%d} "
        f"({percent(found.confidence)} interval {low:%Y-%m-%d} to {high:%Y-%m-%d}), from "
        f"{bp(found.slope_before, signed=True)} to {bp(found.slope_after, signed=True)} a "
        f"year{_against(found, fund)}."
    )


def _against(found: SlopeBreak, fund: Fund) -> str:
    """Return how the day found stands to the nearest day on which the stated fee changes."""
    if fund.fee is None or len(fund.fee.periods) < 2:
        return ""
    stated = [pd.Timestamp(period.start) for period in fund.fee.periods[1:]]
    nearest = min(stated, key=lambda day: abs((day - found.date).days))
    days = (found.date - nearest).days
    if days == 0:
        return ": to the day when the stated fee changes"
    inside = found.interval[0] <= nearest <= found.interval[1]
    where = "inside" if inside else "outside"
    return f"; the stated fee changes on {nearest:%Y-%m-%d}, {abs(days)} days away and {where} the interval"


def break_record(found: SlopeBreak) -> dict[str, object]:
    """Return a break in the layout of ``research.result/1``."""
    return {
        "driver": "expense_ratio",
        "date": found.date,
        "interval": list(found.interval),
        "p_value": found.p_value,
        "slope_before_bp": found.slope_before / BASIS_POINT,
        "slope_after_bp": found.slope_after / BASIS_POINT,
        "std_error_before_bp": found.std_error_before / BASIS_POINT,
        "std_error_after_bp": found.std_error_after / BASIS_POINT,
    }
