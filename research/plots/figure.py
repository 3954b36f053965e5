"""A matplotlib figure that carries its own description and shows itself in a notebook: no pyplot, no global style."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, DateFormatter
from matplotlib.figure import Figure

__all__ = ["COLOURS", "DescribedFigure", "axes_grid", "date_axis", "drawing", "label_axes"]

COLOURS = {
    "total": "#1b1b1b",
    "expense_ratio": "#d55e00",
    "accrued_fee": "#e69f00",
    "premium_discount": "#0072b2",
    "roll_yield": "#009e73",
    "curve_shift": "#7f7f00",
    "roll_cost": "#a3195b",
    "collateral": "#56b4e9",
    "staking_reward": "#117733",
    "staking_fee": "#aa4499",
    "staking_tax": "#882255",
    "clock": "#cc79a7",
    "benchmark_mismatch": "#b8860b",
    "leverage": "#332288",
    "financing": "#44aa99",
    "currency": "#661100",
    "distributions": "#999933",
    "unexplained": "#6b6b6b",
}
"""One colour a driver, everywhere; distinguishable with colour-blind eyes, dark enough for print."""

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10.0,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    # No figure has ticks or labels above its axes: that titles keep clear of them need not be found out three times.
    "axes.titley": 1.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.2,
    # At twice the resolution of a page there is nothing left for hinting to move, and letters keep their distances.
    "text.hinting": "none",
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
_DPI = 100
_SCALE = 2
_COMPRESSION = 3
"""Of zlib; with its usual 6 a report's figures take half as long again and are a seventh smaller."""


class DescribedFigure(Figure):
    """A figure with a text alternative, shown as a picture wherever a notebook displays it.

    Attributes
    ----------
    alt : str
        What the figure shows, for readers who do not see it.
    """

    alt: str = ""

    def to_png(self) -> bytes:
        """Return the figure as PNG, the same bytes for the same figure."""
        buffer = io.BytesIO()
        for axes in self.axes:
            spec = axes.get_subplotspec()
            if spec is not None:  # a layout starts from where the axes are: from the same places, to the same end
                axes.set_subplotspec(spec)
        with mpl.rc_context(_STYLE):
            self.savefig(
                buffer,
                format="png",
                dpi=_DPI * _SCALE,
                pil_kwargs={"compress_level": _COMPRESSION},
                metadata={"Software": None},  # the version of matplotlib: another one may leave the same picture
            )
        return buffer.getvalue()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:  # noqa: ANN401 - IPython's signature
        width, height = (round(float(side) * _DPI) for side in self.get_size_inches())
        data = {"image/png": self.to_png(), "text/plain": self.alt}
        return data, {"image/png": {"width": width, "height": height, "alt": self.alt}}


@contextmanager
def drawing() -> Iterator[None]:
    """Apply the package's style inside the block only."""
    with mpl.rc_context(_STYLE):
        yield


def axes_grid(
    rows: int,
    columns: int,
    *,
    width: float = 8.4,
    height: float,
    **options: Any,  # noqa: ANN401 - matplotlib's own
) -> tuple[DescribedFigure, npt.NDArray[Any]]:
    """Return a described figure and its axes; call it inside `drawing`."""
    figure = DescribedFigure(figsize=(width, height), dpi=_DPI, layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def label_axes(axes: Axes, title: str, x: str, y: str) -> None:
    """Give axes a title and labels; a label says its unit."""
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)


def date_axis(axes: Axes, most: int = 8) -> None:
    """Show at most `most` dates on the x axis in ISO form: months over a year or more, days below."""
    low, high = axes.get_xlim()
    long = high - low > 300
    axes.xaxis.set_major_locator(AutoDateLocator(minticks=2, maxticks=most))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%Y-%m" if long else "%Y-%m-%d"))  # type: ignore[no-untyped-call]
