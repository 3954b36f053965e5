"""Whether fund and benchmark were observed at the same time of day."""
