"""A measure asked of funds: its options checked, each fund's part of it turned into a function of means."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from research.errors import ParameterError
from research.metrics._pair import Array, Pair, Returns, check_pair, check_values
from research.metrics.interval_result import MeasureInterval
from research.metrics.longrun import critical_value
from research.metrics.moment_forms import Form, Options, form_of, means_of

__all__ = ["Measure", "Request", "Statistic", "difference_of"]

Measure: TypeAlias = str | Callable[..., object]


@dataclass(frozen=True, eq=False)
class Statistic:
    """A measure of one fund, or the difference of two, as a function of the means of one table of moments."""

    table: Array
    nobs: int
    value: Callable[[Array], Array]
    scale: str
    overlap: int

    def estimate(self) -> float:
        """Return the measure in the sample."""
        return float(self.value(self.table.mean(axis=0)))

    def influence(self) -> Array:
        """Return each row's effect on the measure: moments about their means times the gradient, from complex steps."""
        means = self.table.mean(axis=0)
        steps = means + 1e-30j * np.eye(means.size)
        gradient = np.imag(self.value(steps)) / 1e-30
        return np.asarray((self.table - means) @ gradient)


@dataclass(frozen=True, eq=False)
class Request:
    """A measure, what it is asked of, and its options."""

    name: str
    form: Form
    pair: Pair
    level: float
    options: Mapping[str, Any]

    @classmethod
    def of(cls, measure: Measure, fund: Returns, benchmark: Returns | None, level: float, options: Options) -> Request:
        """Return a request whose measure, options and data have been checked."""
        name, form = form_of(measure)
        given = dict(options)
        if name == "investor_tracking_difference":
            given = {"entry_spread": 0.0, "exit_spread": 0.0} | given
        if set(given) != set(form.options):
            needed = ", ".join(form.options) or "none"
            raise ParameterError(f"{name} takes the options {needed}; given were {', '.join(given) or 'none'}")
        if (benchmark is None) == form.benchmark:
            verb = "needs" if form.benchmark else "takes no"
            raise ParameterError(f"{name} {verb} benchmark returns")
        critical_value(level, 0.0)
        if benchmark is None:
            values = check_values(fund, "the premium")
            zero = np.zeros(values.array.shape)
            pair = Pair(values.array, values.index, values.columns, values.name, values.complete, benchmark=zero)
        else:
            pair = check_pair(fund, benchmark)
        asked = cls(name, form, pair, level, given)
        asked.measured(fund, benchmark)  # refuses what the measure refuses
        return asked

    def measured(self, fund: Returns, benchmark: Returns | None) -> Array:
        """Return what the measure's own function says of each fund."""
        from research import metrics  # noqa: PLC0415 - the package imports this file

        function = getattr(metrics, self.name)
        options = dict(self.options)
        if self.name == "divergence_autocorrelation":
            value = function(fund, benchmark, lags=options["lag"])
            return np.atleast_1d(value.loc[options["lag"]])
        if self.name == "horizon_tracking_error":
            options["horizons"] = (options.pop("horizon"),)
            return np.atleast_1d(function(fund, benchmark, **options).iloc[0])
        return np.atleast_1d(function(fund, **options) if benchmark is None else function(fund, benchmark, **options))

    def own(self, column: int) -> dict[str, Any]:
        """Return the options of one fund, where some are given by fund."""
        return {k: v.iloc[column] if isinstance(v, pd.Series) else v for k, v in self.options.items()}

    def statistic(self, column: int, mask: np.ndarray | None = None) -> Statistic | None:
        """Return one fund's measure as a function of means; None with too few periods."""
        fund, benchmark = self.pair.fund[:, column], self.pair.benchmark[:, column]
        if mask is not None:
            fund = np.where(mask, fund, np.nan)
        options = self.own(column)
        table, nobs = means_of(self.form, fund, benchmark, options)
        if nobs < 4:
            return None
        overlap = int(options["horizon"]) - 1 if "horizon" in options else 0

        def value(means: Array) -> Array:
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                return self.form.value(means, nobs, options)

        return Statistic(table, nobs, value, self.form.scale, min(overlap, nobs - 1))

    def statistics(self) -> list[tuple[Statistic | None, float]]:
        """Return each fund's measure as a function of means, and the number that its own function gives."""
        columns = self.pair.array.shape[1]
        index = self.pair.index
        names = pd.RangeIndex(columns) if self.pair.columns is None else self.pair.columns
        fund = pd.DataFrame(self.pair.fund, index, names, copy=False)
        reference = pd.DataFrame(self.pair.benchmark, index, names, copy=False) if self.form.benchmark else None
        values = self.measured(fund, reference)
        return [(self.statistic(i), float(values[i])) for i in range(columns)]

    def result(
        self,
        rows: Sequence[tuple[float, ...]],
        width: str,
        method: str,
        draws: int | None = None,
        seed: int | None = None,
        funds: pd.Index | None = None,
    ) -> MeasureInterval:
        """Return the labelled result."""
        single = funds is not None or self.pair.columns is None
        if funds is None:
            name: Hashable = self.pair.name if self.pair.name is not None else "fund"
            funds = pd.Index([name]) if self.pair.columns is None else self.pair.columns
        columns = ["estimate", "std_error", "lower", "upper", "nobs", width]
        frame = pd.DataFrame(rows, index=funds, columns=columns).astype({"nobs": np.int64})
        shown = {k: v for k, v in self.options.items() if not isinstance(v, pd.Series)}
        return MeasureInterval(self.name, frame, self.level, method, shown, draws, seed, single)


def difference_of(first: Request, second: Request) -> Statistic | None:
    """Return one fund's measure less another's as a function of the means of both, over periods complete for both."""
    there = ~np.isnan(first.pair.difference[:, 0]) & ~np.isnan(second.pair.difference[:, 0])
    parts = [side.statistic(0, there) for side in (first, second)]
    one, two = parts
    if one is None or two is None:
        return None
    cut = one.table.shape[1]
    table = np.hstack([one.table, two.table])
    return Statistic(
        table, one.nobs, lambda m: one.value(m[..., :cut]) - two.value(m[..., cut:]), "linear", one.overlap
    )
