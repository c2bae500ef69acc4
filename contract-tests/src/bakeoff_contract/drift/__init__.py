"""Whether a backend's models and hand-written statements agree with the migrations."""
