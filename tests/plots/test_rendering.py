"""A figure is drawn with fewer questions than matplotlib asks; the answers, and so the pixels, are the same."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from pictures import pixels, saved
from PIL import Image

from research.plots.figure import DescribedFigure, axes_grid, date_axis, drawing
from research.plots.rendering import laid_out

Draw = Callable[[Any, Any], object]


def plain(_: Figure, axes: Any) -> None:
    axes[0].plot([0, 1, 2], [3.0e6, 3.1e6, 2.9e6], label="in millions")
    axes[0].legend()


def dates(_: Figure, axes: Any) -> None:
    days = pd.bdate_range("2024-07-23", periods=300)
    for each in axes:
        each.plot(days, np.sin(np.arange(300) / 20))
        date_axis(each)


def twin(_: Figure, axes: Any) -> None:
    axes[0].plot([0, 1], [0, 1])
    other = axes[0].twinx()
    other.plot([0, 1], [100_000, 123_456])
    other.set_ylabel("the other axis")


def logarithmic(_: Figure, axes: Any) -> None:
    axes[0].loglog([1, 10, 1000], [1e-7, 1, 1e9])
    axes[1].set_yscale("symlog")
    axes[1].plot([0, 1], [-1e5, 1e5])


def long_labels(_: Figure, axes: Any) -> None:
    axes[0].bar(range(6), range(6))
    axes[0].set_xticks(range(6), [f"a long label {number}\nin two lines" for number in range(6)], rotation=40)
    axes[1].set_xlabel("$\\alpha_i^2$ and $\\sqrt{2}$")
    axes[1].tick_params(axis="y", labelsize=17, labelrotation=30)


def outside(figure: Figure, axes: Any) -> None:
    axes[0].plot([0, 1], [0, 1], label="outside")
    axes[0].legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
    axes[1].annotate("far out", (1, 1), (1.1, 1.3), textcoords="axes fraction")
    figure.suptitle("A title for both")


def aligned(figure: Figure, axes: Any) -> None:
    axes[0].plot([0, 1], [0, 1e-9])
    axes[1].plot([0, 1], [0, 12_345_678])
    for each in axes:
        each.set_ylabel("aligned")
        each.minorticks_on()
    figure.align_ylabels(list(axes))


def coloured(figure: Figure, axes: Any) -> None:
    image = axes[0].imshow(np.arange(20).reshape(4, 5), aspect="auto")
    figure.colorbar(image, ax=axes[0], label="a scale")


def other_fonts(_: Figure, axes: Any) -> None:
    axes[0].set_title("serif, and signs that it lacks: \u4e2d \U0001f600 \u05d0", family="DejaVu Serif")
    axes[1].set_title("monospace", family=["DejaVu Sans Mono", "DejaVu Sans"], size=22, weight="bold")


DRAWN = [plain, dates, twin, logarithmic, long_labels, outside, aligned, coloured, other_fonts]


def made(draw: Draw, *, height: float = 5.0, **options: Any) -> DescribedFigure:
    with drawing():
        figure, grid = axes_grid(2, 1, height=height, **options)
        draw(figure, grid[:, 0])
    return figure


@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")
@pytest.mark.parametrize(
    "options", [{}, {"sharex": True}, {"height": 10 / 3, "width": 7.123}], ids=["alone", "shared", "a broken size"]
)
@pytest.mark.parametrize("draw", DRAWN, ids=lambda draw: draw.__name__)
def test_every_kind_of_figure_has_the_pixels_that_matplotlib_saves(draw: Draw, options: dict[str, Any]) -> None:
    figure = made(draw, **options)
    first = figure.to_png()
    np.testing.assert_array_equal(pixels(first), saved(made(draw, **options)))
    assert figure.to_png() == first


def two_years(first: Any, second: Any) -> None:
    formatter = ConciseDateFormatter(AutoDateLocator())
    for axes, year in ((first, 2020), (second, 2024)):
        axes.plot(pd.date_range(f"{year}-01-05", periods=20), range(20))
        axes.xaxis.set_major_formatter(formatter)
        axes.set_xlabel("x")


def side_by_side() -> DescribedFigure:
    figure, grid = axes_grid(1, 2, height=3.0)
    two_years(*grid[0])
    figure.align_labels()
    return figure


def one_over_the_other() -> DescribedFigure:
    with mpl.rc_context({"axes.titley": None}):
        figure, grid = axes_grid(1, 1, height=3.0)
        two_years(grid[0, 0], grid[0, 0].twiny())
        grid[0, 0].set_title("above both")
    return figure


def in_millions_and_not() -> DescribedFigure:
    figure, grid = axes_grid(2, 1, height=4.0)
    formatter = ScalarFormatter()
    for axes, scale in zip(grid[:, 0], (1e7, 1.0), strict=True):
        axes.plot([scale, 2 * scale])
        axes.yaxis.set_major_formatter(formatter)
        axes.set_ylabel("y")
    figure.align_ylabels()
    return figure


def beside_an_axes_that_shrinks() -> DescribedFigure:
    figure, grid = axes_grid(1, 3, height=2.0, width=6.0)
    for axes in grid[0]:
        axes.set_ylabel("a\nb\nc\nd")
    shrinking = grid[0, 0]
    fixed = figure.add_axes((0.4, 0.2, 0.5, 0.6), sharex=shrinking)
    for axes in (shrinking, fixed):
        axes.plot([0, 12_345], [0, 1])
    figure.align_xlabels([fixed, shrinking])
    return figure


@pytest.mark.parametrize("make", [side_by_side, one_over_the_other, in_millions_and_not, beside_an_axes_that_shrinks])
def test_axes_that_share_a_locator_or_a_formatter_keep_their_own_labels(make: Callable[[], DescribedFigure]) -> None:
    """A formatter remembers whom it served last; the year that it adds must be that of the axes at hand."""
    with drawing():
        ours, theirs = make(), make()
    np.testing.assert_array_equal(pixels(ours.to_png()), saved(theirs))


def test_a_figure_that_was_changed_is_drawn_anew() -> None:
    figure = made(plain)
    before = figure.to_png()
    figure.axes[0].set_ylabel("now with a unit")
    figure.axes[0].set_ylim(0, 1e9)
    after = figure.to_png()
    assert after != before
    changed = made(plain)
    changed.axes[0].set_ylabel("now with a unit")
    changed.axes[0].set_ylim(0, 1e9)
    np.testing.assert_array_equal(pixels(after), saved(changed))


def state(figure: Figure) -> list[Any]:
    """What drawing might leave behind."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    left = [sorted(set(vars(axis)) & {"_update_ticks", "_get_ticklabel_bboxes"}) for axis in axes]
    places = [each.get_position().bounds for each in figure.axes]
    return [left, places, figure.dpi, figure.canvas, figure.get_layout_engine()]


