"""A span for each request, sent by OpenTelemetry; nothing of it is imported while it is off."""
