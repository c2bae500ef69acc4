"""Faults under load: what a service does while its database, network or process fails."""
