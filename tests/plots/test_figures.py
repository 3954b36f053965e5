"""Figures: they carry a description, label their axes with units, and leave no trace in matplotlib's global state."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest
from pictures import pixels, saved

import research as rs
from research import plots
from research.errors import MissingColumnError


@pytest.fixture(scope="module")
def ethv():
    return rs.load("ETHV")


@pytest.fixture(scope="module")
def makers(ethv):
    price = rs.decompose(ethv, "price")
    level = ethv.divergence("nav")
    change = rs.slope_break(level, draws=19)
    return {
        "divergence": price.plot.divergence,
        "waterfall": price.plot.waterfall,
        "residuals": price.plot.residuals,
        "premium": lambda: plots.premium(ethv),
        "rolling": lambda: plots.rolling(ethv, (60, 90)),
        "horizon": lambda: plots.horizon_curve(ethv),
        "break": lambda: plots.break_profile(level, change, "ETHV"),
        "narrow break": lambda: plots.break_profile(level, change, "ETHV", margin_days=10),
        "wide break": lambda: plots.break_profile(level, change, "ETHV", margin_days=90),
    }


@pytest.fixture(scope="module")
def figures(makers):
    return {name: make() for name, make in makers.items()}


NAMES = ["divergence", "waterfall", "residuals", "premium", "rolling", "horizon", "break", "narrow break", "wide break"]


@pytest.mark.parametrize("name", NAMES)
def test_described_with_numbers(figures, name):
    alt = figures[name].alt
    assert "ETHV" in alt
    assert any(character.isdigit() for character in alt)
    assert len(alt) < 600


@pytest.mark.parametrize("name", NAMES)
def test_axes_say_what_and_in_which_unit(figures, name):
    units = ("bp", "sd", "sessions", "standard deviations", "correlation", "likelihood ratio")
    axes = figures[name].axes
    for one in axes:
        assert one.get_title(loc="left") or one.get_title()
    labels = [one.get_ylabel() for one in axes if one.get_ylabel()]
    assert labels
    assert all(any(unit in label for unit in units) for label in labels), labels


@pytest.mark.parametrize("name", NAMES)
def test_shows_itself_as_a_picture_with_alt_text(figures, name):
    data, metadata = figures[name]._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == figures[name].alt
    assert metadata["image/png"]["width"] > 700
    height, width, _ = pixels(data["image/png"]).shape
    assert (width, height) == (2 * metadata["image/png"]["width"], 2 * metadata["image/png"]["height"])


def test_same_figure_same_bytes(ethv):
    first = rs.decompose(ethv, "nav").plot.waterfall().to_png()
    assert first == rs.decompose(ethv, "nav").plot.waterfall().to_png()


def test_a_figure_shown_twice_is_the_same_picture(makers):
    figure = makers["break"]()
    assert figure.to_png() == figure.to_png()


@pytest.mark.parametrize("name", NAMES)
def test_the_picture_is_the_one_that_matplotlib_saves(makers, name):
    np.testing.assert_array_equal(pixels(makers[name]().to_png()), saved(makers[name]()))


def test_global_state_is_left_alone(ethv):
    before = dict(mpl.rcParams)
    plots.horizon_curve(ethv).to_png()
    assert dict(mpl.rcParams) == before


def test_a_fund_without_closes_has_no_premium():
    with pytest.raises(MissingColumnError, match="ETHA"):
        plots.premium(rs.load("ETHA"))


def test_a_fund_without_closes_has_the_other_figures():
    history = rs.load("ETHA")
    assert len(plots.rolling(history).axes) == 1
    assert "ETHA" in plots.horizon_curve(history).alt


def test_stale_close_is_named(figures):
    assert "2026-03-06" in figures["premium"].alt
