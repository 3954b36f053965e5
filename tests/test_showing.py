"""Whatever an analyst leaves as the last line of a cell shows itself, and never as a dump of its fields."""

from __future__ import annotations

import json
import pkgutil
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from inspect import isabstract

import numpy as np
import pandas as pd
import pytest

from research.alignment import Finding, Findings, clock_offset, naive_cost, screen, sessions
from research.alignment.located import locate
from research.alignment.named_clocks import compare_clocks
from research.alignment.sample import sample_at
from research.alignment.variance_profile import flat_profile
from research.check import check_file, check_fund
from research.drivers import Driver, measure
from research.drivers.futures import (
    ConstantMaturityCurve,
    FuturesCurve,
    Schedule,
    hold_constant_maturity,
    roll_last_days,
)
from research.funds import FuturesTerms, LeverageTerms, TableSource
from research.funds.pull import PullSource
from research.opening import fund, load
from research.simulation import (
    DEVIATIONS,
    NOISE_KINDS,
    SimulatedHistory,
    World,
    break_coverage,
    coverage_study,
    simulate,
    simulated,
    verdict_study,
)
from research.simulation.clock_study import clock_rates, intraday_path
from research.simulation.paths import simulate_panel
from research.simulation.screens_study import screen_rates
from research.simulation.tracking_error_coverage import tracking_error_coverage
from research.tables import Result

LONG = 2500
ROOMS = ("alignment", "funds", "drivers", "simulation", "opening", "check")


@cache
def long_fund() -> SimulatedHistory:
    return simulate(World(kind="futures", sessions=LONG, start="2012-01-03", fee=0.0095), seed=3)


def curve() -> FuturesCurve:
    prices = long_fund().inputs["futures_curve"]
    assert isinstance(prices, pd.DataFrame)
    return FuturesCurve(prices)


def maturities() -> ConstantMaturityCurve:
    return ConstantMaturityCurve(pd.DataFrame({30.0: 101.0, 60.0: 102.0}, long_fund().frame.index))


def schedule() -> Schedule:
    held = curve()
    return roll_last_days(held, 5, sessions("XNYS", held.sessions[0], held.expiries[-1]))


def driver() -> Driver:
    return measure(long_fund(), "nav")[0]


def many_findings() -> Findings:
    days = pd.DatetimeIndex(long_fund().frame.index)
    return Findings(Finding("stale_value", "close", day, 30.61, "close <repeats> 30.61 & stays") for day in days)


def sampled() -> Result:
    hours = pd.date_range("2024-01-01", periods=24 * 30, freq="h", tz="UTC")
    bars = pd.Series(np.arange(float(len(hours))), hours, name="open")
    return sample_at(bars, "16:00 America/New_York", pd.date_range("2024-01-01", periods=LONG))


def offset() -> Result:
    frame = long_fund().frame
    return clock_offset(frame["nav"], frame["benchmark"])


def intraday() -> pd.Series:
    return intraday_path(flat_profile(), "2024-01-01", "2024-07-01")


RESULTS: dict[str, Callable[[], Result]] = {
    "fund": lambda: fund("ETHV"),
    "fund with nothing but words": lambda: fund("ESK"),
    "fee": lambda: fund("ETHV").fee_schedule,
    "staking terms": lambda: fund("ETHE").staking or pytest.fail("ETHE stakes"),
    "leverage terms": lambda: LeverageTerms(multiple=2.0, source="prospectus", status="READ"),
    "futures terms": lambda: FuturesTerms(table="cme", schedule="last_days", days=7),
    "history": lambda: load("ETHV"),
    "simulated history": long_fund,
    "losses": lambda: load("ETHV").losses,
    "losses of nothing": lambda: long_fund().losses,
    "naive cost": lambda: naive_cost(long_fund().frame["nav"], long_fund().frame["benchmark"], long_fund().sessions),
    "findings": lambda: load("ETHV").findings,
    "many findings": many_findings,
    "no findings": lambda: screen(long_fund().frame.iloc[:0]),
    "sampled bars": sampled,
    "clock offset": offset,
    "share of variance": lambda: offset().variance,
    "daily offset": lambda: offset().daily,
    "place in the day": lambda: locate(intraday().iloc[48:-48:24].tz_localize(None), intraday(), clock="00:00 UTC"),
    "named clocks": lambda: compare_clocks(long_fund().frame["nav"], long_fund().frame["benchmark"]),
    "profile of a week": flat_profile,
    "rates of clocks": lambda: clock_rates(intraday(), [flat_profile()], sessions=[63], draws=2),
    "driver": driver,
    "futures curve": curve,
    "curve by maturity": maturities,
    "schedule": schedule,
    "held futures": lambda: hold_constant_maturity(maturities(), 30.0, long_fund().frame["benchmark"]),
    "series": lambda: fund("ETHV").series["nav"],
    "table": lambda: TableSource(file="own.csv", format="ishares"),
    "pull": lambda: PullSource(source="yahoo", symbol="ETHV"),
    "kind of noise": lambda: NOISE_KINDS["fat_tailed"],
    "world": lambda: World(kind="staking"),
    "simulated fund": lambda: simulated("SIM-LEVERAGED"),
    "panel": lambda: simulate_panel(World(sessions=LONG, start="2012-01-03"), 2),
    "truth": lambda: long_fund().truth,
    "coverage": lambda: coverage_study(["random_walk"], draws=3, sessions=60),
    "coverage of breaks": lambda: break_coverage(["random_walk"], draws=2, sessions=120, simulated_samples=19),
    "deviation": lambda: DEVIATIONS["half_roll"],
    "coverage of tracking errors": lambda: tracking_error_coverage(["independent normal"], draws=20, sessions=[126]),
    "verdicts": lambda: verdict_study(["spot"], ["mixed"], ["nothing"], draws=1, sessions=120, breaks=False),
    "rates of screens": lambda: screen_rates(1, 180, kinds=["spot"], screens=["unadjusted_split"]),
    "check of a fund": lambda: check_fund("ETHV"),
}

