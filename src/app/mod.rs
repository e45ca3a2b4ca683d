//! Configuration, wiring, telemetry and shutdown.
