"""Work that takes a processor for seconds: it is done by other processes, never in the loop."""
