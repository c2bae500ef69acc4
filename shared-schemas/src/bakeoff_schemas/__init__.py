"""The bookstore contract: what every backend must do and what every client may rely on."""
