"""Live updates and background work, by messages that are written with the change they tell of."""