def test_a_figure_is_left_as_it_was_also_where_drawing_fails() -> None:
    figure = made(plain)
    before = state(figure)
    figure.to_png()
    assert state(figure) == before

    def fails(value: float, _: int) -> str:
        raise ValueError(value)

    figure.axes[1].yaxis.set_major_formatter(fails)
    with pytest.raises(ValueError, match="0"):
        figure.to_png()
    assert state(figure) == before


def test_a_figure_drawn_while_it_is_laid_out_keeps_that_layout() -> None:
    figure = made(plain)
    alone = figure.to_png()
    with drawing(), laid_out(figure, 200):
        within = figure.to_png()
        assert state(figure)[0] == [["_get_ticklabel_bboxes", "_update_ticks"]] * 4
    assert within == alone
    assert state(figure)[0] == [[]] * 4


def test_texts_measure_afterwards_as_after_a_save() -> None:
    figures = made(plain), made(plain)
    titles = [figure.axes[0].set_title("a title\nin two lines", linespacing=1.5) for figure in figures]
    figures[0].to_png()
    saved(figures[1])
    np.testing.assert_allclose(*(title.get_window_extent().size for title in titles), rtol=1e-12)


def test_a_figure_without_a_layout_engine_is_drawn_where_its_axes_are() -> None:
    with drawing():
        figure = DescribedFigure(figsize=(4.0, 3.0))
        figure.add_axes((0.3, 0.3, 0.4, 0.4)).plot([0, 1])
    np.testing.assert_array_equal(pixels(figure.to_png()), saved(figure))


def test_a_transparent_figure_stays_so() -> None:
    figure = made(plain)
    figure.patch.set_alpha(0.0)
    assert Image.open(io.BytesIO(figure.to_png())).mode == "RGBA"


def test_labels_that_change_with_the_size_of_their_axes_are_measured_again() -> None:
    with drawing():
        figure, grid = axes_grid(1, 1, height=3.0)
        axes = grid[0, 0]
        axes.yaxis.set_major_formatter(lambda value, _: "wide label" * (1 + (axes.bbox.width > 1310)) + f"{value:g}")
        axes.plot([0, 1], [0, 1])
        with laid_out(figure, 200):
            left = axes.bbox.x0
            widest = max(label.get_window_extent().width for label in axes.get_yticklabels())
    assert left > widest
