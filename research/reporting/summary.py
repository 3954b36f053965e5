"""The numbers of a result file as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from research.reporting.result import open_findings
from research.tables import MISSING, Table, plus_minus

__all__ = ["summarise"]


def summarise(result: Mapping[str, Any]) -> str:
    """Return the main tables of a result, as its JSON file holds it.

    Parameters
    ----------
    result : mapping
        Laid out as ``research/data/result.schema.json`` says; a part that is absent is left out.

    Returns
    -------
    str
        What screens found and nobody has acknowledged, then one table for each basis, fee regimes, breaks and
        conclusions.
    """
    parts = []
    if found := open_findings(result):
        # Above everything that rests on these data, as on the page.
        parts.append("\n".join(f"! {item['severity']}: {item['message']} [{item['rule']}]" for item in found))
    sample = result.get("sample")
    if sample:
        dropped = ", ".join(f"{item['count']} {item['rule']}" for item in sample["dropped"]) or "none"
        parts.append(f"Sample: {sample['start']} to {sample['end']}, {sample['sessions']} sessions; dropped: {dropped}")
    mismatch = (result.get("benchmark") or {}).get("mismatch")
    if mismatch:
        parts.append(f"Benchmark mismatch: {mismatch}")
    confidence = result["parameters"].get("confidence", 0.95)
    parts += [str(_basis(name, basis, confidence)) for name, basis in result.get("bases", {}).items()]
    if result.get("fee_regimes"):
        parts.append(str(_regimes(result["fee_regimes"])))
    parts += [
        f"Slope of {item['driver']} changed on {item['date']} ({item['interval'][0]} to {item['interval'][1]})"
        for item in result.get("breaks", ())
    ]
    if result.get("conclusions"):
        parts.append("\n".join(f"- {sentence}" for sentence in result["conclusions"]))
    return "\n\n".join(parts)


def _number(value: float | None, error: float | None = None, digits: int = 2) -> str:
    if value is None:
        return MISSING
    return plus_minus(value, float("nan") if error is None else error, digits)


def _interval(bounds: Sequence[float | None] | None) -> str:
    if bounds is None or None in bounds:
        return MISSING
    return f"{_number(bounds[0])} to {_number(bounds[1])}"


def _basis(name: str, basis: Mapping[str, Any], confidence: float) -> Table:
    import pandas as pd  # noqa: PLC0415

    rows = {
        driver["name"]: [
            driver["identified"],
            _number(driver["coefficient"], driver["std_error"], 3),
            _number(driver["contribution_bp"], driver["std_error_bp"]),
            _interval(driver["interval_bp"]),
        ]
        for driver in basis["drivers"]
    }
    rest, difference, error = basis["unexplained"], basis["tracking_difference_bp"], basis["tracking_error_bp"]
    bp = _number(rest["contribution_bp"], rest["std_error_bp"])
    rows["unexplained"] = ["", "", bp, _interval(rest["interval_bp"])]
    rows["tracking difference"] = ["", "", _number(difference["log"]), ""]
    horizons = ", ".join(f"{days}: {_number(value, digits=1)}" for days, value in error["horizons"].items())
    columns = ["identified", "coefficient ± se", "bp a year ± se", f"{100 * confidence:g} % interval"]
    return Table(
        pd.DataFrame.from_dict(rows, orient="index", columns=columns),
        f"{'Price' if name == 'price' else name.upper()} basis, tracking difference in basis points a year",
        notes=(f"Tracking error (bp a year) by horizon in sessions: {horizons}",),
    )


def _regimes(regimes: Sequence[Mapping[str, Any]]) -> Table:
    import pandas as pd  # noqa: PLC0415

    rows = {
        f"{item['start']} to {item['end'] or 'today'}": [
            _number(item["stated_bp"]),
            _number(item["estimated_bp"], item["std_error_bp"]),
        ]
        for item in regimes
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["stated", "estimated ± se"])
    return Table(frame, "Fee by period, basis points a year")
