"""What an operator is given, held to what Prometheus, Grafana, Kubernetes and Compose accept.

`scripts/check-ops` prepares what these need, and runs them.
"""
