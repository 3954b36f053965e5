"""Futures: curves by contract, rank and maturity, roll schedules, the return of what is held and its split over spot.

Pure functions on tables, from which the drivers `roll_yield`, `curve_shift` and `collateral` are made. A continuous
price is never spliced: every return is that of contracts that were held at both ends of it.
"""

from research.drivers.futures.basis import annualised_basis, annualised_slope, backwardation_share, contango_share
from research.drivers.futures.bills import bill_returns
from research.drivers.futures.curve import FuturesCurve
from research.drivers.futures.held import HeldFutures, hold, split_held
from research.drivers.futures.maturity import MONTH, ConstantMaturityCurve, hold_constant_maturity
from research.drivers.futures.schedule import Schedule, constant_maturity, roll_last_days, roll_on_expiry, sp_vix

__all__ = [
    "MONTH",
    "ConstantMaturityCurve",
    "FuturesCurve",
    "HeldFutures",
    "Schedule",
    "annualised_basis",
    "annualised_slope",
    "backwardation_share",
    "bill_returns",
    "constant_maturity",
    "contango_share",
    "hold",
    "hold_constant_maturity",
    "roll_last_days",
    "roll_on_expiry",
    "sp_vix",
    "split_held",
]
