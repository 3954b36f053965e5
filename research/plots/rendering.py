"""Draw a figure as matplotlib's `savefig` does, to the pixel, and ask once for what it asks for many times.

Most of the time that matplotlib takes for a figure goes into questions that it has answered before: which file holds a
font, how high its lines are, where an axis has its ticks, how large their labels are. What is asked and how it is
answered stays matplotlib's; here the answers are kept for as long as nothing that they depend on has changed. All of it
hangs on the figure, its axes and a canvas of its own, never on matplotlib's classes: other figures do not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cbook import _setattr_cm
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font

__all__ = ["laid_out"]

_Heights = tuple[float | None, float | None, float | None]
_Scope = tuple[float, ...]


@contextmanager
def laid_out(figure: Figure, dpi: float) -> Iterator[FigureCanvasAgg]:
    """Lay a figure out once, for a resolution, and give a canvas to draw it on.

    `savefig` would draw everything twice, the first time only to lay it out. Afterwards the figure has its places, its
    resolution, its canvas and its layout engine back.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Any figure; inside the block its layout stands still.
    dpi : float
        Dots an inch.
    """
    canvas, engine, before = figure.canvas, figure.get_layout_engine(), figure.dpi
    # A layout starts from where the axes are: from the same places it comes to the same end.
    places = [(axes, axes.get_position(original=True), axes.get_position()) for axes in figure.axes]
    figure.dpi = dpi
    try:
        # What measures and what draws is one renderer: it has measured every text when it comes to draw it.
        quick = FigureCanvasAgg(figure)
        renderer = quick.get_renderer()  # type: ignore[no-untyped-call]
        fonts = _Fonts(renderer, figure)
        with (
            _setattr_cm(renderer, _prepare_font=fonts.prepared, _get_font_height_metrics=fonts.heights),
            _ticks_once(figure),
        ):
            if engine is not None:
                engine.execute(figure)
                figure.set_layout_engine("none")
            yield quick
    finally:
        figure.set_layout_engine(engine)
        for axes, original, active in places:
            axes._set_position(original, which="original")  # type: ignore[attr-defined]
            axes._set_position(active, which="active")  # type: ignore[attr-defined]
        figure.dpi = before
        figure.set_canvas(canvas)


class _Fonts:
    """Looks for a font's file, and for the height of its lines, once for a renderer and not once for every text."""

    def __init__(self, renderer: Any, figure: Figure) -> None:  # noqa: ANN401 - a part of matplotlib without types
        self._renderer = renderer
        self._figure = figure
        self._files: dict[int, Any] = {}
        self._heights: dict[tuple[int, float], _Heights] = {}

    def _font(self, properties: FontProperties) -> Any:  # noqa: ANN401 - as above
        # Properties can be changed and compare by their hash.
        known = hash(properties)
        if known not in self._files:
            self._files[known] = fontManager._find_fonts_by_props(properties)
        return get_font(self._files[known])

    def prepared(self, properties: FontProperties) -> Any:  # noqa: ANN401 - as above
        """Return the font, empty and in its size."""
        font = self._font(properties)
        font.clear()
        font.set_size(properties.get_size_in_points(), self._renderer.dpi)
        return font

    def heights(self, properties: FontProperties) -> _Heights:
        """Return ascent, descent and gap of a font's lines in pixels; three times None leaves them to matplotlib."""
        known = hash(properties), self._figure.dpi
        if known not in self._heights:
            font = self._font(properties)
            metrics, head = font.get_sfnt_table("OS/2"), font.get_sfnt_table("head")
            found: _Heights = None, None, None
            if metrics is not None and head is not None:
                pixels = 1 / head["unitsPerEm"] * properties.get_size_in_points() * self._figure.dpi / 72
                up, down, gap = (metrics[f"sTypo{name}"] * pixels for name in ("Ascender", "Descender", "LineGap"))
                found = up, -down, gap
            self._heights[known] = found
        return self._heights[known]


@contextmanager
def _ticks_once(figure: Figure) -> Iterator[None]:
    """Have every axis find its ticks, and measure their labels, once for each place that it is laid out in."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    users: dict[int, _Scope] = {}
    with ExitStack() as stack:
        for axis in axes:
            if hasattr(axis, "_update_ticks"):
                known = _KnownTicks(axis, users)
                stack.enter_context(_setattr_cm(axis, _update_ticks=known.ticks, _get_ticklabel_bboxes=known.boxes))
        yield


class _KnownTicks:
    """The ticks of an axis, and the boxes of their labels, where the axis was when it was last asked.

    Matplotlib finds the ticks eleven times for a figure and measures their labels nearly as often: for the axis, for
    its label, for the axes beside it, and again when it draws.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
        The axis.
    users : dict
        For which view and length each locator and each formatter of the figure was last used. Axes may share one, and
        it remembers: the offset that it tells is that of whoever used it last.
    """

    def __init__(self, axis: Any, users: dict[int, _Scope]) -> None:  # noqa: ANN401 - a part of matplotlib without types
        self._axis = axis
        self._users = users
        self._find, self._measure = axis._update_ticks, axis._get_ticklabel_bboxes
        self._place: _Scope = ()
        self._ticks: list[Any] = []
        self._boxes: tuple[Any, tuple[list[Any], list[Any]]] | None = None

    def _parts(self) -> list[Any]:
        return [part for ticker in (self._axis.major, self._axis.minor) for part in (ticker.locator, ticker.formatter)]

    def _scope(self) -> _Scope:
        is_x = self._axis.axis_name == "x"
        return (*self._axis.get_view_interval(), self._axis.axes.bbox.bounds[2 if is_x else 3], is_x)

    def _where(self) -> _Scope:
        return (*self._axis.axes.bbox.bounds, *self._axis.get_view_interval())

    def ticks(self) -> list[Any]:
        place, scope, parts = self._where(), self._scope(), [id(part) for part in self._parts()]
        if self._place != place or any(self._users.get(part) != scope for part in parts):
            self._ticks, self._place, self._boxes = self._find(), place, None
            self._users.update(dict.fromkeys(parts, scope))
        return self._ticks

    def boxes(self, ticks: list[Any], renderer: Any) -> tuple[list[Any], list[Any]]:  # noqa: ANN401 - as above
        if ticks is not self._ticks or self._place != self._where():
            return self._measure(ticks, renderer)  # type: ignore[no-any-return]
        if self._boxes is None or self._boxes[0] is not renderer:
            self._boxes = renderer, self._measure(ticks, renderer)
        first, second = self._boxes[1]
        return list(first), list(second)
