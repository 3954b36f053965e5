"""When in the week a market that never closes moves: what each hour adds to a day's variance, from intraday prices."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from research.errors import AlignmentError, DataError, SampleError
from research.tables import Result, Table

__all__ = ["VarianceProfile", "bundled_profiles", "flat_profile", "profile_entry", "profiles_of", "variance_profile"]

Array = npt.NDArray[np.float64]

_HOUR: Final = pd.Timedelta(hours=1)
_WEEK: Final = 168
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# A fortnight of hours: the market's pace is taken over so many, and a profile needs a few of them.
_PACE: Final = 14 * 24
_FEWEST: Final = 8 * _WEEK
# A crash is not a habit of its hour: root mean squares beyond which a move is cut.
_CUT: Final = 4.0
_NEIGHBOURS: Final = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
# Chance can make a quiet hour's covariance negative; time does not run backwards.
_LEAST: Final = 0.05


@dataclass(frozen=True, eq=False)
class VarianceProfile(Result):
    """What each hour of the week adds to the variance of a day, in a zone's wall time.

    Parameters
    ----------
    rate : numpy.ndarray, shape (7, 24)
        Monday to Sunday x hours from midnight; 1 is an average hour of a weekday.
    zone : str
        The zone whose wall clock counts the hours.
    asset : str
        What moved.
    source : str
        What it was made from.
    degrees : float
        Degrees of freedom of Student's t of a day's path given its total: 4 for coins, many where moves are normal.
    """

    rate: Array = field(repr=False)
    zone: str = "America/New_York"
    asset: str = ""
    source: str = ""
    degrees: float = 4.0

    def __post_init__(self) -> None:
        rate = np.asarray(self.rate, dtype=np.float64)
        if rate.shape != (7, 24) or not np.isfinite(rate).all() or (rate <= 0.0).any():
            raise DataError(f"a profile has 7 x 24 positive rates, not {rate.shape}: give one row a day from Monday")
        object.__setattr__(self, "rate", rate)

    def cumulated(self, first: pd.Timestamp, last: pd.Timestamp) -> tuple[Array, Array]:
        """Return instants, hour by hour, and the variance that gathers up to each.

        Parameters
        ----------
        first, last : pandas.Timestamp
            UTC.

        Returns
        -------
        instants : numpy.ndarray of float64
            Nanoseconds since 1970.
        variance : numpy.ndarray of float64
            In hours of an average weekday, 0 at the first instant.
        """
        grid = pd.date_range(first.floor("h"), last.ceil("h") + _HOUR, freq="h", tz="UTC").as_unit("ns")
        local = grid.tz_convert(self.zone)
        steps = self.rate[local.day_of_week.to_numpy(), local.hour.to_numpy()]
        return grid.asi8.astype(np.float64), np.concatenate([[0.0], np.cumsum(steps[:-1])])

    def to_frame(self) -> pd.DataFrame:
        """Return the rates, days x hours."""
        return pd.DataFrame(self.rate, index=list(_DAYS), columns=range(24))

    def summary(self) -> Table:
        """Return what a day holds, and its busiest and quietest hours."""
        frame = pd.DataFrame(
            {
                "variance of a weekday": self.rate.mean(axis=1),
                "busiest hour": self.rate.argmax(axis=1).astype(float),
                "quietest hour": self.rate.argmin(axis=1).astype(float),
            },
            index=list(_DAYS),
        )
        formats = {"variance of a weekday": ".2f", "busiest hour": ".0f", "quietest hour": ".0f"}
        notes = tuple(note for note in (f"Hours of {self.zone}.", self.source) if note)
        return Table(frame, f"Variance by time of the week{': ' + self.asset if self.asset else ''}", formats, notes)


def variance_profile(
    prices: pd.Series, *, zone: str = "America/New_York", asset: str = "", source: str = ""
) -> VarianceProfile:
    """Estimate when in the week an asset moves.

    Parameters
    ----------
    prices : pandas.Series of float
        Positive, by UTC instant, from hour to hour or finer (the opens of bars, by their starts).
    zone : str
        Zone in whose wall time the hours are counted: that of the market whose opening moves the asset.
    asset, source : str
        Kept with the result.

    Returns
    -------
    VarianceProfile

    Raises
    ------
    AlignmentError
        If the labels are not increasing UTC instants.
    DataError
        If a price is not positive.
    SampleError
        If there are fewer than eight weeks of hours.

    Notes
    -----
    Returns are divided by the root mean square of their own fortnight and cut at four. An hour's rate is its
    covariance with the days that hold it, ``mean(r_s · Σ_k (1 − |k|/24) r_{s+k})``: what the hour adds to the variance
    of a day, in which hours that are taken back later count for less (bitcoin's evenings in New York hold 27 % of the
    variance hour by hour, and 17 % of the days'). Averaged by hour in one shape for Monday to Friday and one each for
    Saturday and Sunday, smoothed over two neighbours on either side (1-2-3-2-1); each day of the week has the level of
    its hours' own variance. An hour without both ends is left out.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=24 * 365, freq="h", tz="UTC")
    >>> busy = np.where(hours.tz_convert("America/New_York").hour == 10, 0.02, 0.005)
    >>> walk = np.exp(np.cumsum(np.random.default_rng(1).normal(0.0, busy)))
    >>> int(variance_profile(pd.Series(walk, hours + pd.Timedelta(hours=1))).rate[2].argmax())
    10
    """
    moves = _hourly_moves(prices)
    pace = np.sqrt((moves**2).rolling(_PACE, center=True, min_periods=24).mean())
    unit = np.clip((moves / pace).to_numpy(), -_CUT, _CUT)
    added = unit * np.convolve(unit, 1.0 - np.abs(np.arange(-23, 24)) / 24.0, mode="same")
    local = pd.DatetimeIndex(moves.index).tz_convert(zone)
    hour, day = local.hour.to_numpy(), local.day_of_week.to_numpy()
    kind = np.maximum(day - 4, 0)
    shapes = np.array([[added[(kind == k) & (hour == h)].mean() for h in range(24)] for k in range(3)])
    wrapped = np.concatenate([shapes[:, -2:], shapes, shapes[:, :2]], axis=1)
    smooth = np.array([np.convolve(row, _NEIGHBOURS, mode="valid") for row in wrapped])
    smooth = np.maximum(smooth / smooth.mean(axis=1, keepdims=True), _LEAST)
    smooth /= smooth.mean(axis=1, keepdims=True)
    levels = np.array([np.mean(unit[day == d] ** 2) for d in range(7)])
    levels /= levels[:5].mean()
    return VarianceProfile(levels[:, None] * smooth[np.maximum(np.arange(7) - 4, 0)], zone, asset, source)


def _hourly_moves(prices: pd.Series) -> pd.Series[float]:
    """Return log returns by the start of their hour, where both ends are known."""
    index = prices.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is None:
        raise AlignmentError("prices carry no time zone: label them by UTC instants, such as the starts of bars")
    if not (index.is_monotonic_increasing and index.is_unique):
        raise AlignmentError("prices are not strictly increasing in time: sort them and keep each instant once")
    if not (prices > 0).all():
        raise DataError("a price is not positive: give prices, not returns, without gaps")
    utc = index.tz_convert("UTC")
    whole: pd.Series[float] = pd.Series(np.log(prices.to_numpy(dtype=float)), utc)[utc == utc.floor("h")]
    moves: pd.Series[float] = whole.diff().iloc[1:]
    moves.index = pd.DatetimeIndex(whole.index[:-1])
    moves = moves[np.diff(pd.DatetimeIndex(whole.index)) == _HOUR]
    if len(moves) < _FEWEST:
        raise SampleError(f"{len(moves)} hours are too few for a profile of the week: give {_FEWEST} at least")
    return moves


def flat_profile(zone: str = "America/New_York") -> VarianceProfile:
    """Return the profile of a market whose hours are all alike and whose moves are normal, as in simulated funds.

    Examples
    --------
    >>> float(flat_profile().rate.sum())
    168.0
    """
    return VarianceProfile(np.ones((7, 24)), zone, "a market without hours", "every hour alike", degrees=30.0)


@cache
def bundled_profiles() -> Mapping[str, VarianceProfile]:
    """Return the profiles that come with the package, by coin and year.

    Examples
    --------
    >>> sorted(bundled_profiles())
    ['bitcoin_2024', 'bitcoin_2025', 'ether_2024', 'ether_2025']
    """
    text = resources.files("research").joinpath("data", "variance_profiles.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(text)
    return {
        name: VarianceProfile(np.array(entry["rate"]), entry["zone"], entry["asset"], entry["source"])
        for name, entry in entries.items()
    }


def profiles_of(asset: str = "") -> tuple[VarianceProfile, ...]:
    """Return the profiles that serve an asset: its own, and for any other those of every coin.

    Parameters
    ----------
    asset : str
        As a fund's entry names it, such as ``"ether"``.

    Examples
    --------
    >>> [profile.asset for profile in profiles_of("bitcoin")], len(profiles_of("solana"))
    (['bitcoin', 'bitcoin'], 4)
    """
    known = tuple(bundled_profiles().values())
    return tuple(profile for profile in known if profile.asset == asset) or known


def profile_entry(name: str, profile: VarianceProfile) -> str:
    """Return a profile as an entry of ``variance_profiles.toml``, to four digits.

    Parameters
    ----------
    name : str
        Such as ``"ether_2025"``.
    profile : VarianceProfile
        From `variance_profile`.

    Examples
    --------
    >>> print(profile_entry("flat", flat_profile()).splitlines()[0])
    [flat]
    """
    rows = [
        f"  [{', '.join(f'{rate:.4g}' for rate in row)}],  # {day}"
        for day, row in zip(_DAYS, profile.rate, strict=True)
    ]
    return "\n".join(
        [
            f"[{name}]",
            f"asset = {json.dumps(profile.asset)}",
            f"zone = {json.dumps(profile.zone)}",
            f"source = {json.dumps(profile.source)}",
            "rate = [",
            *rows,
            "]",
            "",
        ]
    )
