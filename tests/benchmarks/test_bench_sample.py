"""Two million bars sampled at a clock against a loop over their rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import sessions
from research.alignment.sample import sample_at

ROWS = 2_000_000
CLOCK = "16:00 America/New_York"


def by_row(bars, days):
    """What an analyst writes first: each row to local time, the price kept where the clock shows four."""
    wanted = set(days)
    found = {}
    for stamp, price in bars.items():
        local = stamp.tz_convert("America/New_York")
        if local.hour == 16 and local.minute == 0:
            day = local.tz_localize(None).normalize()
            if day in wanted:
                found[day] = price
    return pd.Series(found, dtype=float).reindex(days)


@pytest.mark.bench
def test_sample_two_million_bars(race):
    index = pd.date_range("2021-01-01", periods=ROWS, freq="min", tz="UTC")
    bars = pd.Series(np.random.default_rng(0).normal(100, 1, ROWS), index, name="open")
    days = sessions("XNYS", "2021-01-04", "2024-10-01")
    found = {}
    seconds = race(
        f"{ROWS:,} bars sampled at {CLOCK}",
        1,
        ours=lambda: found.update(ours=sample_at(bars, CLOCK, days).prices),
        loop=lambda: found.update(loop=by_row(bars, days)),
    )
    np.testing.assert_array_equal(found["ours"], found["loop"])
    assert seconds["loop"] >= 5 * seconds["ours"]
