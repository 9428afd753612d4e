//! What a payer's whereabouts add to a flow.

use crate::facts;
use crate::policy::{Policy, PolicyError};
use quittance_protocol::Quantity;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// What is known of where a payer is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Whereabouts<'a> {
    /// Region of the account, such as `overseas`; absent: the one that the bundle is in force for.
    pub account: Option<&'a str>,
    /// Region of the connection, where its address says one.
    pub connection: Option<&'a str>,
    /// Whether the connection hides where it comes from.
    pub vpn: bool,
}

/// The facts that flows ask for; a run's log keeps them. The account's region, with its overlay in force, decides
/// which checks belong to every flow; a connection from a region of high risk adds some; a hidden one alone adds none
/// and refuses nothing.
///
/// # Errors
/// [`PolicyError::Overlay`]; none for a bundle that was checked.
pub fn facts(policy: &Policy, payer: Whereabouts<'_>) -> Result<BTreeMap<String, Quantity>, PolicyError> {
    let policy = match payer.account {
        Some(region) => policy.for_region(region)?,
        None => Cow::Borrowed(policy),
    };
    let regions = &policy.regions;
    let (overseas, here) = match regions.in_force.as_str() {
        "overseas" => (true, &regions.overseas),
        // The loader takes no third one.
        _ => (false, &regions.domestic),
    };
    let mut checks: Vec<&str> = here.extra_steps.iter().map(String::as_str).collect();
    checks.push(&here.id);
    checks.extend(here.local.iter().map(String::as_str));

    let risky = &regions.high_risk;
    let high_risk = payer
        .connection
        .is_some_and(|region| risky.regions.iter().any(|known| known == region));
    if high_risk {
        checks.extend(risky.extra_steps.iter().map(String::as_str));
    }

    // Every check that some flow can insert is said, so that a later finding takes an earlier one back.
    let needs = facts::FACTS.iter().filter_map(|(name, _)| {
        let check = name.strip_prefix("needs_")?;
        Some(((*name).to_owned(), Quantity::from(checks.contains(&check))))
    });
    let mut found: BTreeMap<_, _> = needs.collect();
    found.insert("overseas".to_owned(), Quantity::from(overseas));
    found.insert("high_risk_region".to_owned(), Quantity::from(high_risk));
    found.insert("vpn".to_owned(), Quantity::from(payer.vpn));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;

    fn holding(policy: &str, payer: Whereabouts<'_>) -> Vec<String> {
        let found = facts(&Policy::load(policy).unwrap(), payer).unwrap();
        let holding = found.into_iter().filter(|(_, fact)| *fact == Quantity::ONE);
        holding.map(|(name, _)| name).collect()
    }

    fn risky() -> String {
        DEFAULT_BUNDLE.replace(
            "\"high_risk\": { \"regions\": []",
            "\"high_risk\": { \"regions\": [\"XK\"]",
        )
    }

    // R-049 R-053 R-054
    #[test]
    fn a_payer_at_home_is_asked_for_nothing_more() {
        assert_eq!(holding(DEFAULT_BUNDLE, Whereabouts::default()), Vec::<String>::new());
    }

    // R-050 R-053 R-054
    #[test]
    fn a_payer_overseas_is_asked_for_passport_foreign_number_and_address() {
        let overseas = Whereabouts {
            account: Some("overseas"),
            ..Whereabouts::default()
        };
        assert_eq!(
            holding(DEFAULT_BUNDLE, overseas),
            [
                "needs_foreign_phone_otp",
                "needs_passport",
                "needs_proof_of_address",
                "overseas"
            ]
        );
    }

    //
    #[test]
    fn a_connection_from_a_region_of_high_risk_adds_video_and_photo_and_a_neighbour_adds_nothing() {
        let from = |region| Whereabouts {
            connection: Some(region),
            ..Whereabouts::default()
        };
        assert_eq!(
            holding(&risky(), from("XK")),
            [
                "high_risk_region",
                "needs_handheld_id_photo",
                "needs_video_verification"
            ]
        );
        assert_eq!(holding(&risky(), from("CN")), Vec::<String>::new());
    }

    //
    #[test]
    fn a_hidden_connection_alone_adds_no_check() {
        let hidden = Whereabouts {
            vpn: true,
            ..Whereabouts::default()
        };
        assert_eq!(holding(DEFAULT_BUNDLE, hidden), ["vpn"]);
    }

    //
    #[test]
    fn an_account_s_region_counts_through_its_overlay_alone() {
        let without = DEFAULT_BUNDLE.replace("\"overseas\": { \"regions\": { \"in_force\": \"overseas\" } }", "");
        assert_ne!(without, DEFAULT_BUNDLE);
        let overseas = Whereabouts {
            account: Some("overseas"),
            ..Whereabouts::default()
        };
        assert_eq!(holding(&without, overseas), Vec::<String>::new());
    }

    //
    #[test]
    fn an_account_of_an_unknown_region_has_the_checks_that_are_in_force() {
        let elsewhere = Whereabouts {
            account: Some("atlantis"),
            ..Whereabouts::default()
        };
        assert_eq!(holding(DEFAULT_BUNDLE, elsewhere), Vec::<String>::new());
    }
}
