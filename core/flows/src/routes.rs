//! Which ways lead to the end of a mandate, best first, with the reason why each other one is closed.

use crate::Refused;
use crate::definition::{FlowDefinition, FlowEffect, Party, Step, StepKind};
use crate::factor::FactorKind;
use crate::flow::holds;
use crate::policy::Policy;
use quittance_protocol::answer::{EnrolmentKind, MandateState};
use quittance_protocol::log_body::TerminationCause;
use quittance_protocol::statement::Channel;
use quittance_protocol::{Quantity, Timestamp};
use std::collections::BTreeMap;

/// Every reason for which a route can be closed, as text keys.
pub const CLOSED_REASONS: &[&str] = &[ENDED, SCHEDULED, SYSTEM_DEFAULT, MERCHANT_RELEASES, NO_RELEASE_NEEDED];

/// The mandate has ended, or its end cannot be taken back.
const ENDED: &str = "route.closed.ended";
/// Its end is ordered for later already, and this route would make it wait, too; one without a wait brings the end
/// forward.
const SCHEDULED: &str = "route.closed.scheduled";
/// The payer did not sign it, and this route is for what the payer signed.
const SYSTEM_DEFAULT: &str = "route.closed.system_default";
/// Its merchant has to release it.
const MERCHANT_RELEASES: &str = "route.closed.merchant_releases";
/// Nobody has to release it.
const NO_RELEASE_NEEDED: &str = "route.closed.no_release_needed";

/// What the routes to a mandate's end depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject {
    /// Where it stands.
    pub state: MandateState,
    /// Where it is used.
    pub channel: Channel,
    /// Who agreed to it.
    pub enrolment: EnrolmentKind,
    /// Whether a linked subscription renews itself.
    pub auto_renewal: bool,
}

/// One way to the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// The definition's name.
    pub definition: String,
    /// Why it cannot be taken: one of [`CLOSED_REASONS`]; absent where it can.
    pub closed: Option<&'static str>,
    /// How many steps the payer will count, as far as is known now.
    pub steps: usize,
    /// The wait between the last step and the end, as the policy writes it (`PT24H`, `P3BD`); absent: none.
    pub effective: Option<String>,
    /// When it would be over if the last step were done now.
    pub effective_at: Timestamp,
    /// The factors that it asks for, in sequence.
    pub factors: Vec<FactorKind>,
}

/// What conditions may ask about the mandates of a run. A bank confirms one alone: of several, each that needs it has a
/// run of its own.
#[must_use]
pub fn facts(subjects: &[Subject]) -> BTreeMap<String, Quantity> {
    let any = |holds: fn(&Subject) -> bool| subjects.iter().any(holds);
    let facts = [
        ("auto_renewal", any(|subject| subject.auto_renewal)),
        (
            "bank_channel",
            matches!(subjects, [one] if one.channel == Channel::Bank),
        ),
        ("mini_program", any(|subject| subject.channel == Channel::MiniProgram)),
        (
            "system_default",
            any(|subject| subject.enrolment == EnrolmentKind::SystemDefault),
        ),
    ];
    facts
        .into_iter()
        .map(|(name, holds)| (name.to_owned(), Quantity::from(holds)))
        .collect()
}

/// Every route: the open ones first, and among them the one that leaves least to others and ends soonest.
///
/// `facts` are those of the payer's whereabouts; those of the mandate are added.
///
/// # Errors
/// [`Refused::Contradiction`] where the policy lacks a value; a loaded bundle never does.
pub fn routes(
    policy: &Policy,
    subject: &Subject,
    facts: &BTreeMap<String, Quantity>,
    now: Timestamp,
) -> Result<Vec<Route>, Refused> {
    let mut facts = facts.clone();
    facts.extend(self::facts(std::slice::from_ref(subject)));
    let mut ranked = Vec::new();
    for (name, definition) in policy.definitions().filter(|(_, definition)| is_route(definition)) {
        let route = route(policy, name, definition, subject, &facts, now)?;
        ranked.push((rank(definition, subject, &route), route));
    }
    ranked.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(ranked.into_iter().map(|(_, route)| route).collect())
}

