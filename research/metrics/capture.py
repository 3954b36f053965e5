"""Up and down capture: the fund's return over the benchmark's in the periods when the benchmark rose or fell.

Three conventions are in use and give different numbers, so each has its name: of compound returns
(PerformanceAnalytics' default), of mean returns (Bacon), of annualised compound returns (empyrical, Morningstar).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from research.conventions import check_periods
from research.metrics import _sample as sample
from research.metrics import forms
from research.metrics._sample import Array, Pair, Returns, check_pair
from research.metrics.active import log_growth
from research.metrics.forms import Form, Options
from research.metrics.registry import NUMBER, measured

__all__ = [
    "down_capture",
    "down_capture_annualised",
    "down_capture_arithmetic",
    "up_capture",
    "up_capture_annualised",
    "up_capture_arithmetic",
]

Side = Literal["up", "down", "below"]
"""Periods in which the benchmark rose, did not rise, and fell."""


def _periods(benchmark: Array, side: Side) -> NDArray[np.bool_]:
    return np.asarray({"up": benchmark > 0, "down": benchmark <= 0, "below": benchmark < 0}[side])


def _side(side: Side, compound: bool) -> Callable[[Array, Array, Options], Array]:
    def moments(r: Array, b: Array, _: Options) -> Array:
        at = _periods(b, side)
        sides = (np.log1p(r), np.log1p(b)) if compound else (r, b)
        return forms.columns(*(np.where(at, one, 0.0) for one in sides), at.astype(np.float64))

    return moments


def _captured(m: Array, n: int, _: Options) -> Array:
    return np.asarray(np.expm1(n * m[..., 0]) / np.expm1(n * m[..., 1]))


def _captured_annualised(m: Array, _n: int, o: Options) -> Array:
    periods = o["periods_per_year"] / m[..., 2]
    return np.asarray(np.expm1(periods * m[..., 0]) / np.expm1(periods * m[..., 1]))


@overload
def up_capture(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def up_capture(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
@measured(
    "up capture",
    also=("up capture ratio", "compound up capture"),
    unit=NUMBER,
    formula="(Π(1 + r) − 1) / (Π(1 + b) − 1) over the periods with b > 0",
    source='PerformanceAnalytics, UpDownRatios(side="Up", method="Capture")',
    form=Form(_side("up", compound=True), _captured),
)
def up_capture(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return compound fund return over compound benchmark return when the benchmark rose.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never rose.

    Raises
    ------
    DataError
        If a value is infinite, a simple return is −1 or less, or labels are unsorted or repeated.

    Notes
    -----
    It depends on the length of the sample.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture(fund, benchmark), 6)
    1.005666
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "up"))


@overload
def up_capture_arithmetic(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def up_capture_arithmetic(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
@measured(
    "up capture, arithmetic",
    also=("arithmetic up capture", "average up capture"),
    unit=NUMBER,
    formula="mean(r) / mean(b) over the periods with b > 0",
    source="Bacon 2008; PerformanceAnalytics with geometric=FALSE",
    form=Form(_side("up", compound=False), lambda m, _n, _o: m[..., 0] / m[..., 1]),
)
def up_capture_arithmetic(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return mean fund return over mean benchmark return when the benchmark rose.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never rose.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture_arithmetic(fund, benchmark), 6)
    1.0
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    fund, benchmark = _select(pair, "up")
    return pair.result(sample.ratio(sample.mean(fund), sample.mean(benchmark)))


@overload
def up_capture_annualised(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def up_capture_annualised(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
@measured(
    "up capture, annualised",
    also=(
        "upside capture",
        "upside capture ratio",
        "annualised up capture",
        "Morningstar upside capture ratio",
    ),
    unit=NUMBER,
    formula="(Π(1 + r)^(m/k) − 1) / (Π(1 + b)^(m/k) − 1) over the k periods with b > 0",
    source="empyrical, up_capture",
    form=Form(_side("up", compound=True), _captured_annualised),
)
def up_capture_annualised(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return annualised fund return over annualised benchmark return when the benchmark rose.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never rose.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(up_capture_annualised(fund, benchmark, periods_per_year=12), 6)
    1.00668
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "up", check_periods(periods_per_year)))


@overload
def down_capture(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def down_capture(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
@measured(
    "down capture",
    also=("down capture ratio", "compound down capture"),
    unit=NUMBER,
    formula="(Π(1 + r) − 1) / (Π(1 + b) − 1) over the periods with b ≤ 0",
    source='PerformanceAnalytics, UpDownRatios(side="Down", method="Capture")',
    form=Form(_side("down", compound=True), _captured),
)
def down_capture(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return compound fund return over compound benchmark return when the benchmark did not rise.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never fell.

    Notes
    -----
    It depends on the length of the sample.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture(fund, benchmark), 6)
    0.75
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "down"))


@overload
def down_capture_arithmetic(fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series) -> float: ...
@overload
def down_capture_arithmetic(fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns) -> pd.Series: ...
@measured(
    "down capture, arithmetic",
    also=("arithmetic down capture", "average down capture"),
    unit=NUMBER,
    formula="mean(r) / mean(b) over the periods with b ≤ 0",
    source="Bacon 2008; PerformanceAnalytics with geometric=FALSE",
    form=Form(_side("down", compound=False), lambda m, _n, _o: m[..., 0] / m[..., 1]),
)
def down_capture_arithmetic(fund_simple_returns: Returns, benchmark_simple_returns: Returns) -> float | pd.Series:
    """Return mean fund return over mean benchmark return when the benchmark did not rise.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never fell.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture_arithmetic(fund, benchmark), 6)
    0.75
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    fund, benchmark = _select(pair, "down")
    return pair.result(sample.ratio(sample.mean(fund), sample.mean(benchmark)))


