//! Frames and their encodings.