/// Why a definition is closed for this mandate; nothing where it is open, or is no route of the payer's at all.
#[must_use]
pub fn closed(policy: &Policy, definition: &FlowDefinition, subject: &Subject) -> Option<&'static str> {
    if !is_route(definition) {
        return None;
    }
    match subject.state {
        MandateState::Revoking | MandateState::Ended | MandateState::Rejected => return Some(ENDED),
        MandateState::RevocationScheduled if waits(policy, definition) => return Some(SCHEDULED),
        _ => {}
    }
    if subject.enrolment == EnrolmentKind::SystemDefault && !takes_system_default(policy, definition) {
        return Some(SYSTEM_DEFAULT);
    }
    match (subject.channel, asks_merchant(definition), deciders(definition)) {
        (Channel::MiniProgram, false, 0) => Some(MERCHANT_RELEASES),
        (Channel::MiniProgram, ..) | (_, false, _) => None,
        (_, true, _) => Some(NO_RELEASE_NEEDED),
    }
}

/// Whether it is a way to the end that the payer can begin: the gateway's own runs begin without anybody.
#[must_use]
pub fn is_route(definition: &FlowDefinition) -> bool {
    definition.effect == FlowEffect::Destroy && definition.steps.first().is_some_and(Step::asks_payer)
}

/// Whether time passes between the last step and the end; a route without a wait brings a scheduled end forward.
#[must_use]
pub fn waits(policy: &Policy, definition: &FlowDefinition) -> bool {
    let Some(key) = &definition.effective else {
        return false;
    };
    Timestamp::from_unix(0).is_ok_and(|start| policy.moment(key, start).is_ok_and(|end| end > start))
}

/// A route names the kinds of enrolment that it is for, as the loader saw to; one that names none is for all.
fn takes_system_default(policy: &Policy, definition: &FlowDefinition) -> bool {
    let Some(key) = &definition.enrolment else {
        return true;
    };
    policy
        .enrolment_kinds(key)
        .is_ok_and(|kinds| kinds.contains(&EnrolmentKind::SystemDefault))
}

fn asks_merchant(definition: &FlowDefinition) -> bool {
    definition
        .all_steps()
        .any(|step| matches!(&step.kind, StepKind::External(external) if external.party == Party::Merchant))
}

/// How many people decide beside the payer and the payer's bank.
fn deciders(definition: &FlowDefinition) -> usize {
    let decides = |step: &&Step| match &step.kind {
        StepKind::Review(_) => true,
        StepKind::External(external) => external.party == Party::Merchant,
        _ => false,
    };
    definition.all_steps().filter(decides).count()
}

fn route(
    policy: &Policy,
    name: &str,
    definition: &FlowDefinition,
    subject: &Subject,
    facts: &BTreeMap<String, Quantity>,
    now: Timestamp,
) -> Result<Route, Refused> {
    let mut steps = 0;
    let mut factors = Vec::new();
    for step in &definition.steps {
        let stands = match (&step.insert_if, &step.skip_if) {
            (Some(condition), _) if !holds(policy, facts, condition)? => false,
            (_, Some(condition)) => !holds(policy, facts, condition)?,
            _ => true,
        };
        if stands && step.counts() {
            steps += 1;
            if let StepKind::Factor(factor) = step.kind {
                factors.push(factor);
            }
        }
    }
    let effective_at = match &definition.effective {
        Some(key) => policy.moment(key, now).map_err(|_| Refused::Contradiction)?,
        None => now,
    };
    let effective = definition.effective.as_ref().and_then(|key| policy.text(key).ok());
    Ok(Route {
        definition: name.to_owned(),
        closed: closed(policy, definition, subject),
        steps,
        effective: effective.filter(|_| effective_at > now).map(str::to_owned),
        effective_at,
        factors,
    })
}

