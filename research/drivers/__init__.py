"""Drivers of divergence: each file measures one, from a history to one cumulated log return series."""

from research.drivers.accrued_fee import accrued_fee
from research.drivers.driver import Driver
from research.drivers.expense import expense_ratio
from research.drivers.premium import premium_discount
from research.drivers.registry import measure

__all__ = ["Driver", "accrued_fee", "expense_ratio", "measure", "premium_discount"]
