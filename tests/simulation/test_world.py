"""A world refuses what cannot be, and the error names the parameter."""

import datetime as dt
from dataclasses import replace

import pytest

from research.errors import ParameterError, SampleError, UnknownNameError
from research.simulation import Curve, Leverage, Market, Noise, Premium, Rates, Rounding, Staking, World, fee_schedule


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (lambda: World(sessions=2), "sessions"),
        (lambda: World(sessions=10.5), "sessions"),
        (lambda: World(nav=0.0), "nav"),
        (lambda: World(assets=-1.0), "assets"),
        (lambda: World(flows=2.0), "flows"),
        (lambda: World(fee=0.25), "fee"),
        (lambda: World(fee=25), "fee"),
        (lambda: World(clock_offset_hours=9.0), "clock_offset_hours"),
        (lambda: World(missing_rate=1.0), "missing_rate"),
        (lambda: World(rounding=Rounding(nav=5.0)), "rounding.nav"),
        (lambda: World(kind="leveraged", clock_offset_hours=1.0), "clock_offset_hours"),
        (lambda: World(kind="leveraged", fee=fee_schedule(0.01, paid="monthly")), "fee is paid monthly"),
        (lambda: World(start="2020-01-02", fee=fee_schedule(0.002)), "fee starts on 2024-07-23"),
        (lambda: World(start="2020-13-02"), "start"),
        (lambda: Market(volatility=-0.1), "market.volatility"),
        (lambda: Market(volatility=float("nan")), "market.volatility"),
        (lambda: Market(drift="up"), "market.drift"),
        (lambda: Market(benchmark=0.0), "market.benchmark"),
        (lambda: Premium(sd=-1.0), "premium.sd"),
        (lambda: Premium(half_life=-1.0), "premium.half_life"),
        (lambda: Premium(noise=1.0), "premium.noise"),
        (lambda: Noise(permanent=-1e-5), "noise.permanent"),
        (lambda: Noise(transitory=1.0), "noise.transitory"),
        (lambda: Noise(autocorrelation=1.0), "noise.autocorrelation"),
        (lambda: Rounding(close=0.0), "rounding.close"),
        (lambda: Rates(mean=4.5), "rates.mean"),
        (lambda: Curve(mean=10.0), "curve.mean"),
        (lambda: Curve(half_life=0.0), "curve.half_life"),
        (lambda: Curve(roll_days=0), "curve.roll_days"),
        (lambda: Curve(cost=0.1), "curve.cost"),
        (lambda: Curve(collateral_share=1.1), "curve.collateral_share"),
        (lambda: Staking(reward=4.0), "staking.reward"),
        (lambda: Staking(share=1.2), "staking.share"),
        (lambda: Staking(fee_share=6), "staking.fee_share"),
        (lambda: Staking(tax_rate=30), "staking.tax_rate.*0.30"),
        (lambda: Staking(since="soon"), "staking.since"),
        (lambda: Leverage(0.0), "leverage.multiple"),
        (lambda: Leverage(9.0), "leverage.multiple"),
        (lambda: fee_schedule(0.002, "2024-07-23", waived_until="2024-07-01"), "waived_until"),
    ],
)
def test_error_names_the_parameter(make, named):
    with pytest.raises(ParameterError, match=named):
        make()


def test_unknown_names_offer_the_nearest():
    with pytest.raises(UnknownNameError, match="futures"):
        World(kind="future")
    with pytest.raises(UnknownNameError, match="XNYS"):
        World(calendar="XNYSE")
    with pytest.raises(UnknownNameError, match="daily"):
        Leverage(2.0, "dayly")


def test_calendar_that_ends_too_soon_is_a_sample_error():
    with pytest.raises(SampleError, match="XNYS"):
        World(start=dt.date(2190, 1, 2), sessions=10_000)


def test_fee_is_a_rate_or_a_schedule():
    flat = World(fee=0.0030, start="2021-03-01")
    assert flat.schedule.headline == 0.0030
    assert flat.schedule.periods[0].start == dt.date(2021, 3, 1)
    tiered = fee_schedule(0.0020, waived_until="2025-07-22", waived_below=1e9)
    assert [tier.up_to for tier in tiered.periods[0].tiers] == [1e9, None]
    assert replace(flat, fee=tiered, start="2024-07-23").schedule is tiered


def test_sessions_are_those_of_the_calendar():
    index = World(start="2024-12-24", sessions=4).index
    assert [f"{day:%m-%d}" for day in index] == ["12-24", "12-26", "12-27", "12-30"]


@pytest.mark.parametrize(("kind", "name"), [(Market, "benchmark"), (Rates, "mean"), (Curve, "mean")])
def test_a_former_name_still_works_and_warns(kind, name):
    with pytest.warns(DeprecationWarning, match=f"level of {kind.__name__} is called {name}: write {name}=0.05"):
        former = kind(level=0.05)
    assert former == kind(**{name: 0.05})
    assert getattr(former, name) == 0.05
