"""HTML that is safe to show and well ordered: an allow-list for markup, one outline for the headings."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

__all__ = ["Entry", "Outline", "sanitiser", "scrollable_tables", "shaped_cells"]

_TAGS: Final = frozenset(
    tag
    for tags in (
        (
            "a",
            "abbr",
            "b",
            "br",
            "cite",
            "code",
            "del",
            "dfn",
            "em",
            "i",
            "ins",
            "kbd",
            "mark",
            "q",
            "s",
            "samp",
            "small",
        ),
        ("span", "strong", "sub", "sup", "time", "u", "var", "img", "input", "h1", "h2", "h3", "h4", "h5", "h6"),
        ("blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "hr", "li", "ol", "p", "pre", "ul"),
        ("section", "summary", "caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
    )
    for tag in tags
)
_EVERYWHERE: Final = frozenset(
    {"class", "id", "title", "style", "lang", "role", "tabindex", "aria-label", "aria-hidden"}
)
_SOMEWHERE: Final = {
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "input": {"type", "checked", "disabled"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "scope", "headers"},
    "time": {"datetime"},
    "details": {"open"},
}
_STYLE_BLOCK: Final = re.compile(r"<style\b[^>]*>.*?</style\s*>", re.DOTALL | re.IGNORECASE)
_TABLE: Final = re.compile(r"<table\b.*?</table>", re.DOTALL)
# As the sanitiser writes them: all attributes within double quotes, and neither these nor < within a value.
_ATTRIBUTE: Final = re.compile(r'\s+([^\s="<>]+)="([^"]*)"')
_INSIDE: Final = r'(?:[^>"]|"[^"]*")'
_HEADING: Final = re.compile(rf"<h([1-6])((?:\s{_INSIDE}*)?)>(.*?)</h\1>", re.DOTALL)
_TAG: Final = re.compile(rf"<{_INSIDE}+>")
_CELL: Final = re.compile(rf"<td((?:\s{_INSIDE}*)?)>(.*?)</td>", re.DOTALL)
_SHORT: Final = 24
_LONG: Final = 48
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NBSP: Final = "\u00a0"
_UNBREAKABLE: Final = re.compile(
    r" (?=±)|(?<=±) |(?<=\d) (?=to [-+]?\d)|(?<=\d to) (?=[-+]?\d)|(?<=\d,) (?=[-+]?\d)|(?<=\d) (?=bp|%)"
)


def _allowed(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":
        return value.startswith("data:image/")
    if tag == "a" and name == "href":
        return value.startswith(("#", "http://", "https://", "mailto:"))
    if tag == "input" and name == "type":
        return value == "checkbox"
    return name in _EVERYWHERE or name in _SOMEWHERE.get(tag, ())


def sanitiser() -> Callable[[str], str]:
    """Return a function that escapes every tag outside an allow-list and drops every other attribute.

    Scripts, frames, forms, event handlers and sources that would be fetched do not pass; a script shows as text.
    """
    from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]  # noqa: PLC0415
    from bleach.html5lib_shim import Filter  # type: ignore[import-untyped]  # noqa: PLC0415
    from bleach.sanitizer import Cleaner  # type: ignore[import-untyped]  # noqa: PLC0415

    class Described(Filter):  # type: ignore[misc]
        """Says of a picture without a description that it has none."""

        def __iter__(self) -> Iterator[dict[str, Any]]:
            for token in super().__iter__():
                if token.get("name") == "img" and token["type"] in {"StartTag", "EmptyTag"}:
                    token["data"].setdefault((None, "alt"), "Picture (no description given)")
                yield token

    cleaner = Cleaner(
        tags=_TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=["text-align"]),
        filters=[Described],
    )
    cleaner.serializer.use_best_quote_char = False  # what comes after relies on double quotes

    def clean(markup: str) -> str:
        # pandas puts a style block before every table; this page has its own styles.
        return str(cleaner.clean(_STYLE_BLOCK.sub("", markup)))

    return clean


def shaped_cells(markup: str) -> str:
    """Mark the cells of tables by the length of their text, so that columns get the width that they need.

    A browser shrinks every column alike: on a phone a date would break in two and a sentence become a tower of words.
    An estimate keeps its error, and an interval its ends, on one line.
    """
    return _CELL.sub(_shaped_cell, markup)


def _shaped_cell(found: re.Match[str]) -> str:
    text = html.unescape(_TAG.sub("", found[2]))
    shape = "short" if len(text) <= _SHORT else "long" if len(text) > _LONG else "medium"
    if _DATE.fullmatch(text):
        shape += " date"
    others, classes = _without(found[1], "class")
    attributes = f'{others} class="{" ".join((shape, *classes))}"'
    return f"<td{attributes}>{_UNBREAKABLE.sub(_NBSP, found[2])}</td>"


def _without(attributes: str, name: str) -> tuple[str, list[str]]:
    """Return attributes without those of one name, and the values of these."""
    pairs = _ATTRIBUTE.findall(attributes)
    kept = "".join(f' {key}="{value}"' for key, value in pairs if key != name)
    return kept, [value for key, value in pairs if key == name]


def scrollable_tables(markup: str) -> str:
    """Put every table of a text into a container that scrolls on a narrow screen, so that the page does not."""
    return _TABLE.sub(lambda found: f'<div class="scroll" tabindex="0">{found[0]}</div>', markup)


@dataclass(frozen=True)
class Entry:
    """One line of the table of contents; `text` is HTML-escaped."""

    level: int
    anchor: str
    text: str


@dataclass
class Outline:
    """Gives a page's headings their levels and anchors, in the order in which they are met.

    The page has one first-level heading: the first of the notebook where it opens with one, else the page's own. No
    level is skipped below it.
    """

    entries: list[Entry] = field(default_factory=list)
    opens_with_title: bool = False
    _level: int = 1
    _anchors: set[str] = field(default_factory=set)

    def headings(self, markup: str) -> str:
        """Return `markup` with its headings put in order, and take them into the table of contents."""
        return _HEADING.sub(self._heading, markup)

    def _heading(self, found: re.Match[str]) -> str:
        is_first = not self._anchors
        level = int(found[1])
        if is_first and level == 1:
            self.opens_with_title = True
        else:
            level = max(2, min(level, self._level + 1))
        self._level = level
        text = html.unescape(_TAG.sub("", found[3])).strip()
        anchor = self._anchor(text)
        if level > 1:
            self.entries.append(Entry(level, anchor, html.escape(text)))
        attributes, _ = _without(found[2], "id")
        return f'<h{level} id="{html.escape(anchor)}"{attributes}>{found[3]}</h{level}>'

    def _anchor(self, text: str) -> str:
        # The same anchors as JupyterLab's, so that links between sections work in both.
        base = re.sub(r"\s+", "-", text) or "section"
        anchor, count = base, 1
        while anchor in self._anchors:
            count += 1
            anchor = f"{base}-{count}"
        self._anchors.add(anchor)
        return anchor
