"""``research funds`` and ``research notebooks``: what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from research.cli.shared import as_json, columns, data_folder, print_json

if TYPE_CHECKING:
    from research.funds import Fund

__all__ = ["funds", "notebooks"]


@click.command()
@data_folder
@as_json
def funds(data: str | None, as_json: bool) -> None:
    """List the funds that are known, and which series of each are registered."""
    from research.funds import funds as known_funds
    from research.simulation import simulated_funds

    found = (*known_funds(Path(data) if data else None), *simulated_funds())
    if as_json:
        print_json([{**json.loads(fund.model_dump_json()), "has_data": _has_data(fund)} for fund in found])
        return
    rows = [
        (fund.ticker, fund.name, f"{fund.kind}{', simulated' if fund.simulated else ''}", _data(fund)) for fund in found
    ]
    click.echo(columns(rows))


def _has_data(fund: Fund) -> bool:
    return fund.simulated or bool(fund.series)


def _data(fund: Fund) -> str:
    """Return the series that the registry names for a fund; a simulated one is made when it is loaded."""
    return ", ".join(fund.series) or ("made when loaded" if fund.simulated else "no data")


@click.command()
@click.option("--copy", "folder", metavar="DIR", help="Copy the notebooks into DIR.")
@click.option("--force", is_flag=True, help="With --copy: overwrite files that were changed.")
@as_json
def notebooks(folder: str | None, force: bool, as_json: bool) -> None:
    """List the notebooks and their parameters, or copy them."""
    from research.reporting import copy_notebooks, read_schema
    from research.reporting import notebooks as known_notebooks
    from research.reporting.parameters import RESULT_PATH

    if folder is not None:
        copied = copy_notebooks(Path(folder), force=force)
        print_json([str(path) for path in copied]) if as_json else click.echo("\n".join(map(str, copied)))
        return
    listed: dict[str, list[dict[str, Any]]] = {}
    for name, path in known_notebooks().items():
        parameters = [item for item in read_schema(path).values() if item.name != RESULT_PATH]
        listed[name] = [
            {"name": item.name, "type": item.type, "default": item.default, "takes": item.takes, "help": item.help}
            for item in parameters
        ]
    if as_json:
        print_json(listed)
        return
    for name, parameters_ in listed.items():
        click.echo(name)
        rows = [(f"  {item['name']}", item["takes"], json.dumps(item["default"]), item["help"]) for item in parameters_]
        click.echo(columns(rows))
