"""The process that starts the workers, times them against each other and never imports a layer."""
