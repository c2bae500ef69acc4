"""The Tortoise ORM backend: its models and querysets, over connections of our own keeping."""
