"""The Tortoise ORM backend: its models and querysets, over a connection pool of our own."""
