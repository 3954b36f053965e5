"""What a report says: a sentence, the verdict behind it and the numbers in it."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

__all__ = ["Statement", "Statements", "Told"]


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


MOST_SENTENCES: Final = 3
MOST_POINTS: Final = 5


@dataclass(frozen=True)
class Told:
    """What a report says, in the order in which it is read.

    Parameters
    ----------
    findings : tuple of str
        What screens found and nobody has acknowledged, and that the benchmark is not the one stated: above everything
        that rests on those data.
    bottom_line : Statements
        Three at most, read as one paragraph.
    points : Statements
        The next five at most.
    more : Statements
        The rest.
    """

    findings: tuple[str, ...]
    bottom_line: Statements
    points: Statements
    more: Statements

    @classmethod
    def of(cls, findings: Iterable[object], statements: Statements, opening: Sequence[str]) -> Self:
        """Return statements in reading order.

        Parameters
        ----------
        findings : iterable
            Each reads as a sentence.
        statements : Statements
            The most important first.
        opening : sequence of str
            Ids of those that make the bottom line; the first of the statements where none of them is there.
        """
        first = Statements(one for name in opening for one in statements.about(name))[:MOST_SENTENCES]
        chosen = Statements(first or statements[:1])
        kept = {id(one) for one in chosen}
        rest = [one for one in statements if id(one) not in kept]
        return cls(tuple(map(str, findings)), chosen, Statements(rest[:MOST_POINTS]), Statements(rest[MOST_POINTS:]))

    def __str__(self) -> str:
        lines = [f"! {finding}" for finding in self.findings]
        lines.append(" ".join(self.bottom_line.texts))
        lines += [f"- {text}" for text in (*self.points.texts, *self.more.texts)]
        return "\n".join(lines)

    def head_html(self) -> str:
        """Return findings and bottom line as HTML."""
        warned = ""
        if self.findings:
            warned = (
                '<div class="research-findings mathjax_ignore" role="note"><p><strong>What follows rests on this.'
                f"</strong></p>{bullets(self.findings)}</div>"
            )
        line = html.escape(" ".join(self.bottom_line.texts))
        return f'{warned}<p class="research-bottom-line mathjax_ignore">{line}</p>'

    def points_html(self) -> str:
        """Return the points as an HTML list, what is left folded below."""
        more = ""
        if self.more:
            more = f"<details><summary>More</summary>{bullets(self.more.texts)}</details>"
        return (bullets(self.points.texts) if self.points else "") + more

    def _repr_html_(self) -> str:
        return self.head_html() + self.points_html()
