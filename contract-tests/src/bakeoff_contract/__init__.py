"""The proof of the bookstore contract: the harness, and the suite that runs on it."""
