"""Backends beside each other on one database: each pair, and all as one mixed fleet."""
