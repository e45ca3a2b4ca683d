"""The source of the Grafana dashboards: a module each, and what they have in common."""
