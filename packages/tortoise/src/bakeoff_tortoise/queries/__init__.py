"""Queries and inserts that several methods share."""
