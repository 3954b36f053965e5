"""Numbers and names as they read in a sentence; every report's words are made with these."""

from __future__ import annotations

import math
from collections.abc import Sequence

from research.analyses.statement import Statement
from research.conventions import BASIS_POINT
from research.funds import Fund
from research.metrics import TrackingErrorInterval
from research.tables import MISSING, plus_minus, unsigned_zero

__all__ = [
    "both_intervals",
    "bp",
    "ends_bp",
    "fund_name",
    "gained_or_lost",
    "hours_text",
    "interval_text",
    "joined",
    "number",
    "p_text",
    "percent",
    "plus_minus_bp",
    "simulated",
    "tiny",
]


_MOST_DIGITS = 9


def bp(value: float, *, signed: bool = False) -> str:
    """Return a fraction as basis points, with as many decimals as its size deserves.

    Examples
    --------
    >>> bp(0.10864), bp(-0.0011247), bp(0.0000036)
    ('1,086 bp', '-11.2 bp', '0.04 bp')
    """
    amount = value / BASIS_POINT
    digits = 0 if abs(amount) >= 100 else 1 if abs(amount) >= 5 else 2
    return unsigned_zero(f"{amount:{'+' if signed else ''},.{digits}f}") + " bp"


def plus_minus_bp(value: float, error: float) -> str:
    """Return ``value ± error`` in basis points, with the decimals that the error deserves.

    Examples
    --------
    >>> plus_minus_bp(0.00199612, 0.0000036)
    '19.96 ± 0.04 bp'
    """
    if math.isnan(error):
        return bp(value)
    digits = 3 if error < 1e-6 else 2 if error < 1e-4 else 1
    return f"{plus_minus(value / BASIS_POINT, error / BASIS_POINT, digits)} bp"


def number(value: float, error: float = math.nan) -> str:
    """Return ``value ± error`` with the decimals that the error deserves; without an error, two.

    Examples
    --------
    >>> number(0.99814, 0.0021), number(1.4749, 0.514), number(3.27, 0.58)
    ('0.998 ± 0.002', '1.47 ± 0.51', '3.27 ± 0.58')
    """
    if math.isnan(error):
        return plus_minus(value, error, 2)
    return plus_minus(value, error, 4 if error < 1e-3 else 3 if error < 0.1 else 2)


def interval_text(bounds: Sequence[float], digits: int = 2) -> str:
    """Return the ends of an interval as they read in a sentence, with the decimals that tell them apart.

    Examples
    --------
    >>> interval_text((-0.004, 0.31)), interval_text((0.9981, 1.0024))
    ('0.00 to 0.31', '0.998 to 1.002')
    """
    low, high = (unsigned_zero(f"{bound:.{digits}f}") for bound in bounds)
    if low == high and bounds[0] != bounds[1] and digits < _MOST_DIGITS:
        return interval_text(bounds, digits + 1)
    return f"{low} to {high}"


def ends_bp(bounds: Sequence[float]) -> str:
    """Return the ends of an interval in basis points, without the unit, with the decimals that the larger one deserves.

    Examples
    --------
    >>> ends_bp((0.0000952, 0.0001104)), ends_bp((-0.0212, 0.1307)), ends_bp((float("nan"), 0.0012))
    ('0.95 to 1.10', '-212 to 1,307', '– to 12.0')
    """
    size = max((abs(bound) for bound in bounds if math.isfinite(bound)), default=0.0) / BASIS_POINT
    digits = 0 if size >= 100 else 1 if size >= 5 else 2
    low, high = (
        unsigned_zero(f"{bound / BASIS_POINT:,.{digits}f}") if math.isfinite(bound) else MISSING for bound in bounds
    )
    return f"{low} to {high}"


def both_intervals(found: TrackingErrorInterval) -> str:
    """Return both intervals of a tracking error in basis points, that of the sample first."""
    said = f"{ends_bp(found.period)} for this sample, {ends_bp(found.long_run)} in the long run"
    return said if found.calibrated else f"{said}, uncalibrated for so long a sample"


def percent(share: float, digits: int = 0) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> percent(0.714), percent(0.0021, 2), percent(-0.001)
    ('71 %', '0.21 %', '0 %')
    """
    return unsigned_zero(f"{100 * share:.{digits}f}") + " %"


def p_text(value: float) -> str:
    """Return a p-value with three decimals, and no zero for what is merely small.

    Examples
    --------
    >>> p_text(0.0426), p_text(1e-9)
    ('0.043', 'below 0.001')
    """
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def hours_text(hours: float, error: float = math.nan) -> str:
    """Return hours as they read best: with an error, and as seconds or minutes where they are few.

    Examples
    --------
    >>> hours_text(3.31, 0.58), hours_text(-0.0005, 0.0001), hours_text(0.37, 0.12)
    ('+3.31 ± 0.58 hours', '-1.8 ± 0.4 seconds', '+22 ± 7 minutes')
    """
    scale, unit = (
        (1.0, "hours") if abs(hours) >= 1.0 else (60.0, "minutes") if abs(hours) >= 0.02 else (3600.0, "seconds")
    )
    digits = {"hours": 2, "minutes": 0, "seconds": 1}[unit]
    shown = unsigned_zero(f"{scale * hours:+.{digits}f}")
    return f"{shown} {unit}" if math.isnan(error) else f"{shown} ± {scale * error:.{digits}f} {unit}"


def tiny(value: float) -> str:
    """Return a number that ought to be zero.

    Examples
    --------
    >>> tiny(0.0), tiny(2.2e-16)
    ('exactly zero', '2e-16 at most')
    """
    return "exactly zero" if value == 0.0 else f"{abs(value):.0e} at most"


def joined(items: Sequence[str]) -> str:
    """Return items as a list in a sentence.

    Examples
    --------
    >>> joined(["fee"]), joined(["fee", "premium", "clock"])
    ('fee', 'fee, premium and clock')
    """
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""


def gained_or_lost(difference: float) -> str:
    """Return the verb of a tracking difference by its sign, and of one that prints as nothing that it is neither.

    Examples
    --------
    >>> gained_or_lost(-0.001), gained_or_lost(0.002), gained_or_lost(-1e-9)
    ('lost', 'gained', 'neither gained nor lost')
    """
    if bp(abs(difference)) == bp(0.0):
        return "neither gained nor lost"
    return "lost" if difference < 0 else "gained"


def fund_name(fund: Fund) -> str:
    """Return a fund's ticker, and that it is simulated where it is."""
    return f"{fund.ticker} (a simulated fund)" if fund.simulated else fund.ticker


def simulated(fund: Fund) -> tuple[Statement, ...]:
    """Return the statement with which a report on a simulated fund opens; nothing for a real one."""
    if not fund.simulated:
        return ()
    text = (
        f"{fund.ticker} is simulated: no such fund exists, its numbers say nothing about any market, and what was "
        "built into it stands beside every estimate as the truth."
    )
    return (Statement("simulated", text, "simulated"),)
