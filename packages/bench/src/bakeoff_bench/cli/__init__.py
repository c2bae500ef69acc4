"""The `bakeoff-bench` command."""
