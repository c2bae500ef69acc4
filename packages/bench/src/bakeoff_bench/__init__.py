"""How fast each data layer is: paired, repeated, and as a ratio to the raw driver."""
