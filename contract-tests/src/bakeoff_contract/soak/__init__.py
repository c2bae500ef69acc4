"""The soak: a service under load for a long time, whose memory and connections must not grow."""
