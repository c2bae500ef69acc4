"""The same layers behind uvicorn, driven by wrk and Locust."""
