"""The reference backend: the bookstore contract as plain Python, without a database."""
