"""What another service, the partner, knows of a book: its cover, a description, its pages."""
