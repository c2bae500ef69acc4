"""The operations of the bookstore, one module an aggregate."""
