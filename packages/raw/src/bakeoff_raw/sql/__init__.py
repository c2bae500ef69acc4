"""SQL as text: a notation for three drivers, and the statements that need more than that."""
