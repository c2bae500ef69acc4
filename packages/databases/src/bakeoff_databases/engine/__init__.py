"""What lies between the tables and databases: units of work, statements, types, drivers."""
