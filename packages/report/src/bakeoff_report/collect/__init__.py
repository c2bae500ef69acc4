"""One module for each kind of input: what it says, in the terms of the report."""