/// Smaller is better. A report against the merchant is the last resort, its release of a mini-program the first.
fn rank(definition: &FlowDefinition, subject: &Subject, route: &Route) -> impl Ord + use<> {
    let releases = subject.channel == Channel::MiniProgram && asks_merchant(definition);
    (
        route.closed.is_some(),
        definition.cause == Some(TerminationCause::PlatformForced),
        !releases,
        deciders(definition),
        route.effective_at,
        route.steps,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::DEFAULT_BUNDLE;
    use FactorKind::{Biometric, IdDocument, Liveness, PaymentPin, SmsOtp};

    const SIGNED: Subject = Subject {
        state: MandateState::Active,
        channel: Channel::App,
        enrolment: EnrolmentKind::PayerSigned,
        auto_renewal: false,
    };

    /// A Saturday of a weekend without exchanged days.
    fn now() -> Timestamp {
        "2026-11-21T06:00:00Z".parse().unwrap()
    }

    fn resolve(subject: Subject) -> Vec<Route> {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        routes(&policy, &subject, &BTreeMap::new(), now()).unwrap()
    }

    fn open(subject: Subject) -> Vec<String> {
        let open = resolve(subject).into_iter().filter(|route| route.closed.is_none());
        open.map(|route| route.definition).collect()
    }

    fn why_closed(subject: Subject, definition: &str) -> Option<&'static str> {
        let routes = resolve(subject);
        routes
            .iter()
            .find(|route| route.definition == definition)
            .unwrap()
            .closed
    }

    //
    #[test]
    fn a_mandate_that_the_payer_signed_is_open_to_every_route_but_a_release_and_the_quick_one_is_best() {
        assert_eq!(
            open(SIGNED),
            [
                "mandate.cancel.quick",
                "mandate.cancel.service",
                "mandate.cancel.assisted",
                "mandate.cancel.forced"
            ]
        );
        assert_eq!(
            why_closed(SIGNED, "mandate.cancel.mini_program"),
            Some(NO_RELEASE_NEEDED)
        );
    }

    // R-013 R-014 R-015
    #[test]
    fn three_five_seven_steps_and_at_once_a_day_three_working_days() {
        let routes = resolve(SIGNED);
        let told: Vec<_> = routes
            .iter()
            .take(3)
            .map(|route| (route.steps, route.effective.as_deref(), route.factors.as_slice()))
            .collect();
        assert_eq!(
            told,
            [
                (3, None, [Biometric, PaymentPin].as_slice()),
                (5, Some("PT24H"), [SmsOtp, IdDocument, Biometric, PaymentPin].as_slice()),
                (7, Some("P3BD"), [Biometric, IdDocument, Liveness].as_slice()),
            ]
        );
    }

    //
    #[test]
    fn what_the_payer_did_not_sign_is_closed_to_the_quick_route_and_open_to_the_others() {
        let subject = Subject {
            enrolment: EnrolmentKind::SystemDefault,
            ..SIGNED
        };
        assert_eq!(why_closed(subject, "mandate.cancel.quick"), Some(SYSTEM_DEFAULT));
        assert_eq!(
            open(subject).first().map(String::as_str),
            Some("mandate.cancel.service")
        );
    }

    // R-030 R-032 R-034
    #[test]
    fn a_mini_program_is_released_by_its_merchant_or_ended_by_people_but_not_by_the_payer_alone() {
        let subject = Subject {
            channel: Channel::MiniProgram,
            ..SIGNED
        };
        assert_eq!(
            open(subject),
            [
                "mandate.cancel.mini_program",
                "mandate.cancel.assisted",
                "mandate.cancel.forced"
            ]
        );
        assert_eq!(why_closed(subject, "mandate.cancel.quick"), Some(MERCHANT_RELEASES));
        assert_eq!(why_closed(subject, "mandate.cancel.service"), Some(MERCHANT_RELEASES));
    }

    // R-019 R-025
    #[test]
    fn a_banks_mandate_and_a_renewing_one_have_their_own_steps_more() {
        let steps = |subject, definition: &str| {
            let routes = resolve(subject);
            let route = routes.iter().find(|route| route.definition == definition);
            route.unwrap().steps
        };
        let quick = |subject| steps(subject, "mandate.cancel.quick");
        let bank = Subject {
            channel: Channel::Bank,
            ..SIGNED
        };
        let renewing = Subject {
            auto_renewal: true,
            ..SIGNED
        };
        assert_eq!([quick(SIGNED), quick(bank), quick(renewing)], [3, 5, 4]);
        for (definition, more) in [
            ("mandate.cancel.service", 2),
            ("mandate.cancel.assisted", 2),
            ("mandate.cancel.forced", 0),
        ] {
            assert_eq!(
                steps(bank, definition),
                steps(SIGNED, definition) + more,
                "{definition}"
            );
        }
    }

    //
    #[test]
    fn what_a_bank_confirms_is_asked_of_one_mandate_and_everything_else_of_any() {
        let of = |channel| Subject { channel, ..SIGNED };
        let renewing = Subject {
            auto_renewal: true,
            enrolment: EnrolmentKind::SystemDefault,
            ..of(Channel::MiniProgram)
        };
        let holding = |subjects: &[Subject]| -> Vec<String> {
            let held = facts(subjects).into_iter().filter(|(_, fact)| *fact == Quantity::ONE);
            held.map(|(name, _)| name).collect()
        };
        assert_eq!(holding(&[of(Channel::Bank)]), ["bank_channel"]);
        assert_eq!(holding(&[of(Channel::Bank), of(Channel::Bank)]), [""; 0]);
        let others = ["auto_renewal", "mini_program", "system_default"];
        assert_eq!(holding(&[of(Channel::Bank), renewing]), others);
        assert_eq!(holding(&[]), [""; 0]);
        // Control: each that is told may be named.
        assert!(facts(&[SIGNED]).keys().all(|name| crate::facts::is_known(name)));
    }

    //
    #[test]
    fn every_live_state_has_an_open_route_and_an_ending_one_has_none() {
        for state in [
            MandateState::Provisioning,
            MandateState::Active,
            MandateState::Suspended,
        ] {
            assert!(!open(Subject { state, ..SIGNED }).is_empty(), "{state:?}");
        }
        for state in [MandateState::Revoking, MandateState::Ended, MandateState::Rejected] {
            let routes = resolve(Subject { state, ..SIGNED });
            assert!(routes.iter().all(|route| route.closed == Some(ENDED)), "{state:?}");
        }
    }

    //
    #[test]
    fn an_end_that_is_set_for_later_can_be_brought_forward_and_not_be_set_anew() {
        let subject = Subject {
            state: MandateState::RevocationScheduled,
            ..SIGNED
        };
        assert_eq!(open(subject), ["mandate.cancel.quick", "mandate.cancel.forced"]);
        assert_eq!(why_closed(subject, "mandate.cancel.service"), Some(SCHEDULED));
        assert_eq!(why_closed(subject, "mandate.cancel.assisted"), Some(SCHEDULED));
    }

    // R-050 R-052
    #[test]
    fn whereabouts_add_their_checks_to_the_ways_that_the_payer_proves_and_to_none_that_others_decide() {
        let policy = Policy::load(DEFAULT_BUNDLE).unwrap();
        let steps = |needs: &[&str]| {
            let facts = needs.iter().map(|needed| ((*needed).to_owned(), Quantity::ONE));
            let routes = routes(&policy, &SIGNED, &facts.collect(), now()).unwrap();
            let steps = routes.into_iter().map(|route| (route.definition, route.steps));
            steps.collect::<BTreeMap<_, _>>()
        };
        let (home, overseas, high_risk) = (
            steps(&[]),
            steps(&["needs_passport", "needs_foreign_phone_otp"]),
            steps(&["needs_video_verification", "needs_handheld_id_photo"]),
        );
        for (route, more) in [
            ("mandate.cancel.quick", 2),
            ("mandate.cancel.service", 2),
            ("mandate.cancel.assisted", 2),
            ("mandate.cancel.mini_program", 0),
            ("mandate.cancel.forced", 0),
        ] {
            assert_eq!(overseas[route], home[route] + more, "{route}");
            assert_eq!(high_risk[route], home[route] + more, "{route}");
        }
        assert_eq!(home.len(), 5, "every route is named");
    }
}
