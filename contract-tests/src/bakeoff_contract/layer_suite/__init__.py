"""What every backend with a database must do beneath HTTP, through the port alone."""
