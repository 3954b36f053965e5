"""Series beyond NAV and benchmark: bars sampled at a clock, and what drivers read, on the sessions kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pandas as pd

from research.alignment.dates import labels_of
from research.alignment.findings import Finding
from research.alignment.sample import sample_at
from research.alignment.sessions import sessions
from research.errors import SampleError
from research.funds import Fund
from research.loaders import LoadedSeries, load_input

__all__ = ["QUOTED", "inputs_of", "sampled"]

QUOTED: Final = frozenset({"bill_rate"})
"""Inputs that keep the dates of their quotes, which need not be sessions."""


def sampled(loaded: LoadedSeries, fund: Fund) -> LoadedSeries:
    """Return a series with one value a day: bars are taken at their clock on every session that they cover.

    Raises
    ------
    SampleError
        If the bars cover no session.
    """
    if not loaded.sample_at:
        return loaded
    bars = loaded.values  # noqa: PD011 - a field
    first, last = (moment.tz_convert(None).normalize() for moment in (bars.index[0], bars.index[-1]))
    days = sessions(fund.calendar, first, last)
    values = sample_at(bars, loaded.sample_at, days, column=loaded.column).prices.dropna()
    if not len(values):
        raise SampleError(f"{loaded.source.role} of {fund.ticker}: no bar at {loaded.sample_at} on any session")
    return replace(loaded, values=values.rename(loaded.source.role), sample_at="")


def inputs_of(
    fund: Fund, kept: pd.DatetimeIndex
) -> tuple[Mapping[str, pd.Series[float]], tuple[LoadedSeries, ...], tuple[Finding, ...]]:
    """Return what drivers read, on the sessions kept, with its sources and what is missing of it.

    A session for which an input has no row is NaN and named in a finding; whether a driver can do without it is the
    driver's business. Nothing is filled.
    """
    found: dict[str, pd.Series[float]] = {}
    sources = []
    findings = []
    for name in fund.inputs:
        loaded = sampled(load_input(fund, name), fund)
        sources.append(loaded)
        values = loaded.values  # noqa: PD011 - a field
        if name in QUOTED:
            found[name] = values
            continue
        found[name] = values.reindex(kept)
        absent = labels_of(found[name][~kept.isin(values.index)].to_frame())
        if len(absent):
            message = f"{name} has no row for {len(absent)} of {len(kept)} sessions, the first {absent[0]:%Y-%m-%d}"
            findings.append(Finding("input_missing", name, absent[0], float(len(absent)), message, "warning"))
    return found, tuple(sources), tuple(findings)
