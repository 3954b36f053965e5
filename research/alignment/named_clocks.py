"""Which named clocks of a benchmark the data are consistent with: another city's close, or local time taken for UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from research.alignment.clock import Clock
from research.alignment.daily_offset import daily_evidence
from research.alignment.located import paired_losses
from research.alignment.variance_profile import VarianceProfile
from research.errors import ParameterError
from research.tables import Result, Table

__all__ = ["NamedClocks", "compare_clocks", "named_clocks", "time_taken_for_utc"]

_CITIES: Final = {"New York": "America/New_York", "London": "Europe/London", "Lisbon": "Europe/Lisbon"}
_FIXED: Final = ("00:00 UTC", "16:00 UTC", "20:00 UTC", "21:00 UTC", "24:00 UTC")
# A clock is left out whose chance is a twentieth of the best one's, or whose loss lies three errors above it.
_RARE: Final = 0.05
_CERTAIN: Final = 3.0


@dataclass(frozen=True, eq=False)
class NamedClocks(Result):
    """How well each named clock fits, best first.

    Parameters
    ----------
    frame : pandas.DataFrame
        By name: ``mean_hours`` after the fund's clock, ``chance`` (from daily levels: the named clocks equally likely
        beforehand; NaN from bars), ``t`` (from bars: of the paired difference of losses from the best; NaN from daily
        levels) and ``consistent``.
    method : {"daily", "bars"}
        What it was judged by.
    """

    frame: pd.DataFrame = field(repr=False)
    method: str

    @property
    def consistent(self) -> tuple[str, ...]:
        """Names that the data do not speak against, best first. None of them is thereby the right one."""
        return tuple(self.frame.index[self.frame["consistent"]])

    def summary(self) -> Table:
        """Return the clocks, best first, and which the data are consistent with."""
        formats = {"mean_hours": "+.2f", "chance": ".2f", "t": ".1f"}
        shown = self.frame.assign(consistent=np.where(self.frame["consistent"], "yes", "no")).dropna(axis=1, how="all")
        return Table(
            shown, "Named clocks of the benchmark", formats, (f"Consistent with {', '.join(self.consistent)}.",)
        )


def named_clocks(clock: Clock | str, sessions: pd.DatetimeIndex) -> dict[str, pd.DatetimeIndex]:
    """Return the instants of the clocks that a series is usually mistaken for, by name.

    Parameters
    ----------
    clock : Clock or str
        The stated one, which is among them.
    sessions : pandas.DatetimeIndex
        Naive days.

    Returns
    -------
    dict of str to pandas.DatetimeIndex
        UTC. The stated wall time in New York, London and Lisbon; each city's time taken for UTC (prices labelled by
        its wall clock and read as UTC, so that they are off by the season) and the reverse; fixed hours of UTC. Clocks
        of the same instants stand once, under both names.

    Examples
    --------
    >>> days = pd.DatetimeIndex(["2025-01-15", "2025-07-15"])
    >>> clocks = named_clocks("16:00 America/New_York", days)
    >>> clocks["New York time taken for UTC"].hour.tolist()
    [2, 0]
    >>> "16:00 London or 16:00 Lisbon" in clocks
    True
    """
    stated = clock if isinstance(clock, Clock) else Clock.parse(clock)
    base = stated.instants(sessions)
    found: dict[str, pd.DatetimeIndex] = {str(stated): base}
    if stated.time != "close":
        found |= {
            f"{stated.time} {city}": Clock(stated.time, zone).instants(sessions) for city, zone in _CITIES.items()
        }
    for zone in _CITIES.values():
        found |= time_taken_for_utc(base, zone)
    found |= {label: Clock.parse(label).instants(sessions) for label in _FIXED}
    names: dict[tuple[int, ...], list[str]] = {}
    for name, instants in found.items():
        names.setdefault(tuple(instants.as_unit("ns").asi8), []).append(name)
    return {" or ".join(_once(group)): pd.DatetimeIndex(list(key), tz="UTC") for key, group in names.items()}


def _once(names: Sequence[str]) -> list[str]:
    """Return names without a city's own where its zone is spelt out beside it."""
    return [name for name in names if not any(name != other and _spelt(other) == name for other in names)]


def _spelt(name: str) -> str:
    time, _, zone = name.partition(" ")
    return next((f"{time} {city}" for city, known in _CITIES.items() if known == zone), "")


