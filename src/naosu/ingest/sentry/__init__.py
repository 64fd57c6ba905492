"""The Sentry protocol: envelopes, credentials, rate-limit headers."""
