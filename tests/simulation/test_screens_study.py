"""The rates of the screens: false alarms on clean funds, detection of planted faults."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from research.cli import main
from research.errors import ParameterError, UnknownNameError
from research.simulation.screens_study import COUNTS, FAULTS, _places, screen_rates


def test_few_draws_already_show_that_planted_faults_are_found():
    rates = screen_rates(2, 250, kinds=["spot", "futures"])
    assert set(rates.frame.index) == set(FAULTS)
    # 12 clean and 12 planted funds of each: with rates of 1 % and 95 % three misses are one in a thousand.
    assert (rates.frame["false_alarms"] * rates.frame["clean"] <= 1).all()
    others = rates.frame.drop("clock_offset")  # 250 sessions are short for three hours
    assert ((1 - others["detected"]) * others["planted"] <= 2).all()
    several = others.loc[list(FAULTS)[:5], [*map(str, COUNTS), "mixed"]]
    assert (several >= 0.8).all(axis=None), several


@pytest.mark.slow
def test_the_screens_keep_their_rates():
    """At most 1 % false alarms for each screen, at least 95 % detection; three Monte-Carlo errors around both."""
    frame = screen_rates(8).frame
    error = (0.01 * 0.99 / frame["clean"]) ** 0.5
    assert (frame["false_alarms"] <= 0.01 + 3 * error).all()
    missed = (0.95 * 0.05 / frame["planted"]) ** 0.5
    assert (frame["detected"] >= 0.95 - 3 * missed).all(), frame
    # A quarter of the funds has each number of faults.
    by_count = frame[[*map(str, COUNTS)]].ge(0.95 - 6 * missed, axis=0) | frame[[*map(str, COUNTS)]].isna()
    assert by_count.all(axis=None), frame
    assert ((frame["mixed"] >= 0.95 - 3 * missed) | frame["mixed"].isna()).all(), frame


def test_faults_are_planted_apart_and_in_the_number_that_is_asked_for():
    """What a screen says is held against the very sessions: where they are must be right first."""
    days = pd.bdate_range("2024-01-01", periods=200)
    moves = np.random.default_rng(1).normal(0, 0.03, 200)
    frame = pd.DataFrame({"nav": 1.0, "benchmark": np.exp(np.cumsum(moves))}, days)
    counts = {"spike": 7, "stale_value": 8, "spin_off": 5}
    places = _places(frame, np.random.default_rng(2), counts)
    assert {name: len(at) for name, at in places.items()} == counts
    everywhere = np.sort(np.concatenate(list(places.values())))
    assert np.diff(everywhere).min() >= 4
    assert np.abs(moves[places["stale_value"]]).min() > np.median(np.abs(moves))


def test_the_same_seed_gives_the_same_rates():
    once, again = (screen_rates(1, 200, kinds=["spot"], screens=["spike"], seed=3).to_dict() for _ in range(2))
    assert once == again


def test_wrong_requests_are_refused():
    with pytest.raises(ParameterError, match="at least 1 and 180"):
        screen_rates(0)
    with pytest.raises(UnknownNameError, match="did you mean 'futures'"):
        screen_rates(1, kinds=["future"])
    with pytest.raises(UnknownNameError, match="did you mean 'spike'"):
        screen_rates(1, screens=["spikes"])


def test_the_command_prints_the_rates(capsys):
    with pytest.raises(SystemExit) as end:
        main(["simulate", "screens", "--draws", "1", "--sessions", "200", "--screen", "spike", "--json"])
    assert end.value.code == 0
    found = json.loads(capsys.readouterr().out)
    assert found["screens"]["spike"]["planted"] == 12
