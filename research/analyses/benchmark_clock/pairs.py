"""Two series seen at one moment, or not: the offset of each pair, period by period, beside what their labels say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypedDict

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from research.alignment.clock import Clock
from research.alignment.clock_offset import ClockOffset, clock_offset, clock_offset_by_period, expected_offset
from research.alignment.history import History
from research.alignment.named_clocks import NamedClocks, compare_clocks
from research.alignment.variance_offset import Market
from research.alignment.variance_profile import VarianceProfile, flat_profile, profiles_of
from research.analyses.premium_discount.clock import early_sessions, stale_sessions
from research.drivers.leverage import compounding_drag
from research.errors import ParameterError, SampleError
from research.funds import Fund
from research.loaders import SourceRecord
from research.loaders.csv import load_csv

__all__ = ["ClockPair", "OtherBenchmark", "clock_pairs", "market_of", "other_benchmark", "with_other"]

AT_FUND_CLOCK = "benchmark_at_fund_clock"

ASSET_BARS = "asset_bars"

SAME = 0.05
"""Hours below which two moments are one for every purpose here: three minutes."""

ROUND_THE_CLOCK = frozenset({"bitcoin", "ether", "solana", "XRP", "litecoin", "dogecoin", "coins"})
"""Assets whose market never closes; an hour of any other is not an hour of the wall clock."""

APART = 0.5
"""Hours from which two moments are called apart although nobody knows which came first."""


@dataclass(frozen=True, eq=False)
class OtherBenchmark:
    """A further series of levels to compare clocks with.

    Parameters
    ----------
    levels : pandas.Series
        By day.
    source : SourceRecord
        Where it came from.
    """

    levels: pd.Series = field(repr=False)
    source: SourceRecord


@dataclass(frozen=True, eq=False)
class ClockPair:
    """How many hours after the first series the second was seen.

    Parameters
    ----------
    first, second : str
        What is compared, as it reads in a sentence.
    offset : ClockOffset
        The estimate.
    expected : float
        Mean hours that the clocks' labels say; NaN where there is no label.
    periods : pandas.DataFrame
        Estimates by period, from `clock_offset_by_period`; empty where no period is long enough.
    stated : tuple of str
        What the two clocks' labels say.
    named : NamedClocks or None
        How well named clocks of the second fit; None where the two are not told apart.
    truth : float, optional
        Hours with which simulated data were made.
    """

    first: str
    second: str
    offset: ClockOffset
    expected: float
    periods: pd.DataFrame = field(repr=False)
    stated: tuple[str, str]
    named: NamedClocks | None = None
    truth: float | None = None

    @property
    def name(self) -> str:
        """The pair as a label."""
        return f"{self.first} and {self.second}"

    @property
    def labels_agree(self) -> bool:
        """Whether the two clocks' labels name the same moment, to three minutes; no where there is no label."""
        return abs(self.expected) < SAME

    @property
    def p_value_constant(self) -> float:
        """P-value of one offset in all periods; NaN with fewer than two."""
        if len(self.periods) < 2:
            return float("nan")
        hours, errors = self.periods["hours"].to_numpy(dtype=float), self.periods["std_error"].to_numpy(dtype=float)
        weights = errors**-2.0
        gap = hours - float((weights * hours).sum() / weights.sum())
        return float(chdtrc(len(hours) - 1, float((weights * gap**2).sum())))

    @property
    def spread(self) -> float:
        """Hours between the greatest and the smallest estimate of a period; 0 with fewer than two."""
        return float(np.ptp(self.periods["hours"].to_numpy(dtype=float))) if len(self.periods) > 1 else 0.0

    def to_dict(self) -> dict[str, object]:
        """Return the pair as plain values."""
        return {
            "pair": self.name,
            **self.offset.to_dict(),
            "consistent_with": [] if self.named is None else list(self.named.consistent),
            "expected_hours": self.expected,
            "truth_hours": self.truth,
            "periods": [
                {
                    "end": f"{end:%Y-%m-%d}",
                    "hours": float(row["hours"]),
                    "std_error_hours": float(row["std_error"]),
                    "interval_hours": [float(row["low"]), float(row["high"])],
                    "sessions": int(row["nobs"]),
                }
                for end, row in self.periods.iterrows()
            ],
        }


