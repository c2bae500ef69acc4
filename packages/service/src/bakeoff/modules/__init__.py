"""Modules: packages that add routes, and tables of their own, to the bookstore."""
