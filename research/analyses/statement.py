"""What a report says: a sentence, the verdict behind it and the numbers in it."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

__all__ = ["Statement", "Statements"]


@dataclass(frozen=True)
class Statement:
    """One thing that follows from the facts, or that cannot be concluded from them.

    Parameters
    ----------
    id : str
        What it is about, the same in every report that says it: ``"expense_ratio.period"``.
    text : str
        The sentence, or two: plain text.
    verdict : str
        What was decided, in a word or two that a pipeline can compare; empty where the sentence only reports. It is
        taken from the facts: no sentence decides anything.
    values : mapping of str to value
        The numbers, names and dates behind the sentence, in the unit that a name ends in.
    """

    id: str
    text: str
    verdict: str = ""
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, object]:
        """Return the statement as plain values."""
        return {"id": self.id, "verdict": self.verdict, "values": dict(self.values), "text": self.text}


class Statements(tuple[Statement, ...]):
    """Statements that show as a list: with bullets in a notebook, with hyphens in a terminal.

    Examples
    --------
    >>> print(Statements([Statement("a", "One."), Statement("b", "Two.")]))
    - One.
    - Two.
    """

    __slots__ = ()

    @property
    def texts(self) -> tuple[str, ...]:
        """The sentences alone."""
        return tuple(one.text for one in self)

    def about(self, id: str) -> Statements:
        """Return the statements with this id, in order."""
        return Statements(one for one in self if one.id == id)

    def verdicts(self, id: str) -> tuple[str, ...]:
        """Return what was decided in the statements with this id, in order."""
        return tuple(one.verdict for one in self.about(id))

    def __str__(self) -> str:
        return "\n".join(f"- {text}" for text in self.texts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return bullets(self.texts)


def bullets(texts: Sequence[str]) -> str:
    """Return sentences as an HTML list."""
    listed = "".join(f"<li>{html.escape(text)}</li>" for text in texts)
    return f'<ul class="research-sentences mathjax_ignore">{listed}</ul>'
