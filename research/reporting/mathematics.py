"""Mathematics in a notebook's text as MathML, which a browser shows by itself: no script, no request."""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree.ElementTree import ParseError

from defusedxml.ElementTree import fromstring
from latex2mathml.converter import convert
from nbconvert.filters.markdown_mistune import IPythonRenderer

__all__ = ["MathRenderer", "typeset"]

# As the sanitiser writes what the renderer below has marked.
_MARKED: Final = re.compile(r'<span class="mathematics (inline|block)">([^<]*)</span>')
_DELIMITERS: Final = {"inline": "$", "block": "$$"}
_NAMESPACE: Final = "{http://www.w3.org/1998/Math/MathML}"
_TAGS: Final = frozenset(
    _NAMESPACE + tag
    for tag in (
        *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mstyle", "mfrac", "msqrt", "mroot", "mpadded"),
        *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mphantom", "mtable", "mtr", "mtd", "menclose"),
    )
)
_ATTRIBUTES: Final = frozenset(
    {
        *("display", "displaystyle", "scriptlevel", "mathvariant", "stretchy", "fence", "form", "accent", "width"),
        *("height", "depth", "lspace", "rspace", "linethickness", "columnalign", "rowspacing", "minsize", "maxsize"),
        *("columnspacing", "separator", "movablelimits", "largeop", "symmetric", "notation", "columnlines", "rowlines"),
    }
)


class MathRenderer(IPythonRenderer):  # type: ignore[misc]
    """Marks mathematics where the usual renderer leaves dollar signs for a script to find."""

    def inline_math(self, body: str) -> str:
        """Mark a formula within a line; dollars with a blank beside the text between them are money, as in Pandoc."""
        if body != body.strip():
            return f"${html.escape(body)}$"
        return f'<span class="mathematics inline">{html.escape(body)}</span>'

    def block_math(self, body: str) -> str:
        """Mark a formula that stands by itself."""
        return f'<span class="mathematics block">{html.escape(body)}</span>'


def typeset(markup: str) -> str:
    r"""Return sanitised HTML with its marked formulas as MathML; one that cannot be read stays as it was written.

    Parameters
    ----------
    markup : str
        From `MathRenderer`, after the sanitiser: a formula is plain text within a span there, and what replaces it is
        made from that text alone.

    Examples
    --------
    >>> typeset('<p><span class="mathematics inline">x</span></p>')
    '<p><math xmlns="http://www.w3.org/1998/Math/MathML" display="inline"><mrow><mi>x</mi></mrow></math></p>'
    >>> typeset(r'<span class="mathematics inline">\frac</span>')
    '$\\frac$'
    """
    return _MARKED.sub(_formula, markup)


def _formula(found: re.Match[str]) -> str:
    kind, text = found[1], html.unescape(found[2])
    try:
        markup = convert(text, display="block" if kind == "block" else "inline")
    except Exception:  # noqa: BLE001 - its errors have no base of their own
        markup = ""
    if not _is_mathematics(markup):
        return f"{_DELIMITERS[kind]}{html.escape(text)}{_DELIMITERS[kind]}"
    # As tables do, a formula that is wider than a narrow screen scrolls, so that the page does not.
    return markup if kind == "inline" else f'<span class="scroll formula" tabindex="0">{markup}</span>'


def _is_mathematics(markup: str) -> bool:
    """Return whether markup is well formed and nothing but MathML: the converter copies what it does not know."""
    try:
        tree = fromstring(markup)
    except (ParseError, ValueError):
        return False
    return all(element.tag in _TAGS and element.attrib.keys() <= _ATTRIBUTES for element in tree.iter())