def time_taken_for_utc(base: pd.DatetimeIndex, zone: str) -> dict[str, pd.DatetimeIndex]:
    """Return when prices were seen that a zone's wall clock labelled and somebody read as UTC, and the reverse.

    Parameters
    ----------
    base : pandas.DatetimeIndex
        The instants at which they were to be seen, UTC.
    zone : str
        IANA name.

    Returns
    -------
    dict of str to pandas.DatetimeIndex
        By name.
    """
    ahead = pd.TimedeltaIndex(base.tz_convert(zone).tz_localize(None) - base.tz_localize(None))
    city = next((name for name, known in _CITIES.items() if known == zone), zone)
    return {f"{city} time taken for UTC": base - ahead, f"UTC taken for {city} time": base + ahead}


def compare_clocks(
    fund: pd.Series,
    benchmark: pd.Series,
    *,
    clock: Clock | str = "16:00 America/New_York",
    clocks: Mapping[str, pd.DatetimeIndex] | None = None,
    profiles: Sequence[VarianceProfile] | None = None,
    prices: pd.Series | None = None,
    proxy: bool = False,
) -> NamedClocks:
    """Say which named clocks of the benchmark the data are consistent with.

    Parameters
    ----------
    fund, benchmark : pandas.Series of float
        Positive levels by session, on the same labels.
    clock : Clock or str
        The fund's.
    clocks : mapping of str to pandas.DatetimeIndex, optional
        UTC instants of the benchmark under each name, by default `named_clocks`.
    profiles : sequence of VarianceProfile, optional
        As in `offset_daily`; not used with prices.
    prices : pandas.Series, optional
        Intraday prices of the asset, as in `locate`; the benchmark is then compared with them and not with the fund.
    proxy : bool
        The prices are those of another coin.

    Returns
    -------
    NamedClocks

    Raises
    ------
    ParameterError
        If fewer than two clocks are given.
    AlignmentError, DataError, SampleError
        As in `offset_daily` and `locate`.

    Notes
    -----
    Daily levels cannot tell "four hours, five in winter" from "four": the answer is a set of clocks that are not
    spoken against, never the right one. From daily levels: likelihoods at least a twentieth of the best. From
    bars: mean losses, capped at five robust standard deviations, within three paired errors of the best;
    means, because clocks that differ in winter only agree on most sessions.

    Examples
    --------
    >>> from research.alignment.variance_profile import flat_profile
    >>> rng = np.random.default_rng(1)
    >>> hours = pd.date_range("2025-01-01", periods=24 * 400, freq="h", tz="UTC")
    >>> path = pd.Series(np.exp(np.cumsum(rng.normal(0.0, 0.005, len(hours)))), hours)
    >>> days = pd.bdate_range("2025-01-06", "2025-12-30")
    >>> fund, other = (
    ...     pd.Series(path[Clock.parse(label).instants(days)].to_numpy(), days)
    ...     for label in ("16:00 America/New_York", "16:00 Europe/London")
    ... )
    >>> compare_clocks(fund, other, prices=path).consistent
    ('16:00 London or 16:00 Lisbon',)
    """
    tried = named_clocks(clock, pd.DatetimeIndex(fund.index)) if clocks is None else dict(clocks)
    if len(tried) < 2:
        raise ParameterError(f"{len(tried)} clocks are nothing to compare: give two at least, by name")
    base = (clock if isinstance(clock, Clock) else Clock.parse(clock)).instants(pd.DatetimeIndex(fund.index))
    hours = {name: float(np.mean((at - base) / pd.Timedelta(hours=1))) for name, at in tried.items()}
    frame = pd.DataFrame({"mean_hours": hours})
    if prices is None:
        score = daily_evidence(fund, benchmark, tried, clock=clock, profiles=profiles)
        chance = np.exp(score - score.max())
        frame = frame.assign(chance=chance / chance.sum(), t=np.nan, consistent=chance >= _RARE)
        return NamedClocks(frame.sort_values("chance", ascending=False), "daily")
    losses = paired_losses(benchmark, prices, tried, proxy=proxy)
    frame = frame.assign(chance=np.nan, t=losses["t"], consistent=losses["t"] < _CERTAIN, loss=losses["loss"])
    return NamedClocks(frame.sort_values("loss").drop(columns="loss"), "bars")