def other_benchmark(
    file: Path | str, column: str, *, date_column: str = "date", clock: str = "24:00 UTC", name: str = ""
) -> OtherBenchmark:
    """Read a further series of levels from a comma-separated file with ISO dates.

    Parameters
    ----------
    file : path
        The file.
    column, date_column : str
        Where levels and dates stand.
    clock : str
        Time of day and zone at which the file says that it was seen.
    name : str
        What it is called in reports; by default file and column.

    Returns
    -------
    OtherBenchmark

    Raises
    ------
    DataFileError, DataError, MissingColumnError
        If the file cannot be read as such a table.
    ParameterError
        If no column is named, or the clock does not exist.
    """
    path = Path(file)
    if not column:
        raise ParameterError(f"series_column is empty: name the column of {path.name} that holds the levels")
    Clock.parse(clock)
    table = load_csv(path, date_column=date_column)
    levels = table.frame[table.column_named(column)]
    record = SourceRecord(
        name=f"{path.name}, {column}",
        role="benchmark",
        provider="given with the report",
        description="another series of levels",
        clock=clock,
        unit="as in the file",
        tick=None,
        rows=table.rows,
        sha256=table.sha256,
        measures=name or f"{path.name}, {column}",
        remarks=table.remarks,
    )
    return OtherBenchmark(levels.rename("other"), record)


def with_other(history: History, other: OtherBenchmark) -> History:
    """Return the history against another series, with its own benchmark as the one at the fund's clock.

    Parameters
    ----------
    history : History
        The fund against its own benchmark.
    other : OtherBenchmark
        From `other_benchmark`; sessions that it lacks are left out.

    Raises
    ------
    SampleError
        If it shares fewer than 30 sessions with the history.
    """
    known = other.levels.reindex(history.frame.index).dropna()
    if len(known) < 30:
        raise SampleError(
            f"{other.source.measures} shares {len(known)} sessions with {history.fund.ticker}: give a series that "
            "covers the sample, 30 sessions at least"
        )
    frame = history.frame.loc[known.index]
    inputs = {**history.inputs, AT_FUND_CLOCK: frame["benchmark"]}
    return replace(
        history,
        frame=frame.assign(benchmark=known),
        inputs=inputs,
        clocks={**history.clocks, "benchmark": other.source.clock},
        sources=(*history.sources, other.source),
    )


def market_of(fund: Fund) -> Market:
    """Return whether what a fund holds never stops trading, as coins and simulated assets do.

    Parameters
    ----------
    fund : Fund
        Its kind and its asset decide.
    """
    coin = fund.asset in ROUND_THE_CLOCK or fund.kind in ("staking", "index_token")
    return "continuous" if coin or fund.simulated else "closes"


def clock_pairs(
    history: History, shifted: History | None, *, freq: str, market: Market | None
) -> tuple[ClockPair, ...]:
    """Return every pair that can be compared: NAV with benchmark, with usual closes, and with another series.

    Parameters
    ----------
    history : History
        The fund against its own benchmark.
    shifted : History or None
        The same against another series, from `with_other`.
    freq : str
        Period of pandas.
    market : {"continuous", "closes"}, optional
        As in `clock_offset`, by default `market_of` the fund.

    Notes
    -----
    A fund of another multiple than 1 is compared with that multiple of the benchmark, compounded as the fund resets
    it: less the benchmark alone it would leave further returns of the benchmark, which look like hours.
    """
    frame, clocks = history.frame, history.clocks
    truth = getattr(getattr(getattr(history, "truth", None), "world", None), "clock_offset_hours", None)
    first = f"net asset value of {history.fund.ticker}"
    # Every hour of a simulated market is like every other.
    given: _Given = {
        "market": market or market_of(history.fund),
        "profiles": (flat_profile(),) if history.fund.simulated else profiles_of(history.fund.asset),
        "prices": _prices(history),
    }
    own = _pair((first, "its benchmark"), frame["nav"], _target(history), clocks, freq, given)
    pairs = [replace(own, truth=truth)]
    if "close" in frame:
        usual = frame["close"].drop(stale_sessions(history).union(early_sessions(history)), errors="ignore").dropna()
        labels = {"nav": clocks["nav"], "benchmark": clocks["close"]}
        nav = frame["nav"].loc[usual.index]
        pairs.append(_pair((first, "its ordinary closes"), nav, usual, labels, freq, given, noisy=True))
    if shifted is not None:
        name, series = shifted.sources[-1].measures, _target(shifted)
        pairs.append(_pair((first, name), shifted.frame["nav"], series, shifted.clocks, freq, given))
    return tuple(pairs)


