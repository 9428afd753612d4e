//! The code that a contact or guardian scans.

use quittance_wallet::VouchRequest;

use crate::world::World;
use crate::{Verdict, text};

/// What was read is written and read as the same.
pub(crate) fn vouch_code(world: &World, bytes: &[u8]) -> Verdict {
    let Some(read) = text(bytes).and_then(|code| VouchRequest::read(code).ok()) else {
        return Verdict::Refused;
    };
    let again = VouchRequest::read(&(world.writes.vouch_code)(&read));
    assert_eq!(again.ok().as_ref(), Some(&read), "a code survives being shown");
    Verdict::Accepted
}
