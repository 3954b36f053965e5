"""Conclusions in words, generated from the numbers: what a careful analyst would say, and what nobody can."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from research.analyses.expense_ratio.fee_words import break_sentences, regime_sentences
from research.analyses.phrases import bp, fund_name, p_text, plus_minus_bp
from research.decomposition import Decomposition, DriverEstimate

if TYPE_CHECKING:
    from research.analyses.decomposition.facts import Explanation

__all__ = ["bp", "conclusions", "limits", "plus_minus_bp"]

_BASIS = {"nav": "net asset value", "price": "market price"}
_DOUBT = 0.05


def conclusions(explained: Explanation) -> tuple[str, ...]:
    """Return what follows from the numbers, one sentence or two for each finding, the most important first.

    Parameters
    ----------
    explained : Explanation
        The numbers.

    Returns
    -------
    tuple of str
        Plain text.
    """
    return tuple(
        sentence
        for part in (_difference, _drivers, _regimes, _break, _dispersion, _flagged, _calendar)
        for sentence in part(explained)
    )


def limits(explained: Explanation) -> tuple[str, ...]:
    """Return what the numbers cannot say, one sentence or two each.

    Parameters
    ----------
    explained : Explanation
        The numbers.

    Returns
    -------
    tuple of str
        Plain text.
    """
    return tuple(
        sentence
        for part in (_mismatch, _imposed, _unpassed, _premium_ends, _changing, _persistent, _remainder, _not_measured)
        for sentence in part(explained)
    )


def _difference(explained: Explanation) -> Iterator[str]:
    history = explained.history
    nav = explained.bases["nav"].tracking_difference
    verb = "lost" if nav < 0 else "gained"
    yield (
        f"From {history.start:%Y-%m-%d} to {history.end:%Y-%m-%d}, {len(history.frame)} sessions, the net asset "
        f"value of {fund_name(history.fund)} {verb} {bp(abs(nav))} a year against its benchmark (log tracking "
        "difference)."
    )
    if "price" in explained.bases:
        price = explained.bases["price"]
        premium = next((part for part in price.drivers if part.name == "premium_discount"), None)
        verb = "lost" if price.tracking_difference < 0 else "gained"
        sentence = f"At market price it {verb} {bp(abs(price.tracking_difference))} a year"
        if premium is not None:
            first, last = (float(value) for value in history.premium.dropna().iloc[[0, -1]])
            sentence += (
                f"; {bp(premium.contribution, signed=True)} of that is the premium, which was "
                f"{bp(first, signed=True)} at the start and {bp(last, signed=True)} at the end"
            )
        yield sentence + "."


def _drivers(explained: Explanation) -> Iterator[str]:
    result = explained.bases["nav"]
    for part in result.drivers:
        if part.identified != "estimated":
            continue
        passed = part.p_value_unity >= _DOUBT
        verdict = (
            "so it passes through as stated"
            if passed
            else f"which is not what was stated ({bp(part.stated)}): p of full pass-through "
            f"{p_text(part.p_value_unity)}"
        )
        yield (
            f"{part.title} accounts for {plus_minus_bp(part.contribution, part.contribution_std_error)} a year on net "
            f"asset value; its coefficient is {_coefficient(part)}, {verdict}."
        )
    rest = result.unexplained
    if not math.isnan(rest.contribution_std_error):
        quiet = rest.interval[0] <= 0 <= rest.interval[1]
        yield (
            f"{plus_minus_bp(rest.contribution, rest.contribution_std_error)} a year stay unexplained, "
            f"{'which is nothing within its interval' if quiet else 'which is more than chance'}."
        )


def _coefficient(part: DriverEstimate) -> str:
    digits = 3 if part.std_error < 0.1 else 2
    return f"{part.coefficient:.{digits}f} ± {part.std_error:.{digits}f}"


def _regimes(explained: Explanation) -> Iterator[str]:
    yield from regime_sentences(explained.regimes)


def _break(explained: Explanation) -> Iterator[str]:
    yield from break_sentences(explained.fee_break, explained.history.fund)


def _dispersion(explained: Explanation) -> Iterator[str]:
    nav = explained.measures["nav"]
    yield (
        f"Tracking error of the net asset value is {bp(nav.daily)} a year"
        + ("" if math.isnan(nav.rounding_floor) else f" (rounding alone makes {bp(nav.rounding_floor)})")
        + "."
    )
    price = explained.measures.get("price")
    if price is not None and len(price.horizons) > 1:
        longest = max(horizon for horizon in price.horizons if horizon <= 21)
        fallen = price.horizons[longest] < 0.7 * price.daily
        yield (
            f"At market price it is {bp(price.daily)} a year from daily returns and {bp(price.horizons[longest])} over "
            f"{longest} sessions"
            + (": most of it is premium noise that comes back, not a risk that accumulates." if fallen else ".")
        )


def _flagged(explained: Explanation) -> Iterator[str]:
    if math.isnan(explained.without_flagged):
        return
    daily = explained.measures["price"].daily
    share = 1.0 - (explained.without_flagged / daily) ** 2
    for item in explained.history.findings:
        if item.rule == "stale_value" and item.series == "close":
            yield (
                f"The close of {item.session:%Y-%m-%d} is stale: without flagged closes the price tracking error is "
                f"{bp(explained.without_flagged)}, so they make {share:.0%} of its variance."
            )
            return


def _calendar(explained: Explanation) -> Iterator[str]:
    naive = explained.history.naive
    if naive is None or not naive.all_rows_bp > 2 * naive.sessions_bp:
        return
    yield (
        f"Read without an exchange calendar, the same file would show a tracking error of {naive.all_rows_bp:,.0f} bp "
        f"({naive.weekdays_bp:,.0f} bp with weekdays only) instead of {naive.sessions_bp:,.1f} bp."
    )


def _mismatch(explained: Explanation) -> Iterator[str]:
    mismatch = explained.history.fund.benchmark_mismatch
    if mismatch:
        yield (
            f"Benchmark mismatch: {mismatch} The two cannot be told apart here, so the unexplained part and the widths "
            "of all intervals contain it."
        )


def _imposed(explained: Explanation) -> Iterator[str]:
    for basis, result in explained.bases.items():
        for part in result.drivers:
            if part.identified == "imposed":
                yield (
                    f"{part.title} on {_BASIS[basis]} is imposed at its stated value, not measured ({part.reason}): "
                    "its row has no error, and whatever is wrong with it is in the unexplained part."
                )


def _unpassed(explained: Explanation) -> Iterator[str]:
    if any(part.name == "accrued_fee" for part in explained.bases["nav"].drivers):
        yield (
            "The accrued fee assumes payment on the first session after each period; other debts or cash of the "
            "fund, or later payments, would show in its coefficient, not in the fee's."
        )


def _premium_ends(explained: Explanation) -> Iterator[str]:
    if "price" in explained.bases:
        yield (
            "The premium's part in the price tracking difference is only its change from the first close to the last, "
            "divided by the years: it is no yield, and another start or end gives another number."
        )


def _changing(explained: Explanation) -> Iterator[str]:
    p_value = explained.bases["nav"].fit.changing_variance()
    if p_value < _DOUBT:
        yield (
            f"The noise of the net asset value changes through time (p of a constant variance {p_text(p_value)}): "
            "standard errors allow for it, single tracking errors for the whole sample do not."
        )


def _persistent(explained: Explanation) -> Iterator[str]:
    test = explained.autocorrelation
    if test.recommended and explained.bases["nav"].fit.phi == 0.0:
        yield (
            f"The noise that comes back takes its time (autocorrelation {test.phi:.2f} from one session to the next, "
            f'p of none {p_text(test.p_value)}): intervals here are wider than need be, and transitory = "ar1" would '
            f"narrow them up to {test.narrowing.max():.1f} times."
        )


def _remainder(explained: Explanation) -> Iterator[str]:
    result: Decomposition = explained.bases["nav"]
    names = " and ".join(part.title.lower() for part in result.drivers)
    yield (
        f"Only {names or 'no driver'} could be measured from the series at hand. A cost that drifts like one of them "
        "- an expense outside the fee, a steady execution cost - cannot be told from it, and is part of its "
        "coefficient."
    )


def _not_measured(explained: Explanation) -> Iterator[str]:
    yield (
        "Nothing here says what an investor paid: the bid-ask spread, the time of the trade within the day, and "
        f"taxes are not in these data. The sample is {explained.history.years:.1f} years; the intervals speak of "
        "sampling error under the model, not of years to come."
    )
