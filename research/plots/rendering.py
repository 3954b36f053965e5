"""Draw a figure as matplotlib's `savefig` does, to the pixel, and ask once for what it asks for many times.

Most of the time that matplotlib takes for a figure goes into questions that it has answered before: which file holds a
font, how high its lines are, where an axis has its ticks, how large their labels are. What is asked and how it is
answered stays matplotlib's; here the answers are kept for as long as nothing that they depend on has changed. All of it
hangs on the figure, its axes and a canvas of its own, never on matplotlib's classes: other figures do not notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager, get_font

__all__ = ["laid_out"]


@contextmanager
def laid_out(figure: Figure, dpi: float) -> Iterator[FigureCanvasAgg]:
    """Lay a figure out once, for a resolution, and give a canvas to draw it on; the figure is left as it was.

    `savefig` would draw everything twice, the first time only to lay it out.

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
        quick = _Canvas(figure)
        with _ticks_once(figure):
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


class _Renderer(RendererAgg):
    """Looks for the file of a font once, not for every text; its settings do not change while it draws."""

    def __init__(self, width: float, height: float, dpi: float) -> None:
        super().__init__(width, height, dpi)  # type: ignore[no-untyped-call]
        self._files: dict[int, Any] = {}
        self._heights: dict[int, tuple[float | None, float | None, float | None]] = {}

    def _font(self, properties: FontProperties) -> Any:  # noqa: ANN401 - a part of matplotlib without types
        # Properties can be changed and compare by their hash.
        known = hash(properties)
        if known not in self._files:
            self._files[known] = fontManager._find_fonts_by_props(properties)
        return get_font(self._files[known])

    def _prepare_font(self, font_prop: FontProperties) -> Any:  # noqa: ANN401 - as above
        font = self._font(font_prop)
        font.clear()
        font.set_size(font_prop.get_size_in_points(), self.dpi)
        return font

    def _get_font_height_metrics(self, prop: FontProperties) -> tuple[float | None, float | None, float | None]:
        """Return ascent, descent and gap of a font's lines in pixels; three times None leaves them to matplotlib."""
        known = hash(prop)
        if known not in self._heights:
            self._heights[known] = self._line(prop)
        return self._heights[known]

    def _line(self, prop: FontProperties) -> tuple[float | None, float | None, float | None]:
        font = self._font(prop)
        metrics, head = font.get_sfnt_table("OS/2"), font.get_sfnt_table("head")
        if metrics is None or head is None:
            return None, None, None
        pixels = 1 / head["unitsPerEm"] * prop.get_size_in_points() * self.dpi / 72
        return metrics["sTypoAscender"] * pixels, -metrics["sTypoDescender"] * pixels, metrics["sTypoLineGap"] * pixels


class _Canvas(FigureCanvasAgg):
    def get_renderer(self) -> Any:  # noqa: ANN401 - as in the base class
        width, height = self.get_width_height(physical=True)
        size = width, height, self.figure.dpi
        if self._lastKey != size:
            self.renderer, self._lastKey = _Renderer(*size), size
        return self.renderer


@contextmanager
def _ticks_once(figure: Figure) -> Iterator[None]:
    """Have every axis find its ticks, and measure their labels, once for each place that it is laid out in."""
    axes = [axis for each in figure.axes for axis in (each.xaxis, each.yaxis)]
    known = [_KnownTicks(axis) for axis in axes if hasattr(axis, "_update_ticks")]
    try:
        yield
    finally:
        for ticks in known:
            ticks.forget()


class _KnownTicks:
    """The ticks of an axis, and the boxes of their labels, where the axis was when it was last asked.

    Matplotlib finds the ticks eleven times for a figure and measures their labels nearly as often: for the axis, for
    its label, for the axes beside it, and again when it draws.
    """

    def __init__(self, axis: Any) -> None:  # noqa: ANN401 - a part of matplotlib without types
        self._axis = axis
        self._find, self._measure = axis._update_ticks, axis._get_ticklabel_bboxes
        self._place: tuple[float, ...] = ()
        self._ticks: list[Any] = []
        self._boxes: tuple[Any, tuple[list[Any], list[Any]]] | None = None
        axis._update_ticks, axis._get_ticklabel_bboxes = self.ticks, self.boxes

    def _where(self) -> tuple[float, ...]:
        return *self._axis.axes.bbox.bounds, *self._axis.get_view_interval()

    def ticks(self) -> list[Any]:
        place = self._where()
        if self._place != place:
            self._ticks, self._place, self._boxes = self._find(), place, None
        return self._ticks

    def boxes(self, ticks: list[Any], renderer: RendererAgg) -> tuple[list[Any], list[Any]]:
        if ticks is not self._ticks or self._place != self._where():
            return self._measure(ticks, renderer)  # type: ignore[no-any-return]
        if self._boxes is None or self._boxes[0] is not renderer:
            self._boxes = renderer, self._measure(ticks, renderer)
        first, second = self._boxes[1]
        return list(first), list(second)

    def forget(self) -> None:
        """Give the axis back its own way."""
        del self._axis._update_ticks, self._axis._get_ticklabel_bboxes
