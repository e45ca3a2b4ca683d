//! Listeners, the WebSocket session and the HTTP APIs.
