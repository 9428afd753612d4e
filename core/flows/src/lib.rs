//! What the rules are: policy, flow definitions and the pure steps that decide.
