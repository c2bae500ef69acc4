"""The faults, each in a file of its own."""
