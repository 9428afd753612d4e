//! The reference gateway as a program.
fn main() {}
