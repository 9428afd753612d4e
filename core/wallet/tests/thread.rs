//! The wallet against a real gateway over a real loopback listener, with software keys.
#![cfg(test)]

mod cases;
mod support;
