"""``research profile``: when in the week a coin moves, from bars of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from research.cli.shared import WRONG_REQUEST, stop
from research.errors import ResearchError

__all__ = ["profile"]


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--asset", required=True, help="What the bars are of, such as ether.")
@click.option("--format", "format_name", default="bars", show_default=True, help="Format of the file.")
@click.option("--year", "years", type=int, multiple=True, required=True, help="A calendar year; may be repeated.")
@click.option("--source", required=True, help="Where the bars come from, in words; it is kept with the numbers.")
def profile(file: Path, asset: str, format_name: str, years: tuple[int, ...], source: str) -> None:
    """Print what each hour of the week adds to a day's variance, as entries of variance_profiles.toml.

    The package's own were made so, one call a coin, from hourly bars that are not part of it.
    """
    import pandas as pd

    from research.alignment.variance_profile import profile_entry, variance_profile
    from research.loaders.formats import load_file

    try:
        table = load_file(file, format_name)
        opens = table.frame["open"]
        of = pd.DatetimeIndex(opens.index).year
        for year in years:
            said = f"{source}; hourly opens of {year}, file sha256 {table.sha256[:12]}"
            made = variance_profile(opens[of == year], asset=asset, source=said)
            click.echo(profile_entry(f"{asset}_{year}", made))
    except ResearchError as error:
        stop(str(error), WRONG_REQUEST)
