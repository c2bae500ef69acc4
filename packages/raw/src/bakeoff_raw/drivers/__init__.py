"""One small interface over three drivers, and their pool."""
