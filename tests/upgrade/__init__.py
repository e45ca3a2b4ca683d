"""Load for scripts/upgrade: clients that hold the hub to its contract while nodes of two versions take turns."""
