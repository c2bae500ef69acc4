"""A module for the tests: reviews of books, kept in SQLite alone."""
