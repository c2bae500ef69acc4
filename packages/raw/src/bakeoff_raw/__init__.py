"""The raw backend: hand-written SQL on the bare drivers, the floor for every other layer."""
