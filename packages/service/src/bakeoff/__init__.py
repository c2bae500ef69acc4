"""The bookstore service: HTTP, validation and errors, written once for every data layer."""
