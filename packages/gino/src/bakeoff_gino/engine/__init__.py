"""What lies between the models and the drivers: connections, column types, inserts."""
