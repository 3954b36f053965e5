"""Each measure as a smooth function of means: what the delta method differentiates and the bootstrap resamples.

A form turns one fund's returns into a table of moments, one row for each period, and the means of that table into the
measure. Its estimate is, to rounding, what the measure's own function returns, and a test says so for each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from research.errors import ParameterError, UnknownNameError
from research.metrics._sample import Array

__all__ = ["FORMS", "Form", "form_of", "means_of"]

Options: TypeAlias = Mapping[str, Any]
Scale = Literal["linear", "log", "fisher"]


@dataclass(frozen=True)
class Form:
    """A measure as a function of means.

    Parameters
    ----------
    moments : callable
        From fund, benchmark and options to moments of shape (n, k).
    value : callable
        From means of shape (..., k), n and options to the measure, analytic in the means.
    scale : {"linear", "log", "fisher"}
        On which scale a normal interval is drawn: dispersions on the log's, correlations on Fisher's.
    options : tuple of str
        Keyword arguments that the measure needs.
    ordered : bool
        Whether neighbouring rows enter together, so that a missing period must keep its place.
    benchmark : bool
        Whether there is a benchmark; a premium has none.
    """

    moments: Callable[[Array, Array, Options], Array]
    value: Callable[[Array, int, Options], Array]
    scale: Scale = "linear"
    options: tuple[str, ...] = ()
    ordered: bool = False
    benchmark: bool = True


def form_of(measure: str | Callable[..., object]) -> tuple[str, Form]:
    """Return name and form of a measure given by its name or as its function.

    Raises
    ------
    UnknownNameError
        If it has none.
    """
    name = measure if isinstance(measure, str) else getattr(measure, "__name__", repr(measure))
    if name not in FORMS:
        raise UnknownNameError("measure with an interval", name, FORMS)
    return name, FORMS[name]


def means_of(form: Form, fund: Array, benchmark: Array, options: Options) -> tuple[Array, int]:
    """Return the table of moments of one fund, and how many complete periods (or overlapping sums) it is made of."""
    there = ~(np.isnan(fund) | np.isnan(benchmark))
    if form.ordered:
        fund, benchmark = np.where(there, fund, np.nan), np.where(there, benchmark, np.nan)
    else:
        fund, benchmark = fund[there], benchmark[there]
    if not there.any():
        return np.empty((0, 1)), 0
    table = form.moments(fund, benchmark, options)
    return table, int(there.sum()) if form.moments is _lagged else len(table)


def _columns(*parts: Array) -> Array:
    return np.column_stack(parts)


def _variance(first: Array, second: Array, n: int, ddof: int = 1) -> Array:
    """Return the variance from the means of x and x²; zero or more for real means."""
    squares = second - first * first
    if not np.iscomplexobj(squares):
        squares = np.maximum(squares, 0.0)
    return np.asarray(squares * (n / (n - ddof)))


def _centred(x: Array) -> Array:
    return np.asarray(x - x.mean())


def _spread(r: Array, b: Array, _: Options) -> Array:
    d = _centred(r - b)
    return _columns(d, d * d)


def _difference(r: Array, b: Array, _: Options) -> Array:
    return (r - b)[:, None]


def _both(r: Array, b: Array, _: Options) -> Array:
    return _columns(r, b)


def _error(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.sqrt(_variance(m[..., 0], m[..., 1], n) * o["periods_per_year"]))


def _growth(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.expm1(n * m[..., 0] / o["years"]) - np.expm1(n * m[..., 1] / o["years"]))


def _absolute_centred(r: Array, b: Array, _: Options) -> Array:
    # The mean enters through |d − mean|: to first order by the share of values above it less the share below.
    d = _centred(r - b)
    return _columns(np.abs(d) - np.sign(d).mean() * d)


def _cross(r: Array, b: Array, _: Options) -> Array:
    x, y = _centred(b), _centred(r)
    return _columns(x, y, x * x, x * y, y * y)


def _covariances(m: Array) -> tuple[Array, Array, Array]:
    x, y = m[..., 0], m[..., 1]
    return m[..., 2] - x * x, m[..., 3] - x * y, m[..., 4] - y * y


def _beta(m: Array, _n: int, _o: Options) -> Array:
    xx, xy, _ = _covariances(m)
    return np.asarray(xy / xx)


def _correlation(m: Array, _n: int, _o: Options) -> Array:
    xx, xy, yy = _covariances(m)
    return np.asarray(xy / np.sqrt(xx * yy))


def _residual_error(m: Array, n: int, o: Options) -> Array:
    xx, xy, yy = _covariances(m)
    squares = yy - xy * xy / xx
    if not np.iscomplexobj(squares):
        squares = np.maximum(squares, 0.0)
    return np.asarray(np.sqrt(squares * (n / (n - 2)) * o["periods_per_year"]))


def _mean_and_spread(r: Array, b: Array, _: Options) -> Array:
    # The mean itself matters here, so it is kept; the spread is taken about the sample's mean to keep its digits.
    d = r - b
    c = _centred(d)
    return _columns(d, c, c * c)


def _ratio_arithmetic(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.sqrt(o["periods_per_year"]) * m[..., 0] / np.sqrt(_variance(m[..., 1], m[..., 2], n)))


def _compound(r: Array, b: Array, _: Options) -> Array:
    return _columns(np.log1p(r), np.log1p(b), *_spread(r, b, _).T)


def _premium(m: Array, _n: int, o: Options) -> Array:
    return np.asarray(np.expm1(o["periods_per_year"] * m[..., 0]) - np.expm1(o["periods_per_year"] * m[..., 1]))


def _ratio_geometric(m: Array, n: int, o: Options) -> Array:
    return np.asarray(_premium(m, n, o) / np.sqrt(_variance(m[..., 2], m[..., 3], n) * o["periods_per_year"]))


def _side(side: Literal["up", "down", "below"], compound: bool) -> Callable[[Array, Array, Options], Array]:
    def moments(r: Array, b: Array, _: Options) -> Array:
        at = {"up": b > 0, "down": b <= 0, "below": b < 0}[side]
        sides = (np.log1p(r), np.log1p(b)) if compound else (r, b)
        return _columns(*(np.where(at, side, 0.0) for side in sides), at.astype(np.float64))

    return moments


def _capture(m: Array, n: int, _: Options) -> Array:
    return np.asarray(np.expm1(n * m[..., 0]) / np.expm1(n * m[..., 1]))


def _capture_annualised(m: Array, _n: int, o: Options) -> Array:
    periods = o["periods_per_year"] / m[..., 2]
    return np.asarray(np.expm1(periods * m[..., 0]) / np.expm1(periods * m[..., 1]))


def _capture_arithmetic(m: Array, _n: int, _o: Options) -> Array:
    return np.asarray(m[..., 0] / m[..., 1])


def _lagged(r: Array, b: Array, o: Options) -> Array:
    """Return presence, divergence, its square and its products with its own past; zero where missing."""
    d = r - b
    there = ~np.isnan(d)
    c = np.where(there, d - np.nanmean(d), 0.0)
    longest = int(o.get("lags", o.get("lag", 1)))
    past = [np.concatenate([np.zeros(min(k, len(c))), c[:-k]]) for k in range(1, longest + 1)]
    return _columns(there.astype(np.float64), c, c * c, *(c * p for p in past))


def _rho(m: Array) -> Array:
    mean = m[..., 1:2] / m[..., 0:1]
    gamma = m[..., 2:] - mean * mean * m[..., 0:1]
    return np.asarray(gamma[..., 1:] / gamma[..., :1])


def _deviation(m: Array, n: int) -> Array:
    """Return the deviation per period of lagged moments, whose means count missing periods as zeros."""
    return np.sqrt(_variance(m[..., 1] / m[..., 0], m[..., 2] / m[..., 0], n))


def _autocorrelation(m: Array, _n: int, o: Options) -> Array:
    return np.asarray(_rho(m)[..., int(o["lag"]) - 1])


def _scaled(deviation: Array, rho: Array, q: float) -> Array:
    used = rho[..., : int(q) - 1]
    inside = q + 2.0 * (used @ (q - np.arange(1.0, used.shape[-1] + 1))) if used.shape[-1] else q + 0.0 * deviation
    if not np.iscomplexobj(inside):
        inside = np.where(inside >= 0, inside, np.nan)
    return np.asarray(deviation * np.sqrt(inside))


def _lo(m: Array, n: int, o: Options) -> Array:
    return _scaled(_deviation(m, n), _rho(m), o["periods_per_year"])


def _ar1(m: Array, n: int, o: Options) -> Array:
    powers = np.arange(1, max(int(o["periods_per_year"]), 2))
    return _scaled(_deviation(m, n), _rho(m)[..., :1] ** powers, o["periods_per_year"])


def _overlapping(r: Array, b: Array, o: Options) -> Array:
    d, h = r - b, int(o["horizon"])
    if len(d) < h:
        return np.empty((0, 2))
    total = np.convolve(np.where(np.isnan(d), 0.0, d), np.ones(h), mode="valid")
    crossed = np.convolve(np.isnan(d), np.ones(h), mode="valid") > 0.5
    sums = _centred(total[~crossed])
    return _columns(sums, sums * sums)


def _horizon(m: Array, n: int, o: Options) -> Array:
    return np.asarray(np.sqrt(_variance(m[..., 0], m[..., 1], n) * o["periods_per_year"] / o["horizon"]))


def _investor(m: Array, n: int, o: Options) -> Array:
    spreads = o.get("entry_spread", 0.0), o.get("exit_spread", 0.0)
    if any(isinstance(o[name], Mapping) for name in ("entry_premium", "exit_premium")):
        raise ParameterError("give one premium at entry and one at exit")
    cost = o["exit_premium"] - o["entry_premium"] + np.log1p(-spreads[1] / 2) - np.log1p(spreads[0] / 2)
    return np.asarray((n * m[..., 0] + cost) / o["years"])


_YEARS, _PERIODS = ("years",), ("periods_per_year",)

FORMS: dict[str, Form] = {
    "active_premium": Form(_compound, _premium, options=_PERIODS),
    "ar1_adjusted_tracking_error": Form(_lagged, _ar1, "log", _PERIODS, ordered=True),
    "autocorrelation_adjusted_tracking_error": Form(_lagged, _lo, "log", (*_PERIODS, "lags"), ordered=True),
    "beta": Form(_cross, _beta),
    "correlation": Form(_cross, _correlation, "fisher"),
    "days_outside": Form(
        lambda r, b, o: (np.abs(r - b) > o["band"]).astype(np.float64)[:, None],
        lambda m, n, _: n * m[..., 0],
        options=("band",),
        benchmark=False,
    ),
    "divergence_autocorrelation": Form(_lagged, _autocorrelation, "fisher", ("lag",), ordered=True),
    "down_capture": Form(_side("down", compound=True), _capture),
    "down_capture_annualised": Form(_side("below", compound=True), _capture_annualised, options=_PERIODS),
    "down_capture_arithmetic": Form(_side("down", compound=False), _capture_arithmetic),
    "downside_tracking_error": Form(
        lambda r, b, _: (np.minimum(r - b, 0.0) ** 2)[:, None],
        lambda m, _, o: np.sqrt(m[..., 0] * o["periods_per_year"]),
        "log",
        _PERIODS,
    ),
    "horizon_tracking_error": Form(_overlapping, _horizon, "log", (*_PERIODS, "horizon"), ordered=True),
    "information_ratio_arithmetic": Form(_mean_and_spread, _ratio_arithmetic, options=_PERIODS),
    "information_ratio_geometric": Form(_compound, _ratio_geometric, options=_PERIODS),
    "investor_tracking_difference": Form(
        _difference, _investor, options=(*_YEARS, "entry_premium", "exit_premium", "entry_spread", "exit_spread")
    ),
    "mean_absolute_centred_divergence": Form(_absolute_centred, lambda m, _n, _o: m[..., 0], "log"),
    "mean_absolute_divergence": Form(lambda r, b, _: np.abs(r - b)[:, None], lambda m, _n, _o: m[..., 0], "log"),
    "premium_deviation": Form(
        _spread, lambda m, n, _: np.sqrt(_variance(m[..., 0], m[..., 1], n)), "log", benchmark=False
    ),
    "premium_mean": Form(_difference, lambda m, _n, _o: m[..., 0], benchmark=False),
    "residual_tracking_error": Form(_cross, _residual_error, "log", _PERIODS),
    "root_mean_square_divergence": Form(
        lambda r, b, _: ((r - b) ** 2)[:, None],
        lambda m, _, o: np.sqrt(m[..., 0] * o["periods_per_year"]),
        "log",
        _PERIODS,
    ),
    "tracking_difference_arithmetic": Form(_both, _growth, options=_YEARS),
    "tracking_difference_log": Form(_difference, lambda m, n, o: n * m[..., 0] / o["years"], options=_YEARS),
    "tracking_difference_ratio": Form(
        _difference, lambda m, n, o: np.expm1(n * m[..., 0] / o["years"]), options=_YEARS
    ),
    "tracking_error": Form(_spread, _error, "log", _PERIODS),
    "tracking_error_variance": Form(
        _spread, lambda m, n, o: _variance(m[..., 0], m[..., 1], n) * o["periods_per_year"], "log", _PERIODS
    ),
    "up_capture": Form(_side("up", compound=True), _capture),
    "up_capture_annualised": Form(_side("up", compound=True), _capture_annualised, options=_PERIODS),
    "up_capture_arithmetic": Form(_side("up", compound=False), _capture_arithmetic),
}
"""Every measure with an interval, by the name of its function."""
