"""units: without a service. frameworks: with the real frameworks. server: against the real service."""
