"""Databases to measure on: made once, filled, and put back as they were after every run.

`python -m bakeoff_bench.loading` runs in the environment of the backend `raw`, which has drivers.
"""
