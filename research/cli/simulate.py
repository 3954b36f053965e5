"""``research simulate``: funds whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from research.cli.shared import WRONG_REQUEST, as_json, print_json, stop
from research.errors import ResearchError

__all__ = ["simulate"]


@click.group()
def simulate() -> None:
    """Make funds whose truth is known, and measure what the estimates make of them."""


@simulate.command()
@click.option("--noise", "noises", multiple=True, metavar="KIND", help="A kind of noise; may be repeated.")
@click.option("--kind", default="spot", show_default=True, help="Kind of fund: spot, futures, staking or leveraged.")
@click.option(
    "--draws", type=click.IntRange(min=2), default=1000, show_default=True, help="Funds of each kind of noise."
)
@click.option(
    "--sessions",
    type=click.IntRange(min=60),
    multiple=True,
    default=(504,),
    show_default=True,
    help="Sessions of each fund; may be repeated.",
)
@click.option(
    "--error",
    type=click.Choice(["averaged", "noise", "ar1"]),
    default="averaged",
    show_default=True,
    help="Errors averaged over what the noise may be, or plugged in.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seeds everything.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@click.option("--breaks", is_flag=True, help="Study the interval of the fee's first day instead.")
@as_json
def coverage(
    noises: tuple[str, ...],
    kind: str,
    draws: int,
    sessions: tuple[int, ...],
    error: str,
    seed: int,
    jobs: int,
    breaks: bool,
    as_json: bool,
) -> None:
    """Measure bias, efficiency, width and coverage of the intervals on simulated funds."""
    from research.simulation import break_coverage, coverage_study

    chosen = noises or ("stationary", "random_walk", "mixed")
    try:
        if breaks:
            if len(sessions) > 1:
                stop("--breaks studies one length at a time: give --sessions once", WRONG_REQUEST)
            study: Any = break_coverage(chosen, draws, sessions[0], seed=seed, jobs=jobs)
        else:
            study = coverage_study(chosen, draws, sessions, seed=seed, jobs=jobs, kind=_kind(kind), error=error)
    except ResearchError as refused:
        stop(str(refused), WRONG_REQUEST)
    print_json(study.to_dict()) if as_json else click.echo(str(study))


def _kind(name: str) -> Any:  # noqa: ANN401 - a literal type that lives behind a heavy import
    from research.errors import UnknownNameError

    kinds = ("spot", "futures", "staking", "leveraged")
    if name not in kinds:
        raise UnknownNameError("kind of fund", name, kinds)
    return name


@simulate.command()
@click.option("--fund", "funds", multiple=True, metavar="KIND", help="A kind of fund; may be repeated [default: all].")
@click.option("--noise", "noises", multiple=True, metavar="KIND", help="A kind of noise, or bundled; may be repeated.")
@click.option("--wrong", "deviations", multiple=True, metavar="NAME", help="What is wrong; may be repeated.")
@click.option("--draws", type=click.IntRange(min=1), default=10, show_default=True, help="Funds of each row.")
@click.option("--sessions", type=click.IntRange(min=120), default=504, show_default=True, help="Sessions of each fund.")
@click.option("--basis", type=click.Choice(["nav", "price"]), default="nav", show_default=True)
@click.option("--impose", multiple=True, metavar="DRIVER", help="A driver to impose; may be repeated.")
@click.option("--breaks/--no-breaks", default=True, show_default=True, help="Look for a change of the drift, too.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seeds everything.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True, help="Processes.")
@as_json
def verdicts(as_json: bool, **options: Any) -> None:  # noqa: ANN401 - click gives them by name
    """Measure how often each verdict is false, with nothing wrong and with one thing wrong."""
    from research.simulation import verdict_study

    try:
        # What was not named is as the study has it by default.
        study = verdict_study(**{name: value for name, value in options.items() if value != ()})
    except ResearchError as error:
        stop(str(error), WRONG_REQUEST)
    print_json(study.to_dict()) if as_json else click.echo(str(study))


@simulate.command("tracking-error")
@click.option("--world", "worlds", multiple=True, metavar="NAME", help="A world; may be repeated [default: all].")
@click.option("--draws", type=click.IntRange(min=20), help="Samples [default: 2000; 20000 to train].")
@click.option(
    "--sessions", type=click.IntRange(min=63), multiple=True, default=(126, 252, 504, 1008), show_default=True
)
@click.option("--horizon", "horizons", type=int, multiple=True, default=(1, 5, 21), show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Seeds everything.")
@click.option("--train", metavar="FILE", help="Make the coefficients again, into this file, instead.")
@as_json
def tracking_error(
    worlds: tuple[str, ...],
    draws: int | None,
    sessions: tuple[int, ...],
    horizons: tuple[int, ...],
    seed: int,
    train: str | None,
    as_json: bool,
) -> None:
    """Measure what the intervals of a tracking error cover, or make their coefficients again."""
    from research.simulation.tracking_error_coverage import tracking_error_coverage
    from research.simulation.tracking_error_training import train_interval, write_calibration

    try:
        if train is not None:
            write_calibration(Path(train), train_interval(draws=draws or 20_000, seed=seed, horizons=horizons))
            return
        study = tracking_error_coverage(worlds or None, draws or 2_000, sessions, horizons=horizons, seed=seed)
    except ResearchError as error:
        stop(str(error), WRONG_REQUEST)
    print_json(study.to_dict()) if as_json else click.echo(str(study))


@simulate.command()
@click.option(
    "--draws", type=click.IntRange(min=1), default=50, show_default=True, help="Funds of each kind and noise."
)
@click.option("--sessions", type=click.IntRange(min=180), default=244, show_default=True, help="Sessions of each fund.")
@click.option("--screen", "screens", multiple=True, metavar="NAME", help="A screen; may be repeated [default: all].")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seeds everything.")
@as_json
def screens(draws: int, sessions: int, screens: tuple[str, ...], seed: int, as_json: bool) -> None:
    """Measure how often each screen cries without a cause, and how often it finds a planted fault."""
    from research.simulation.screens_study import screen_rates

    rates = screen_rates(draws, sessions, screens=screens or None, seed=seed)
    print_json(rates.to_dict()) if as_json else click.echo(str(rates))


@simulate.command()
@click.argument("bars", type=click.Path(path_type=Path), required=False)
@click.option("--asset", default="ether", show_default=True, help="Whose profile is used.")
@click.option(
    "--sessions", "lengths", type=click.IntRange(min=63), multiple=True, default=(126, 252, 504), show_default=True
)
@click.option("--draws", type=click.IntRange(min=1), default=170, show_default=True, help="Samples of each length.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seeds everything.")
@as_json
def clocks(bars: Path | None, asset: str, lengths: tuple[int, ...], draws: int, seed: int, as_json: bool) -> None:
    """Measure how well daily levels tell the hours between two clocks, on BARS or on simulated paths."""
    from research.alignment.variance_profile import profiles_of
    from research.loaders.formats import load_file
    from research.simulation.clock_study import clock_rates, intraday_path

    try:
        profiles = profiles_of(asset)
        if bars is None:
            prices = intraday_path(profiles[0], "2022-01-01", "2026-01-01", seed)
        else:
            prices = load_file(bars, "bars").frame["open"]
        rates = clock_rates(prices, profiles, sessions=lengths, draws=draws, seed=seed)
    except ResearchError as error:
        stop(str(error), WRONG_REQUEST)
    print_json(rates.to_dict()) if as_json else click.echo(str(rates))
