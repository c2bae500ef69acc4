"""Limits of the HTTP side: how much, how fast, how large, how slow, and from where."""
