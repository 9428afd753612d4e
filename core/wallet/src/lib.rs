//! What a phone does.
