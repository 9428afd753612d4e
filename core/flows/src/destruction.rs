//! Two-sided destruction as two pure steps, one a side (protocol: "Destruction, in order").
//!
//! Each side verifies what it hears, turns it into an event, calls its step, persists the new state in the
//! transaction that also holds what the effects need, then carries the effects out. Repeating an event
//! that was taken changes nothing; what contradicts it is refused.

pub mod gateway;
pub mod intent;
pub mod phone;
