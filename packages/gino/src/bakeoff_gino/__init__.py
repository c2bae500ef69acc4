"""GINO behind the port of Bakeoff."""
