"""What was charged, period by period, and since which day."""
