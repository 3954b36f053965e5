"""Show several results in a notebook, one below the other."""

from __future__ import annotations

from research.analyses.statement import Statement, Statements

__all__ = ["show"]


def show(*results: object) -> None:
    """Display results in order: tables, figures, histories, statements; a tuple or list of str shows as a list.

    Parameters
    ----------
    *results : object
        Anything that a notebook can display; what is in a tuple or list, one by one; None is skipped.

    Notes
    -----
    Outside a notebook the results are printed.
    """
    from IPython.display import display  # noqa: PLC0415 - only a notebook has it loaded

    for result in results:
        if result is None:
            continue
        if isinstance(result, (tuple, list)) and not isinstance(result, Statements):
            if all(isinstance(item, str) for item in result):
                display(Statements(Statement("", item) for item in result))  # type: ignore[no-untyped-call]
            else:
                show(*result)
        else:
            display(result)  # type: ignore[no-untyped-call]
