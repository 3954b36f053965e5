"""What a report on the expense ratio says in sentences, generated from its numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from research.analyses.expense_ratio.fee_words import break_sentences, regime_sentences
from research.analyses.phrases import bp, fund_name, p_text, percent, plus_minus_bp, simulated_note
from research.conventions import DAYS_PER_YEAR

if TYPE_CHECKING:
    from research.analyses.expense_ratio.facts import FeeReport

__all__ = ["fee_conclusions", "fee_limits"]

_DOUBT = 0.05


def fee_conclusions(report: FeeReport) -> tuple[str, ...]:
    """Return what follows about the fee, the most important first."""
    parts = (_truth, _estimators, _power, _tiers, _coins)
    fund = report.history.fund
    return (
        *simulated_note(fund),
        *regime_sentences(report.regimes),
        *break_sentences(report.fee_break, fund),
        *(sentence for part in parts for sentence in part(report)),
    )


def fee_limits(report: FeeReport) -> tuple[str, ...]:
    """Return what the numbers cannot say of the fee."""
    parts = (_mismatch, _cost, _owed, _changing, _power_limits, _assets)
    return tuple(sentence for part in parts for sentence in part(report))


def _truth(report: FeeReport) -> Iterator[str]:
    if not report.history.fund.simulated:
        return
    gaps = [abs(one.estimated - one.stated) / one.std_error for one in report.regimes.regimes if one.std_error > 0]
    if gaps:
        yield (
            f"The truth lies {max(gaps):.1f} standard errors from the estimate in the worst period "
            f"of {len(gaps)} (two are usual one time in twenty)."
        )


def _estimators(report: FeeReport) -> Iterator[str]:
    rates, errors = report.estimators.rates.iloc[:, -1], report.estimators.errors.iloc[:, -1]
    own, changes = errors["local level"], errors["changes with constant"]
    if not own > 0:
        return
    yield (
        f"The regression of daily changes finds {plus_minus_bp(rates['changes with constant'], changes)} a year in the "
        f"last period, the local-level regression {plus_minus_bp(rates['local level'], own)}: "
        f"the level of the divergence carries {changes / own:,.0f} times the precision of its changes."
    )
    apart = abs(rates["levels, HAC"] - rates["local level"]) / errors["levels, HAC"]
    if apart > 2.0:
        yield (
            f"Levels with HAC errors claim {plus_minus_bp(rates['levels, HAC'], errors['levels, HAC'])}, "
            f"{apart:.1f} of their own errors away: they do not know that the remainder wanders."
        )


def _power(report: FeeReport) -> Iterator[str]:
    found = report.detectable
    if not len(found):
        return
    short, long = found.index[0], found.index[-1]
    parts = [f"{bp(float(found[h]))} after {h} sessions" for h in dict.fromkeys((short, 21, long)) if h in found.index]
    yield (
        f"A change of the fee would be noticed ({percent(report.power)} of the time, false alarms "
        f"{percent(1 - report.confidence)}) from a size of {', '.join(parts)}."
    )


def _tiers(report: FeeReport) -> Iterator[str]:
    for one in report.quarters:
        if math.isnan(one.disclosed):
            continue
        yield (
            f"In {one.label} tiers applied to each day's assets give a waiver of ${one.waived:,.0f}; the fund "
            f"disclosed ${one.disclosed:,.0f} ({100 * (one.waived / one.disclosed - 1):+.2f} %). From average assets "
            f"it would be ${one.shortcut:,.0f} ({100 * (one.shortcut / one.disclosed - 1):+.2f} %)."
        )
    if report.quarters:
        dollars = sum(one.charged for one in report.quarters)
        held = sum(one.mean_assets * one.days for one in report.quarters) / DAYS_PER_YEAR
        days = sum(one.days for one in report.quarters)
        last = report.quarters[-1].label
        tiered = next(one for one in report.regimes.regimes if str(pd.Period(one.end, "Q")) == last)
        yield (
            f"Over the {days} days with tiers {fund_name(report.history.fund)} charged {bp(dollars / held)} a year on "
            f"the average dollar and {bp(tiered.stated)} on the average day: the second is what a share held "
            "throughout paid, and what net asset value shows."
        )


def _coins(report: FeeReport) -> Iterator[str]:
    if report.coins is None:
        return
    for (name, rate), one in zip(report.coins.items(), report.regimes.regimes, strict=True):
        yield (
            f"Coins per share fall by {bp(float(rate))} a year from {name}, without any price; prices show "
            f"{plus_minus_bp(one.estimated, one.std_error)}."
        )


def _mismatch(report: FeeReport) -> Iterator[str]:
    mismatch = report.history.fund.benchmark_mismatch
    if mismatch:
        yield (f"Benchmark mismatch: {mismatch} A drift between the two would read as a fee; it widens every interval.")


def _cost(report: FeeReport) -> Iterator[str]:
    yield (
        f"What is measured is the drift of {report.history.fund.ticker}'s net asset value against the index. A steady "
        "cost outside the fee - custody, execution at creations, audit where the sponsor does not pay it - drifts like "
        "a fee and cannot be told from it."
    )


def _owed(report: FeeReport) -> Iterator[str]:
    if "accrued_fee" in report.regimes.fit.drivers and report.fee_break is not None:
        yield (
            "The slopes around the day of change are those of the whole drift; the fee by period has the fee that is "
            "owed "
            f"but not yet paid taken off, hence {bp(-report.fee_break.slope_after)} there and "
            f"{bp(report.regimes.regimes[-1].estimated)} here."
        )


def _changing(report: FeeReport) -> Iterator[str]:
    p_value = report.regimes.fit.changing_variance()
    if p_value < _DOUBT:
        yield (
            f"The noise changes through time (p of a constant variance {p_text(p_value)}). Standard errors allow for "
            "that; the detectable change takes the noise of the last period as the noise to come."
        )


def _power_limits(report: FeeReport) -> Iterator[str]:
    if len(report.detectable):
        yield (
            "The detectable change supposes that the day of the change is known, as it is where a filing names it. "
            "Looking for an unknown day needs a larger change or a longer wait."
        )


def _assets(report: FeeReport) -> Iterator[str]:
    fact = report.history.fund.assets_below
    if fact is not None and not report.quarters:
        yield (
            f"That assets stayed in the first tier is {fact.status}, not published day by day: were it wrong, a part "
            "of the fee would have been due in the waived period, and the data show none beyond their interval."
        )
