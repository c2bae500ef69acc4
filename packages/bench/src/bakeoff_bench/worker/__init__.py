"""The process that holds one data layer; it runs in that backend's own environment."""
