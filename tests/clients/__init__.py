"""Clients made with other people's WebSocket libraries, against a real hub; run them with scripts/check-clients."""
