"""What can be known to be wrong before a notebook starts: its fund, its sample, its data."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from research.errors import ParameterError, ResearchWarning

__all__ = ["preflight"]

_DEFAULT: Final = 0.05
_HOLES: Final = 0.99


def preflight(wanted: Mapping[str, object], notebook: str = "") -> str | None:
    """Load what a notebook would load and return the fund's ticker as the registry spells it.

    Parameters
    ----------
    wanted : mapping of str to value
        Every parameter, given or default, checked. A notebook without a parameter ``fund`` needs no data beforehand:
        None is returned for it.
    notebook : str
        Its name, where its requirements are to be checked too; see `research.analyses.requirements`.

    Raises
    ------
    ResearchError
        Whatever the registry, the loaders or the alignment refuse, or the notebook's requirements.
    """
    if "fund" not in wanted:
        return None
    from research.analyses.requirements import require  # noqa: PLC0415
    from research.opening import fund as find_fund  # noqa: PLC0415
    from research.opening import load  # noqa: PLC0415

    def text(name: str) -> str | None:
        value = wanted.get(name)
        return value if isinstance(value, str) and value else None

    ticker = text("fund")
    if ticker is None:
        raise ParameterError("parameter 'fund' is empty: name a fund, such as ETHV")
    data = text("data")
    folder = Path(data) if data else None
    with warnings.catch_warnings():
        # The report shows them, in their place.
        warnings.simplefilter("ignore", ResearchWarning)
        fund = find_fund(ticker, data=folder)
        # A report on the data themselves is what a sample with holes needs most.
        most = _HOLES if notebook == "data_quality" else _DEFAULT
        history = load(fund, start=text("start"), end=text("end"), data=folder, max_loss=most)
        require(notebook, history, wanted)
    return fund.ticker
