"""``research pull``: fetch what is public today into a data folder."""

from __future__ import annotations

import datetime as dt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from research.cli.shared import FAILED, as_json, columns, data_folder, print_json

if TYPE_CHECKING:
    from research.funds import Fund

__all__ = ["pull"]


@click.command()
@click.argument("fund")
@data_folder
@click.option("--source", metavar="NAME", help="Only from this source, as in yahoo.")
@click.option("--since", metavar="DATE", help="First day to ask for [default: all there is; bars: the listing].")
@click.option("--dry-run", is_flag=True, help="Say what would be fetched, and ask nobody.")
@as_json
def pull(fund: str, data: str | None, source: str | None, since: str | None, dry_run: bool, as_json: bool) -> None:
    """Fetch what FUND's entry says is public into the data folder.

    Every new answer is kept as it came, under vintages/; none is ever overwritten. Exit code 1 where a series failed.
    """
    from research.loaders.pull import pull as pull_fund

    folder = _folder(data)
    outcomes = pull_fund(_fund(fund, folder), folder, source=source, since=_day(since), dry_run=dry_run)
    if as_json:
        print_json([outcome.to_dict() for outcome in outcomes])
    else:
        rows = [(item.series, item.source, item.symbol, item.state, item.message) for item in outcomes]
        click.echo(columns(rows))
        for hint in dict.fromkeys(item.hint for item in outcomes if item.hint):
            click.echo(f"to read it, name it in {folder / 'funds.toml'}, {hint}", err=True)
    if any(item.state == "failed" for item in outcomes):
        sys.exit(FAILED)


def _folder(data: str | None) -> Path:
    from research.errors import ParameterError
    from research.funds.registry import DATA_VARIABLE

    named = data or os.environ.get(DATA_VARIABLE, "")
    if not named:
        raise ParameterError(f"pull writes into a data folder: name it with --data or {DATA_VARIABLE}")
    return Path(named)


def _fund(ticker: str, folder: Path) -> Fund:
    """Return the fund: of the folder's own funds.toml where there is one, else of the bundled registry."""
    from research.funds.registry import FILE_NAME, _bundled
    from research.opening import fund as find

    bundled = {entry.ticker.casefold(): entry for entry in _bundled()}
    if not (folder / FILE_NAME).is_file() and ticker.strip().casefold() in bundled:
        return bundled[ticker.strip().casefold()]
    return find(ticker, folder)


def _day(text: str | None) -> dt.date | None:
    from research.errors import ParameterError

    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ParameterError(f"--since {text!r} is not a date: write it as 2024-07-23") from None
