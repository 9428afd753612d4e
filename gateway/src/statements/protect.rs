//! The payer stops charges without naming mandates: the safety lock, stop instructions.

use quittance_flows::lock::BY_PAYER;
use quittance_protocol::Verified;
use quittance_protocol::statement::{Lock, Stop};

use crate::failure::Decided;
use crate::store::Device;
use crate::turn::{Answer, Late, Turn};
use crate::{locks, stops};

/// Locks at once, without nonce, factor or password.
pub(super) fn lock(turn: &mut Turn<'_>, device: &Device, said: &Verified<Lock>) -> Decided<Answer> {
    let record = locks::lock(turn, device.account, BY_PAYER, said.body().other_devices)?;
    Answer::json(&record)
}

/// Stops at once. Answered with every instruction in force.
pub(super) fn stop(turn: &mut Turn<'_>, device: &Device, said: &Verified<Stop>) -> Decided<Answer> {
    stops::add(turn, device.account, &said.body().stop)?;
    Ok(Answer::Late(Late::Stops(device.account)))
}