def _target(history: History) -> pd.Series[float]:
    """Return the benchmark, or what a fund of its stated multiple would have made of it."""
    benchmark, leverage = history.frame["benchmark"], history.fund.leverage
    if leverage is None or leverage.multiple == 1.0:
        return benchmark
    drag = compounding_drag(benchmark, leverage.multiple, reset=leverage.reset)
    moved = np.log(benchmark.to_numpy(dtype=float) / float(benchmark.iloc[0]))
    return pd.Series(np.exp(leverage.multiple * moved + drag.to_numpy()), benchmark.index)


class _Given(TypedDict):
    market: Market
    profiles: Sequence[VarianceProfile]
    prices: pd.Series | None


def _prices(history: History) -> pd.Series | None:
    """Return intraday prices of the asset, where the fund's entry names a file and it covers the sample."""
    prices = history.inputs.get(ASSET_BARS)
    # Bars move once where a leveraged fund moves twice.
    if not isinstance(prices, pd.Series) or history.multiple != 1.0:
        return None
    inside = (history.frame.index > prices.index[0].tz_convert(None)) & (
        history.frame.index < prices.index[-1].tz_convert(None)
    )
    return prices if inside.mean() > 0.5 else None


def _pair(
    names: tuple[str, str],
    first: pd.Series,
    second: pd.Series,
    clocks: Mapping[str, str],
    freq: str,
    given: _Given,
    *,
    noisy: bool = False,
) -> ClockPair:
    """Return the pair; `noisy` where the errors are the second's, which are then not taken for moves of the market."""
    sessions = pd.DatetimeIndex(first.index)
    clock = counted = Clock()
    try:
        clock, other = Clock.parse(clocks["nav"]), Clock.parse(clocks["benchmark"])
        expected = float(expected_offset(clock, other, sessions).mean())
        counted = other if noisy else clock
    except ParameterError:
        expected = float("nan")
    # Errors are taken for the first's.
    exact = (second, first) if noisy else (first, second)
    try:
        periods = clock_offset_by_period(*exact, freq=freq, clock=counted, **given)
    except SampleError:
        periods = pd.DataFrame(columns=["hours", "std_error", "low", "high", "side_probability", "nobs"])
    offset = clock_offset(*exact, clock=counted, **given)
    if noisy:
        offset, periods = offset.reversed(), _reversed(periods)
    named = None
    # Candidates are clocks of the second, which must be the exact one.
    if not noisy and offset.method != "variance" and offset.distance()[0] > APART:
        prices = given["prices"] if offset.method == "bars" else None
        named = compare_clocks(first, second, clock=clock, profiles=given["profiles"], prices=prices)
    return ClockPair(*names, offset, expected, periods, (clocks["nav"], clocks["benchmark"]), named)


def _reversed(periods: pd.DataFrame) -> pd.DataFrame:
    """Return offsets by period counted from the other series."""
    return periods.assign(
        hours=-periods["hours"],
        low=-periods["high"],
        high=-periods["low"],
        side_probability=1.0 - periods["side_probability"],
    )
