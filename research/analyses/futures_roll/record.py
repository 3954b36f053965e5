"""The ``roll`` object of a result, and what stands for it among many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from research.analyses.lead import BP_A_YEAR, PERCENT, Lead, LeadFigure, spark
from research.conventions import BASIS_POINT

if TYPE_CHECKING:
    from research.analyses.futures_roll.facts import RollReport

__all__ = ["roll_lead", "roll_record"]


def roll_record(report: RollReport) -> dict[str, object]:
    """Return the numbers of a futures roll in the layout of ``research.result/1``."""
    held, trades, schedules = report.held, report.trades, report.schedules
    return {
        "coefficient": report.roll.coefficient,
        "std_error": report.roll.std_error,
        "p_value_unity": report.roll.p_value_unity,
        "by_horizon": [
            {"sessions": int(h), "coefficient": float(c), "std_error": float(e)}
            for h, (c, e) in zip(report.coefficients.index, report.coefficients.to_numpy(), strict=True)
        ],
        "mean_basis_bp": float(report.basis.mean()) / BASIS_POINT,
        "contango_share": float((report.basis > 0).mean()),
        "backwardation_share": float((report.basis < 0).mean()),
        "rolls": None if trades is None else len(trades.rolls),
        "spliced_books_bp": None if trades is None else trades.booked / BASIS_POINT,
        "frozen_curve_return": None if trades is None else trades.frozen,
        "maturity_days": None if held is None else float(held.states["maturity"].mean()),
        "long_dated_share": None if held is None else float(held.long_dated_share(report.long_days).mean()),
        "schedules": []
        if schedules is None
        else [
            {"schedule": str(name), "total_bp": total / BASIS_POINT, "maturity_days": maturity}
            for name, total, maturity in zip(schedules.index, schedules["total"], schedules["maturity"], strict=True)
        ],
    }


def roll_lead(report: RollReport) -> Lead:
    """Return tracking difference, roll yield, how much of it passed through and how often there was contango."""
    roll = report.roll
    error = roll.contribution_std_error / BASIS_POINT
    figures = (
        LeadFigure("Tracking difference", report.result.tracking_difference / BASIS_POINT, BP_A_YEAR),
        LeadFigure("Roll yield", roll.contribution / BASIS_POINT, BP_A_YEAR, error),
        LeadFigure("Roll passed through", 100.0 * roll.coefficient, PERCENT, 100.0 * roll.std_error),
        LeadFigure("Contango", 100.0 * float((report.basis > 0).mean()), PERCENT),
    )
    return Lead(figures, spark("Annualised basis", BP_A_YEAR, report.basis / BASIS_POINT))
