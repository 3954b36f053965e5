"""A fund of which nothing is known but two or three series: whatever applies to it is reported."""

from __future__ import annotations

import numpy as np
import own_fund
import pytest

import research as rs
from research.analyses.show import show


@pytest.fixture(scope="module", params=[("nav", "benchmark"), ("nav", "close", "benchmark")], ids=len)
def bare(request, tmp_path_factory):
    folder = own_fund.write(tmp_path_factory.mktemp("bare"), own_fund.table(), roles=request.param)
    return rs.load("OWN", data=folder)


def test_all_of_it_is_unexplained(bare):
    nav = rs.decompose(bare, "nav")
    assert nav.drivers == ()
    divergence = np.log(bare.frame["nav"] / bare.frame["benchmark"])
    assert nav.unexplained.contribution * bare.years == pytest.approx(divergence.iloc[-1] - divergence.iloc[0])
    assert nav.euler.to_numpy() == pytest.approx(1.0)
    assert nav.lmg.empty
    assert nav.fit.params.empty
    for figure in (nav.plot.waterfall(), nav.plot.divergence(), nav.plot.residuals()):
        assert figure.alt


def test_at_market_price_the_premium_is_the_only_driver(bare):
    if "price" in bare.bases:
        (part,) = rs.decompose(bare, "price").drivers
        assert part.name == "premium_discount"


def test_every_analysis_that_applies_reports_it(bare, valid_result):
    explained = rs.explain(bare, draws=19)
    document = valid_result(explained, "decomposition")
    assert set(document["bases"]) == set(bare.bases)
    assert document["bases"]["nav"]["drivers"] == []
    assert "No driver of the net asset value could be measured" in str(explained.limits)
    show(explained)
    for one in (explained.measures_table(), explained.premium(), explained.break_figure(), explained.figures()):
        assert one is not None
    assert explained.estimators() is None
    analyses = {"data_quality": rs.data_quality, "benchmark_clock": rs.benchmark_clock}
    if "price" in bare.bases:
        analyses["premium_discount"] = rs.premium_discount
    for name, analysis in analyses.items():
        document = valid_result(analysis(bare), name)
        assert document["statements"]
