"""A data layer behind the port of Bakeoff."""
