"""What can be known to be wrong before a notebook starts: its fund, its sample, its data, what its analysis needs."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path

from research.errors import ParameterError, ResearchWarning

__all__ = ["preflight"]


def preflight(wanted: Mapping[str, object], notebook: str = "") -> str | None:
    """Load what a notebook would load and return the fund's ticker as the registry spells it.

    Parameters
    ----------
    wanted : mapping of str to value
        Every parameter, given or default, checked. A notebook without a parameter ``fund`` needs no data beforehand:
        None is returned for it.
    notebook : str
        Its name, where its analysis is to be asked for what it needs; see `Report.require`.

    Raises
    ------
    ResearchError
        Whatever the registry, the loaders or the alignment refuse, or the analysis.
    """
    if "fund" not in wanted:
        return None
    from research.analyses.registry import analysis  # noqa: PLC0415 - a notebook without a fund needs none of it
    from research.analyses.report import Report  # noqa: PLC0415 - as above
    from research.opening import fund as find_fund  # noqa: PLC0415 - as above
    from research.opening import load  # noqa: PLC0415 - as above

    def text(name: str) -> str | None:
        value = wanted.get(name)
        return value if isinstance(value, str) and value else None

    ticker = text("fund")
    if ticker is None:
        raise ParameterError("parameter 'fund' is empty: name a fund, such as ETHV")
    data = text("data")
    folder = Path(data) if data else None
    asked = analysis(notebook) or Report
    with warnings.catch_warnings():
        # The report shows them, in their place.
        warnings.simplefilter("ignore", ResearchWarning)
        fund = find_fund(ticker, data=folder)
        history = load(
            fund,
            start=text("start"),
            end=text("end"),
            data=folder,
            max_loss=asked.max_loss,
            frequency=text("frequency"),  # type: ignore[arg-type]
        )
        asked.require(history, wanted)
    return fund.ticker
