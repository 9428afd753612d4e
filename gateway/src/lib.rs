//! The reference gateway: the other half of the protocol.
