"""The process that holds one arm; it runs in the environment of the arm's backend."""
