"""Whether an operation gets slower, or needs more memory, when the table grows."""
