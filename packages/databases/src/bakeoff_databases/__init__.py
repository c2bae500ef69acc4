"""The databases backend: SQLAlchemy Core expressions, run by encode/databases."""
