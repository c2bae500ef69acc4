"""One module a theme; every test speaks HTTP, and none knows which backend answers."""
