"""Answers kept in Redis, never older than a write that was acknowledged (docs/cache.md)."""
