"""The SQLAlchemy backend: the ORM as its documentation teaches it, over an `AsyncSession`."""
