"""Roll drivers from a history: what they read, what they refuse, and that the fund adds up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import roll_history

from research.decomposition import decompose
from research.drivers import expense_ratio
from research.drivers.collateral import collateral
from research.drivers.curve_shift import curve_shift
from research.drivers.roll import roll_cost, roll_total, roll_yield
from research.errors import AlignmentError, DataError, MissingColumnError

FUNCTIONS = (roll_yield, curve_shift, roll_cost, collateral, expense_ratio)


@pytest.fixture(scope="module")
def made():
    held, spot = roll_history.position(cost=0.0005)
    return held, spot, roll_history.history(held, spot)


def test_the_drivers_are_the_divergence(made):
    history = made[2]
    levels = [function(history).level for function in FUNCTIONS]
    assert all(level.iloc[0] == 0.0 for level in levels)
    divergence = history.divergence("nav")
    np.testing.assert_allclose(sum(levels), divergence - divergence.iloc[0], atol=1e-12)


def test_nothing_is_left_to_explain(made):
    result = decompose(made[2], drivers=[function(made[2]) for function in FUNCTIONS], policy="impose")
    assert abs(result.unexplained.contribution) < 1e-10
    names = [row.name for row in result.drivers]
    assert names == ["roll_yield", "curve_shift", "roll_cost", "collateral", "expense_ratio"]


def test_one_driver_may_stand_for_carry_and_shift(made):
    history = made[2]
    whole = roll_total(history)
    assert whole.name == "roll_yield"
    np.testing.assert_allclose(whole.level, roll_yield(history).level + curve_shift(history).level, atol=1e-15)
    others = {"collateral": "impose", "expense_ratio": "impose"}
    result = decompose(history, drivers=[whole, collateral(history), expense_ratio(history)], policy=others)
    assert result.drivers[0].identified == "estimated"
    assert result.drivers[0].coefficient == pytest.approx(1.0, abs=0.01)


def test_contango_costs_the_long(made):
    held, _, history = made
    carry = roll_yield(history).level.diff().iloc[1:].to_numpy()
    contango = held.basis.iloc[:-1].to_numpy() > 0
    assert (carry[contango] < 0).all()
    assert (carry[~contango] > 0).all()


@pytest.mark.parametrize("function", [roll_yield, curve_shift, roll_cost, roll_total, collateral])
def test_a_fund_without_the_input_has_no_such_driver(made, function):
    assert function(replace(made[2], inputs={})) is None


def test_no_cost_no_driver(made):
    held, spot, history = made
    free = held.intervals.assign(cost=0.0)
    assert roll_cost(replace(history, inputs={"held_futures": free})) is None
    assert roll_cost(replace(history, inputs={"held_futures": free.drop(columns="cost")})) is None
    assert spot.notna().all()


def test_a_session_that_the_history_lost_is_the_sum_of_two_rows(made):
    history = made[2]
    kept = history.frame.drop(history.frame.index[10:12])
    part = replace(history, frame=kept)
    full = roll_yield(history).level
    np.testing.assert_allclose(roll_yield(part).level, full.loc[kept.index], atol=1e-15)


def test_inputs_may_reach_beyond_the_history(made):
    history = made[2]
    part = history.between(history.frame.index[20], history.frame.index[60])
    part = replace(part, inputs=history.inputs)
    full = roll_yield(history).level.iloc[20:61]
    np.testing.assert_allclose(roll_yield(part).level, full - full.iloc[0], atol=1e-15)


def test_a_missing_interval_is_named(made):
    held, _, history = made
    for drop, end in ((10, 10), (0, 0), (len(held.intervals) - 1, len(held.intervals) - 1)):
        torn = held.intervals.drop(held.intervals.index[drop])
        day = f"{held.intervals.index[end]:%Y-%m-%d}"
        with pytest.raises(AlignmentError, match=f"cover 0 of the [1-4] days to {day}"):
            roll_yield(replace(history, inputs={"held_futures": torn}))


def test_coarser_intervals_are_refused(made):
    held, _, history = made
    even = held.intervals.iloc[:248]
    coarse = even.groupby(np.arange(248) // 2).sum().set_index(even.index[1::2])
    with pytest.raises(AlignmentError, match="on every session of the history"):
        curve_shift(replace(history, inputs={"held_futures": coarse}))


def test_bad_tables_are_refused(made):
    held, _, history = made

    def given(table):
        return replace(history, inputs={"held_futures": table})

    with pytest.raises(MissingColumnError, match=r"no column 'roll_yield'.*made with a spot price"):
        roll_yield(given(held.intervals.drop(columns="roll_yield")))
    with pytest.raises(MissingColumnError, match="no column 'days'"):
        roll_yield(given(held.intervals.drop(columns="days")))
    with pytest.raises(DataError, match="is a Series"):
        roll_yield(given(held.intervals["roll_yield"]))
    with pytest.raises(AlignmentError, match="increasing dates"):
        roll_yield(given(held.intervals.iloc[::-1]))
    torn = held.intervals.copy()
    torn.iloc[7, torn.columns.get_loc("roll_yield")] = np.nan
    with pytest.raises(DataError, match=f"not a number on {torn.index[7]:%Y-%m-%d}"):
        roll_yield(given(torn))


def test_simulated_funds_carry_their_truth(made):
    assert [function(made[2]).truth for function in (roll_yield, curve_shift, roll_cost, roll_total)] == [1.0] * 4


def test_labels_are_those_of_the_history(made):
    for function in (roll_yield, curve_shift, roll_cost, roll_total):
        pd.testing.assert_index_equal(function(made[2]).level.index, made[2].frame.index)
