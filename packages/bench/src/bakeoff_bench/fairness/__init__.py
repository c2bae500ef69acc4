"""Whether every layer is timed under the same conditions, asked of its open connections.

`python -m bakeoff_bench.fairness` writes the page about it, or checks the one that is there.
"""
