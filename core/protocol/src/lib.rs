//! What is said between phone, gateway and merchant.
