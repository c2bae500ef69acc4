"""The SQLAlchemy backend: the ORM over an `AsyncSession`, and columns where objects are idle."""