@overload
def down_capture_annualised(
    fund_simple_returns: pd.Series, benchmark_simple_returns: pd.Series, *, periods_per_year: float
) -> float: ...
@overload
def down_capture_annualised(
    fund_simple_returns: pd.DataFrame, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> pd.Series: ...
@measured(
    "down capture, annualised",
    also=(
        "downside capture",
        "downside capture ratio",
        "annualised down capture",
        "Morningstar downside capture ratio",
    ),
    unit=NUMBER,
    formula="(Π(1 + r)^(m/k) − 1) / (Π(1 + b)^(m/k) − 1) over the k periods with b < 0",
    source="empyrical, down_capture",
    form=Form(_side("below", compound=True), _captured_annualised),
)
def down_capture_annualised(
    fund_simple_returns: Returns, benchmark_simple_returns: Returns, *, periods_per_year: float
) -> float | pd.Series:
    """Return annualised fund return over annualised benchmark return when the benchmark fell.

    Returns
    -------
    float or pandas.Series
        Ratio, no unit. NaN where the benchmark never fell.

    Examples
    --------
    >>> import pandas as pd
    >>> fund, benchmark = pd.Series([0.02, -0.03, 0.05]), pd.Series([0.01, -0.04, 0.06])
    >>> round(down_capture_annualised(fund, benchmark, periods_per_year=12), 6)
    0.790512
    """
    pair = check_pair(fund_simple_returns, benchmark_simple_returns)
    return pair.result(_compound(pair, "below", check_periods(periods_per_year)))


def _select(pair: Pair, side: Side) -> tuple[Array, Array]:
    chosen = _periods(pair.benchmark, side)
    return np.where(chosen, pair.fund, np.nan), np.where(chosen, pair.benchmark, np.nan)


def _compound(pair: Pair, side: Side, periods: float | None = None) -> Array:
    """Ratio of compound returns, over the sample or, with `periods` a year, annualised by the periods chosen."""
    logs = [log_growth(x, what) for x, what in zip(_select(pair, side), ("the fund", "the benchmark"), strict=True)]
    grown = [np.expm1(sample.total(x) if periods is None else periods * sample.mean(x)) for x in logs]
    return sample.ratio(grown[0], grown[1])
