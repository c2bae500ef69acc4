"""SQL as text: one notation for three drivers, and what depends on the request."""
