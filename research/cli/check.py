"""``research check``: files and funds looked at before anybody trusts a number."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from research.cli.shared import FAILED, FOUND, WRONG_REQUEST, as_json, columns, data_folder, print_json, stop

if TYPE_CHECKING:
    from research.check import Checked

__all__ = ["check"]


@click.command()
@click.argument("path", required=False, type=click.Path())
@click.option("--format", "format_", metavar="NAME", help="Format of the file [default: whichever reads it].")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="Option of the format; may be repeated.")
@click.option("--fund", metavar="F", help="Check what a report on this fund would start from.")
@data_folder
@click.option("--calendar", default="XNYS", show_default=True, metavar="NAME", help="Exchange whose sessions count.")
@click.option("--formats", is_flag=True, help="List the formats and their options, and stop.")
@as_json
def check(
    path: str | None,
    format_: str | None,
    options: tuple[str, ...],
    fund: str | None,
    data: str | None,
    calendar: str,
    formats: bool,
    as_json: bool,
) -> None:
    """Say what is in PATH, what would be lost and which screens fire: a file, or a folder with a funds.toml.

    One line each, the worst first. Exit code 0: nothing but notes and what is acknowledged; 3: errors or warnings that
    nobody has acknowledged; 1: something cannot be read, or a report would fail; 2: the request was wrong.
    """
    from research.check import check_file, check_folder, check_fund

    if formats:
        _list(as_json=as_json)
        return
    if (path is None) == (fund is None):
        stop("name a file, a folder or --fund, one of them", WRONG_REQUEST)
    if fund is not None:
        _show(check_fund(fund, Path(data) if data else None), as_json=as_json)
        return
    place = Path(str(path))
    if not place.exists():
        stop(f"{place}: no such file or folder", WRONG_REQUEST)
    if place.is_dir():
        if format_ is not None or options:
            stop("--format and --option are for one file: a folder's funds.toml says the formats", WRONG_REQUEST)
        _show(check_folder(place, calendar=calendar), as_json=as_json)
    else:
        if options and format_ is None:
            stop("--option needs --format: whose option is it?", WRONG_REQUEST)
        _show(check_file(place, format_, _parsed(options), calendar=calendar), as_json=as_json)


def _parsed(options: Sequence[str]) -> dict[str, Any]:
    """Return options; a value is what TOML makes of it, else a text."""
    import tomllib

    from research.errors import ParameterError

    found: dict[str, Any] = {}
    for option in options:
        name, mark, text = option.partition("=")
        if not mark or not name:
            raise ParameterError(f"--option {option!r} is not NAME=VALUE")
        try:
            found[name] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            found[name] = text
    return found


def _list(*, as_json: bool) -> None:
    from research.loaders import FORMATS

    if as_json:
        listed = [
            {"name": item.name, "title": item.title, "kind": item.kind, "options": list(item.options)}
            for item in FORMATS.values()
        ]
        print_json(listed)
        return
    click.echo(columns([(item.name, item.kind, item.title, " ".join(item.options)) for item in FORMATS.values()]))


def _show(checked: Checked, *, as_json: bool) -> None:
    if as_json:
        print_json(checked.to_dict())
    else:
        click.echo(str(checked))
    if checked.failed:
        sys.exit(FAILED)
    if checked.open:
        sys.exit(FOUND)
