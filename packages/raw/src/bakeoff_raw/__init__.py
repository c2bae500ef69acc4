"""The raw backend: SQL on the bare drivers, the floor for every other layer."""
