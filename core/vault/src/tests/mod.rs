//! What the vault promises, tried from outside: each safety test has a control that must fail.

mod attack;
mod basics;
mod crash;
mod damage;
mod frozen;
mod model;
mod stuck;
mod support;
mod vectors;
