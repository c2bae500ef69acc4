"""Between the models and the drivers: connections, column types, inserts, pages."""
