"""Splits, payments, spin-offs and bad ticks: each named on its day, none where the market itself moved."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from research.alignment import sessions
from research.alignment.screens import screen
from research.alignment.screens_jumps import distribution_as_loss, spike, spin_off, unadjusted_split

DAYS = sessions("XNYS", "2024-07-23", "2025-07-22")


def clean(seed=0, noise=1e-4):
    rng = np.random.default_rng(seed)
    benchmark = pd.Series(3000 * np.exp(np.cumsum(rng.normal(0, 0.04, len(DAYS)))), DAYS)
    return pd.DataFrame({"nav": benchmark / 100 * np.exp(rng.normal(0, noise, len(DAYS))), "benchmark": benchmark})


def every(frame, **options):
    return {
        function.__name__: function(frame, **options)
        for function in (unadjusted_split, spin_off, distribution_as_loss, spike)
    }


@pytest.mark.parametrize("seed", range(5))
def test_a_market_that_crashes_is_no_split(seed):
    frame = clean(seed)
    frame.iloc[100:] *= 0.5
    assert not any(every(frame).values())


@pytest.mark.parametrize(
    ("factor", "told"),
    [(2, "2 for 1"), (10, "10 for 1"), (1.5, "3 for 2"), (0.25, "1 for 4 (reverse)"), (25, "25 for 1")],
)
def test_a_split_is_named_with_its_ratio_and_day(factor, told):
    frame = clean()
    frame.loc[DAYS[120] :, "nav"] /= factor
    (found,) = unadjusted_split(frame)
    assert (found.session, found.series, found.severity) == (DAYS[120], "nav", "error")
    assert told in found.message
    assert found.value == pytest.approx(1 / factor, rel=1e-2)
    assert not spin_off(frame)
    assert not distribution_as_loss(frame)
    assert not spike(frame)


def test_two_splits_are_two_findings():
    frame = clean()
    frame.loc[DAYS[60] :, "nav"] /= 2
    frame.loc[DAYS[180] :, "nav"] /= 3
    assert [found.session for found in unadjusted_split(frame)] == [DAYS[60], DAYS[180]]


def test_a_fall_of_no_simple_ratio_is_a_spin_off():
    frame = clean()
    frame.loc[DAYS[120] :, "nav"] *= 0.83
    assert [found.rule for found in spin_off(frame)] == ["spin_off"]
    assert not unadjusted_split(frame)


def test_one_payment_and_many_payments():
    frame = clean()
    frame.loc[DAYS[120] :, "nav"] *= 0.99
    (found,) = distribution_as_loss(frame)
    assert (found.session, found.value) == (DAYS[120], 1.0)
    noisy = clean(noise=5e-4)
    for place in range(20, 240, 21):
        noisy.loc[DAYS[place] :, "nav"] *= 0.98
    (found,) = distribution_as_loss(noisy)
    assert found.value == len(range(20, 240, 21))


def test_payments_that_are_known_are_not_reported():
    frame = clean()
    frame.loc[DAYS[120] :, "nav"] *= 0.99
    paid = pd.Series(0.0, DAYS)
    paid[DAYS[120]] = 0.3
    assert not distribution_as_loss(frame, distributions=paid)
    assert distribution_as_loss(frame, distributions=paid.shift(40).fillna(0.0))


def test_a_bad_tick_comes_back():
    frame = clean()
    frame.loc[DAYS[120], "nav"] *= 1.05
    found = every(frame)
    assert [item.session for item in found["spike"]] == [DAYS[120]]
    assert not any(found[name] for name in ("unadjusted_split", "spin_off", "distribution_as_loss"))


@pytest.mark.parametrize("count", [1, 2, 5, 20])
@pytest.mark.parametrize("seed", range(3))
def test_one_bad_tick_does_not_hide_another(count, seed):
    frame = clean(seed)
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(np.arange(10, 240), count, replace=False))
    frame.iloc[places, 0] *= 1 + rng.choice([-1, 1], count) * rng.uniform(0.02, 0.4, count)
    found = every(frame)
    assert [item.session for item in found["spike"]] == list(DAYS[places])
    assert not any(found[name] for name in ("unadjusted_split", "spin_off", "distribution_as_loss"))


def test_bad_ticks_that_follow_each_other_are_each_named():
    frame = clean()
    frame.iloc[[50, 51, 100, 101, 102, 150, 151, 200, 202], 0] *= [1.3, 1.02, 0.9, 0.9, 0.9, 1.1, 0.9, 1.1, 1.1]
    places = [50, 51, 100, 101, 102, 150, 151, 200, 202]
    assert [item.session for item in every(frame)["spike"]] == list(DAYS[places])
    assert {name for name, found in every(frame).items() if found} == {"spike"}


def test_a_large_bad_tick_is_neither_a_split_nor_a_spin_off():
    """A price that doubles and halves moves by a ratio of small integers twice, and nothing of it stays."""
    frame = clean()
    frame.iloc[[60, 120], 0] *= [2.0, 0.8]
    assert {name for name, found in every(frame).items() if found} == {"spike"}


def test_faults_of_several_kinds_are_each_named_on_their_days():
    frame = clean()
    frame.iloc[30:, 0] *= 0.98
    frame.iloc[60:, 0] /= 2
    frame.iloc[100, 0] *= 1.05
    frame.iloc[120:, 0] *= 0.98
    frame.iloc[150:, 0] *= 0.85
    frame.iloc[[180, 200], 0] *= [0.7, 1.01]
    found = every(frame)
    days = {name: [day for item in items for day in item.sessions] for name, items in found.items()}
    assert days == {
        "unadjusted_split": [DAYS[60]],
        "spin_off": [DAYS[150]],
        "distribution_as_loss": [DAYS[30], DAYS[120]],
        "spike": [DAYS[100], DAYS[180], DAYS[200]],
    }


@pytest.mark.parametrize("count", [1, 2, 3, 5, 20])
def test_any_number_of_payments(count):
    frame = clean()
    places = np.linspace(20, 230, count).astype(int)
    for place in places:
        frame.iloc[place:, 0] *= 0.985
    (found,) = distribution_as_loss(frame)
    assert found.sessions == tuple(DAYS[places])
    assert found.value == count


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_any_number_of_splits_and_of_spin_offs(count):
    places = np.linspace(20, 230, count).astype(int)
    halved, less = clean(), clean()
    for place in places:
        halved.iloc[place:, 0] /= 2
        less.iloc[place:, 0] *= 0.85
    assert [item.session for item in unadjusted_split(halved)] == list(DAYS[places])
    assert [item.session for item in spin_off(less)] == list(DAYS[places])


def test_a_stale_value_is_not_also_a_bad_tick():
    frame = clean()
    day = int(np.argmax(np.abs(np.diff(np.log(frame["benchmark"]))[60:180]))) + 61
    frame.iloc[day, 0] = frame.iloc[day - 1, 0]
    assert [item.rule for item in screen(frame) if item.severity == "warning"] == ["stale_value"]


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_the_unit_of_a_price_does_not_matter(scale):
    frame = clean()
    frame.loc[DAYS[120] :, "nav"] /= 2
    frame.loc[DAYS[200], "nav"] *= 1.3
    scaled = frame.assign(nav=frame["nav"] * scale)
    for name, found in every(frame).items():
        assert [(item.rule, item.session) for item in every(scaled)[name]] == [
            (item.rule, item.session) for item in found
        ]


def test_a_leveraged_fund_is_held_against_its_multiple():
    rng = np.random.default_rng(3)
    moves = rng.normal(0, 0.04, len(DAYS))
    frame = pd.DataFrame(
        {"nav": 20 * np.cumprod(1 + 2 * np.expm1(moves)), "benchmark": 3000 * np.exp(np.cumsum(moves))}, DAYS
    )
    assert not any(every(frame, multiple=2.0).values())
    frame.loc[DAYS[120] :, "nav"] /= 4
    assert [found.rule for found in unadjusted_split(frame, multiple=2.0)] == ["unadjusted_split"]


def test_short_empty_and_missing_columns_give_nothing():
    assert not any(every(clean().iloc[:20]).values())
    assert not any(every(clean().iloc[:0]).values())
    assert not any(every(clean()[["nav"]]).values())
