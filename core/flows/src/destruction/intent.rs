//! What the payer's own intent names.

use quittance_protocol::MandateId;
use quittance_protocol::statement::Channel;

/// Which of a cancellation's mandates the payer's intent names, in their sequence: all of them, but for those of several
/// that a bank confirms, because each of these gets a run of its own. Offline no bank can be asked, so none is,
/// and the intent names all.
#[must_use]
pub fn named(mandates: &[(MandateId, Channel)], offline: bool) -> Vec<MandateId> {
    let alone = mandates.len() < 2;
    let is_named = |channel: Channel| offline || alone || channel != Channel::Bank;
    mandates
        .iter()
        .filter(|(_, channel)| is_named(*channel))
        .map(|(mandate, _)| *mandate)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: (MandateId, Channel) = (MandateId::from_bytes([1; 16]), Channel::App);
    const BANK: (MandateId, Channel) = (MandateId::from_bytes([2; 16]), Channel::Bank);
    const OTHER_BANK: (MandateId, Channel) = (MandateId::from_bytes([3; 16]), Channel::Bank);

    //
    #[test]
    fn of_several_mandates_an_intent_names_those_that_no_bank_confirms() {
        assert_eq!(named(&[BANK, APP, OTHER_BANK], false), [APP.0]);
        assert_eq!(named(&[BANK, OTHER_BANK], false), []);
        assert_eq!(named(&[BANK], false), [BANK.0], "one alone has the bank within its run");
    }

    //
    #[test]
    fn offline_it_names_all_of_them() {
        assert_eq!(named(&[BANK, APP, OTHER_BANK], true), [BANK.0, APP.0, OTHER_BANK.0]);
        assert_eq!(named(&[BANK, OTHER_BANK], true), [BANK.0, OTHER_BANK.0]);
        assert_eq!(named(&[], true), []);
    }
}
