"""Measurements: each part prints its table, `python -m tests.bench` prints them all."""
