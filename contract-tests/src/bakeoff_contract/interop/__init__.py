"""Backends on one database: each reads, changes and deletes what every other wrote."""
