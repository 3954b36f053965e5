"""Reward, staking fee and the tax on it."""
