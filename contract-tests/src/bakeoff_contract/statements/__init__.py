"""What every operation of the port asks of its database: recorded at the driver, and limited."""
