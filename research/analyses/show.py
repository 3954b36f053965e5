"""Show several results in a notebook, one below the other, and sentences as a list."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Sentences", "show"]


@dataclass(frozen=True)
class Sentences:
    """Sentences that show as a list in a notebook and as lines in a terminal.

    Parameters
    ----------
    items : tuple of str
        Plain text; it is escaped where it becomes HTML.

    Examples
    --------
    >>> print(Sentences(("One.", "Two.")))
    - One.
    - Two.
    """

    items: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(f"- {item}" for item in self.items)

    def _repr_html_(self) -> str:
        listed = "".join(f"<li>{html.escape(item)}</li>" for item in self.items)
        return f'<ul class="research-sentences mathjax_ignore">{listed}</ul>'


def show(*results: object) -> None:
    """Display results in order: tables, figures, histories; a tuple or list of str shows as a list; None is skipped.

    Parameters
    ----------
    *results : object
        Anything that a notebook can display.

    Notes
    -----
    Outside a notebook the results are printed.
    """
    from IPython.display import display  # noqa: PLC0415 - only a notebook has it loaded

    for result in results:
        if result is None:
            continue
        if isinstance(result, (tuple, list)) and all(isinstance(item, str) for item in result):
            display(Sentences(tuple(result)))  # type: ignore[no-untyped-call]
        elif isinstance(result, Iterable) and isinstance(result, (tuple, list)):
            show(*result)
        else:
            display(result)  # type: ignore[no-untyped-call]
