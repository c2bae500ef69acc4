"""Histories: what clients asked at once and were answered, and whether some order explains it."""
