"""Analyses: what a report says of a history, one folder for each notebook."""