CELL = re.compile(r'<td class="(text|number)" style="text-align: (left|right)">(.*?)</td>')
DUMP = re.compile(r"\b[A-Z]\w+\(\w+=|array\(|DataFrame|Timestamp\(|datetime\.|Index\(|object at 0x|dtype")


@pytest.mark.parametrize("name", RESULTS)
def test_it_shows_itself(name: str) -> None:
    result = RESULTS[name]()
    shown = repr(result)
    assert not DUMP.search(shown)
    assert 1 < len(shown.splitlines()) < 60
    table = result.summary()
    assert table.caption in shown
    assert table.caption in result.to_markdown()
    assert r"\begin{tabular}" in result.to_latex()
    assert isinstance(result.to_frame(), pd.DataFrame)
    assert result.to_frame() is not result.to_frame()
    assert json.loads(json.dumps(result.to_dict(), allow_nan=False, default=str))


@pytest.mark.parametrize("name", RESULTS)
def test_in_a_notebook_text_stands_left_and_numbers_right(name: str) -> None:
    result = RESULTS[name]()
    table = result.summary()
    cells = CELL.findall(result._repr_html_())
    assert len(cells) == table.frame.size
    sides = {"text": "left", "number": "right"}
    assert all(sides[kind] == side for kind, side, _ in cells)
    numbers = [pd.api.types.is_numeric_dtype(dtype) for dtype in table.frame.dtypes]
    kinds = [kind == "number" for kind, _, _ in cells]
    for column, is_number in enumerate(numbers):
        assert all(kind is is_number for kind in kinds[column :: len(numbers)])
    assert "<repeats>" not in result._repr_html_()


def test_none_is_forgotten() -> None:
    for room in ROOMS:
        module = import_module(f"research.{room}")
        for found in pkgutil.walk_packages(getattr(module, "__path__", []), f"research.{room}."):
            import_module(found.name)

    def below(kind: type) -> set[type]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    ours = {kind for kind in below(Result) if kind.__module__.split(".")[1] in ROOMS}
    # What all sources of data share, and what all studies share, is no thing of its own.
    assert {kind.__name__ for kind in ours if not isabstract(kind)} - {"FileSource"} == {
        type(make()).__name__ for make in RESULTS.values()
    }


def test_many_findings_show_the_first_and_say_how_many_there_are() -> None:
    found = many_findings()
    assert len(found.to_frame()) == len(found) == LONG
    (note,) = found.summary().notes
    assert note.startswith(str(LONG - len(found.summary().frame)))


def test_a_check_prints_every_line_and_shows_one_for_each_rule(tmp_path) -> None:
    days = pd.bdate_range("2024-01-01", periods=300)
    rows = "".join(f"{day:%Y-%m-%d},{30 + 0.01 * number}\n" for number, day in enumerate(days) if number != 100)
    path = tmp_path / "nav.csv"
    path.write_text("date,nav\n" + rows)
    checked = check_file(path, "csv")
    assert len(str(checked).splitlines()) == len(checked.items) + 1
    assert len(checked.summary().frame) == len({(item.severity, item.rule) for item in checked.items})
    assert checked.to_frame()["rule"].tolist() == [item.rule for item in checked.items]
