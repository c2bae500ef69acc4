"""What lies between the models and the drivers: connections and column types."""
