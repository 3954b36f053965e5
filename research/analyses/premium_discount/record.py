"""The ``premium`` object of a result, and what stands for it among many."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from research.analyses.lead import BP, PERCENT, Lead, LeadFigure, spark
from research.conventions import BASIS_POINT
from research.metrics import days_outside

if TYPE_CHECKING:
    from research.analyses.premium_discount.facts import PremiumReport

__all__ = ["premium_lead", "premium_record"]


def premium_record(report: PremiumReport) -> dict[str, object]:
    """Return a premium's numbers in the layout of ``research.result/1``."""
    mean, error = report.mean
    fit, sides, closing = report.reversion, report.sides, report.closing
    premium = report.history.premium
    return {
        "mean_bp": mean / BASIS_POINT,
        "std_error_bp": error / BASIS_POINT,
        "sd_bp": float(premium.std()) / BASIS_POINT,
        "usual_sd_bp": float(report.usual.std()) / BASIS_POINT,
        "bands": [
            {"band_bp": band / BASIS_POINT, "sessions": int(days_outside(premium.dropna(), band))}
            for band in report.bands
        ],
        "reversion": {
            "coefficient": fit.coefficient,
            "least_squares": fit.least_squares,
            "std_error": fit.std_error,
            "interval": list(fit.interval),
            "half_life_sessions": _finite(fit.half_life),
            "half_life_interval": [_finite(bound) for bound in fit.half_life_interval],
            "truth": report.truth,
        },
        "sides": {
            "premium_left": sides.premium,
            "premium_std_error": sides.premium_std_error,
            "discount_left": sides.discount,
            "discount_std_error": sides.discount_std_error,
            "p_value_equal": sides.p_value_equal,
        },
        "closing": {
            "nav_catches_up": closing.nav_catches_up,
            "price_comes_back": closing.price_comes_back,
            "remains": closing.remains,
            "std_errors": list(closing.std_errors),
        },
        "closes": [
            {
                "kind": one.name,
                "sessions": one.sessions,
                "mean_absolute_bp": one.mean_absolute / BASIS_POINT,
                "expected_bp": one.expected / BASIS_POINT,
                "absolute_share": one.absolute_share,
                "square_share": one.square_share,
            }
            for one in report.groups
        ],
        "holding": [
            {
                "sessions": int(str(sessions)),
                **{f"{name}_bp": float(row[name]) / BASIS_POINT for name in ("sd", "p5", "p95")},
            }
            for sessions, row in report.holding().iterrows()
        ],
    }


def premium_lead(report: PremiumReport) -> Lead:
    """Return a premium's mean, deviation, half-life and time outside the widest band, and the premium itself."""
    mean, error = report.mean
    known, widest = report.history.premium.dropna(), report.bands[-1]
    figures = (
        LeadFigure("Mean premium", mean / BASIS_POINT, BP, error / BASIS_POINT),
        LeadFigure("Standard deviation", float(known.std()) / BASIS_POINT, BP),
        LeadFigure("Half-life", report.reversion.half_life, "sessions"),
        LeadFigure(f"Outside ±{widest / BASIS_POINT:g} bp", 100.0 * float((known.abs() > widest).mean()), PERCENT),
    )
    return Lead(figures, spark("Premium", BP, report.history.premium / BASIS_POINT))


def _finite(value: float) -> float | None:
    """Return a number, or None where it is infinite: a premium that is not seen to close has no half-life."""
    return value if math.isfinite(value) else None
