"""The REST interface: Naosu's own under /api/v1, Sentry's under /api/0, health and metrics."""
