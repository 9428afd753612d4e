//! The check-up: which findings are raised by which facts, in the groups of the policy.

use crate::text::{Text, TextArgument};
use quittance_flows::policy::CheckupGroup;
use quittance_protocol::evidence::EvidenceReason;

/// How many seconds the phone's clock may be off before the payer is told: until then every moment is shown in the right
/// hour or the next to it, and a slow answer is not taken for a wrong clock.
const CLOCK_FAR_OFF: u64 = SECONDS_OF_AN_HOUR;

const SECONDS_OF_AN_HOUR: u64 = 3600;

/// What the platform alone knows of the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhoneFacts {
    /// Whether the phone has a screen lock.
    pub screen_lock: bool,
    /// Whether a finger or a face is set up that may sign.
    pub biometrics: bool,
}

/// Everything that a finding can rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CheckupFacts {
    /// What the platform says.
    pub(crate) phone: PhoneFacts,
    /// How many seconds the phone's clock was off at the gateway's last answer.
    pub(crate) clock_off_by: u64,
    /// Whether the keystore calls itself software.
    pub(crate) keys_in_software: bool,
    /// Why the gateway believes no more of the keys.
    pub(crate) evidence: Vec<EvidenceReason>,
    /// Whether the gateway takes no payment from this phone, because another one speaks with the same keys.
    pub(crate) quarantined: bool,
    /// Whether the lock has a password of its own.
    pub(crate) lock_password_set: bool,
    /// Whether the lock went on without the payer.
    pub(crate) locked_by_itself: bool,
    /// Living permissions that the payer did not switch on.
    pub(crate) switched_on_unasked: u32,
    /// Living permissions of which the gateway told nothing for too long.
    pub(crate) stale: u32,
    /// Permissions whose end the gateway refused to order.
    pub(crate) ends_refused: u32,
    /// Ends of which the gateway's word is not believed.
    pub(crate) ends_disputed: u32,
    /// Pairs of checkpoints that contradict each other.
    pub(crate) contradictions: u32,
    /// Ways back to a forgotten PIN that are ready; absent where the gateway never told.
    pub(crate) ways_back: Option<u32>,
}

/// One thing that is worth a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Finding {
    /// Permissions were switched on without the payer.
    SwitchedOnUnasked {
        /// How many.
        count: u32,
    },
    /// Of these permissions the gateway told nothing for longer than `sync.max_lag`.
    Stale {
        /// How many.
        count: u32,
    },
    /// The gateway refused to order these ends; they stay held here.
    EndRefused {
        /// How many.
        count: u32,
    },
    /// What the gateway says of these ends did not pass this phone's checks.
    EndDisputed {
        /// How many.
        count: u32,
    },
    /// The public record contradicted itself; the evidence is kept.
    RecordContradicts,
    /// The phone's system is not the one that its maker signed, or its boot loader is open.
    SystemNotVerified,
    /// The phone's clock is far from the gateway's time, which alone decides: moments are shown as they are not.
    ClockFarOff {
        /// By how many hours, to the nearest.
        hours: u32,
    },
    /// No finger or face is set up, so that stopping takes more steps.
    NoBiometrics,
    /// The gateway takes no payment from this phone, because another one speaks with the same keys.
    Quarantined,
    /// Something other than the payer put the safety lock on.
    LockedByItself,
    /// The safety lock has no password, so that it cannot be ended early.
    NoLockPassword,
    /// No way back to a forgotten PIN is ready.
    NoWayBack,
    /// The phone has no screen lock.
    NoScreenLock,
    /// The phone's keys are kept in software: a copy of its storage could hold them.
    KeysInSoftware,
}

/// What the payer can do about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// Choose the lock's password.
    SetLockPassword,
    /// Open the phone's own settings.
    OpenPhoneSettings,
    /// Look at the permissions.
    SeePermissions,
    /// Look at the ways back.
    SeeRecovery,
    /// Contact the gateway now.
    Sync,
    /// Stop what this phone allowed, then set it up anew.
    SetUpAgain,
    /// Ask the people behind the service.
    ContactSupport,
}

/// A finding as a screen shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingView {
    /// What was found.
    pub finding: Finding,
    /// The same in words.
    pub says: Text,
    /// What can be done; absent where nothing can, but to know it.
    pub remedy: Option<Remedy>,
}

/// One group of the check-up; without findings there is nothing to do in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckupGroupView {
    /// Which.
    pub group: CheckupGroup,
    /// Its name in words.
    pub name: Text,
    /// What is worth a look.
    pub findings: Vec<FindingView>,
}

/// The check-up by these facts: each group in its turn, also where nothing was found in it.
pub(crate) fn checkup(facts: &CheckupFacts, groups: &[CheckupGroup]) -> Vec<CheckupGroupView> {
    let found = findings(facts);
    let of_it = |group: CheckupGroup| CheckupGroupView {
        group,
        name: Text::new(&format!("checkup.{}", group.name())),
        findings: found
            .iter()
            .filter(|finding| finding.group() == group)
            .map(|finding| finding.shown())
            .collect(),
    };
    groups.iter().copied().map(of_it).collect()
}

/// The rule: what is raised, worst first within its group.
fn findings(facts: &CheckupFacts) -> Vec<Finding> {
    use EvidenceReason::{BootNotVerified, BootSelfSigned, DeviceUnlocked};
    let mut found = Vec::new();
    let mut raise = |holds: bool, finding| {
        if holds {
            found.push(finding);
        }
    };
    let counted = |count: u32, finding: fn(u32) -> Finding| (count > 0, finding(count));
    raise(facts.contradictions > 0, Finding::RecordContradicts);
    for (holds, finding) in [
        counted(facts.ends_disputed, |count| Finding::EndDisputed { count }),
        counted(facts.ends_refused, |count| Finding::EndRefused { count }),
        counted(facts.switched_on_unasked, |count| Finding::SwitchedOnUnasked { count }),
        counted(facts.stale, |count| Finding::Stale { count }),
    ] {
        raise(holds, finding);
    }
    let changed = |reason: &EvidenceReason| matches!(reason, DeviceUnlocked | BootSelfSigned | BootNotVerified);
    raise(facts.evidence.iter().any(changed), Finding::SystemNotVerified);
    raise(
        facts.clock_off_by > CLOCK_FAR_OFF,
        Finding::ClockFarOff {
            hours: nearest_hour(facts.clock_off_by),
        },
    );
    // Without a screen lock there can be no finger: the lock comes first.
    raise(
        facts.phone.screen_lock && !facts.phone.biometrics,
        Finding::NoBiometrics,
    );
    raise(facts.quarantined, Finding::Quarantined);
    raise(facts.locked_by_itself, Finding::LockedByItself);
    raise(!facts.lock_password_set, Finding::NoLockPassword);
    raise(facts.ways_back == Some(0), Finding::NoWayBack);
    raise(!facts.phone.screen_lock, Finding::NoScreenLock);
    raise(facts.keys_in_software, Finding::KeysInSoftware);
    found
}

fn nearest_hour(seconds: u64) -> u32 {
    let hours = seconds.saturating_add(SECONDS_OF_AN_HOUR / 2) / SECONDS_OF_AN_HOUR;
    u32::try_from(hours).unwrap_or(u32::MAX)
}

/// So many hours as a reader takes them in: from two days on in whole days.
fn span(hours: u32) -> String {
    match hours {
        ..48 => format!("PT{hours}H"),
        _ => format!("P{}D", hours.saturating_add(12) / 24),
    }
}

impl Finding {
    /// What it puts at risk.
    #[must_use]
    pub const fn group(self) -> CheckupGroup {
        match self {
            Self::SwitchedOnUnasked { .. }
            | Self::Stale { .. }
            | Self::EndRefused { .. }
            | Self::EndDisputed { .. }
            | Self::RecordContradicts => CheckupGroup::Payment,
            Self::SystemNotVerified | Self::ClockFarOff { .. } | Self::NoBiometrics => CheckupGroup::LoginEnvironment,
            Self::Quarantined | Self::LockedByItself | Self::NoLockPassword | Self::NoWayBack => {
                CheckupGroup::AccountTheft
            }
            Self::NoScreenLock | Self::KeysInSoftware => CheckupGroup::PrivacyLeak,
        }
    }

    /// What the payer can do about it.
    #[must_use]
    pub const fn remedy(self) -> Option<Remedy> {
        match self {
            Self::SwitchedOnUnasked { .. } => Some(Remedy::SeePermissions),
            Self::Stale { .. } | Self::EndRefused { .. } | Self::EndDisputed { .. } => Some(Remedy::Sync),
            Self::RecordContradicts | Self::LockedByItself => Some(Remedy::ContactSupport),
            Self::ClockFarOff { .. } | Self::NoBiometrics | Self::NoScreenLock => Some(Remedy::OpenPhoneSettings),
            Self::Quarantined => Some(Remedy::SetUpAgain),
            Self::NoLockPassword => Some(Remedy::SetLockPassword),
            Self::NoWayBack => Some(Remedy::SeeRecovery),
            Self::SystemNotVerified | Self::KeysInSoftware => None,
        }
    }

    fn shown(self) -> FindingView {
        let counted = |key, count: u32| Text::new(key).with("count", TextArgument::count(count));
        let says = match self {
            Self::SwitchedOnUnasked { count } => counted("checkup.finding.switched_on_unasked", count),
            Self::Stale { count } => counted("checkup.finding.stale", count),
            Self::EndRefused { count } => counted("checkup.finding.end_refused", count),
            Self::EndDisputed { count } => counted("checkup.finding.end_disputed", count),
            Self::RecordContradicts => Text::new("checkup.finding.record_contradicts"),
            Self::SystemNotVerified => Text::new("checkup.finding.system_not_verified"),
            Self::ClockFarOff { hours } => {
                Text::new("checkup.finding.clock_far_off").with("by", TextArgument::wait(&span(hours)))
            }
            Self::NoBiometrics => Text::new("checkup.finding.no_biometrics"),
            Self::Quarantined => Text::new("checkup.finding.quarantined"),
            Self::LockedByItself => Text::new("checkup.finding.locked_by_itself"),
            Self::NoLockPassword => Text::new("checkup.finding.no_lock_password"),
            Self::NoWayBack => Text::new("checkup.finding.no_way_back"),
            Self::NoScreenLock => Text::new("checkup.finding.no_screen_lock"),
            Self::KeysInSoftware => Text::new("checkup.finding.keys_in_software"),
        };
        FindingView {
            finding: self,
            says,
            remedy: self.remedy(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::KEYS;
    use std::collections::BTreeSet;

    const FINE: CheckupFacts = CheckupFacts {
        phone: PhoneFacts {
            screen_lock: true,
            biometrics: true,
        },
        clock_off_by: CLOCK_FAR_OFF,
        keys_in_software: false,
        evidence: Vec::new(),
        quarantined: false,
        lock_password_set: true,
        locked_by_itself: false,
        switched_on_unasked: 0,
        stale: 0,
        ends_refused: 0,
        ends_disputed: 0,
        contradictions: 0,
        ways_back: None,
    };

    /// Facts of which exactly one is not as it should be, each with what it raises.
    fn one_by_one() -> Vec<(CheckupFacts, Finding)> {
        let phone = |screen_lock, biometrics| PhoneFacts {
            screen_lock,
            biometrics,
        };
        let changed = |change: fn(&mut CheckupFacts), finding| {
            let mut facts = FINE;
            change(&mut facts);
            (facts, finding)
        };
        vec![
            changed(|facts| facts.contradictions = 1, Finding::RecordContradicts),
            changed(|facts| facts.ends_disputed = 2, Finding::EndDisputed { count: 2 }),
            changed(|facts| facts.ends_refused = 3, Finding::EndRefused { count: 3 }),
            changed(
                |facts| facts.switched_on_unasked = 4,
                Finding::SwitchedOnUnasked { count: 4 },
            ),
            changed(|facts| facts.stale = 1, Finding::Stale { count: 1 }),
            changed(
                |facts| facts.evidence = vec![EvidenceReason::DeviceUnlocked],
                Finding::SystemNotVerified,
            ),
            changed(
                |facts| facts.clock_off_by = CLOCK_FAR_OFF + 1,
                Finding::ClockFarOff { hours: 1 },
            ),
            (
                CheckupFacts {
                    phone: phone(true, false),
                    ..FINE
                },
                Finding::NoBiometrics,
            ),
            changed(|facts| facts.quarantined = true, Finding::Quarantined),
            changed(|facts| facts.locked_by_itself = true, Finding::LockedByItself),
            changed(|facts| facts.lock_password_set = false, Finding::NoLockPassword),
            changed(|facts| facts.ways_back = Some(0), Finding::NoWayBack),
            (
                CheckupFacts {
                    phone: phone(false, false),
                    ..FINE
                },
                Finding::NoScreenLock,
            ),
            changed(|facts| facts.keys_in_software = true, Finding::KeysInSoftware),
        ]
    }

    //
    #[test]
    fn each_fact_raises_its_own_finding_in_one_group_and_no_other() {
        for (facts, finding) in one_by_one() {
            let groups = checkup(&facts, &CheckupGroup::ALL);
            let found: Vec<_> = groups
                .iter()
                .flat_map(|group| group.findings.iter().map(|found| (group.group, found.finding)))
                .collect();
            assert_eq!(found, [(finding.group(), finding)]);
        }
        let nothing = checkup(&FINE, &CheckupGroup::ALL);
        assert!(nothing.iter().all(|group| group.findings.is_empty()), "control");
        assert_eq!(nothing.len(), 4, "a group without findings is shown, too");
    }

    //
    #[test]
    fn the_groups_stand_in_the_sequence_of_the_policy() {
        let mut groups = CheckupGroup::ALL;
        groups.reverse();
        let shown = checkup(&FINE, &groups);
        assert_eq!(shown.iter().map(|group| group.group).collect::<Vec<_>>(), groups);
    }

    #[test]
    fn every_group_and_every_finding_has_words_and_each_group_something_to_find() {
        let mut groups = BTreeSet::new();
        for (facts, _) in one_by_one() {
            for group in checkup(&facts, &CheckupGroup::ALL) {
                assert!(KEYS.contains(&group.name.key.as_str()), "{}", group.name.key);
                for found in group.findings {
                    assert!(KEYS.contains(&found.says.key.as_str()), "{}", found.says.key);
                    groups.insert(group.group);
                }
            }
        }
        assert_eq!(groups, CheckupGroup::ALL.into());
    }

    #[test]
    fn a_clock_is_off_by_whole_hours_said_in_days_where_there_are_many() {
        let hours = |clock_off_by| findings(&CheckupFacts { clock_off_by, ..FINE });
        assert_eq!(hours(86_399), [Finding::ClockFarOff { hours: 24 }]);
        assert_eq!(hours(u64::MAX), [Finding::ClockFarOff { hours: u32::MAX }]);
        assert_eq!([span(47), span(48), span(61)], ["PT47H", "P2D", "P3D"]);
    }

    #[test]
    fn a_weaker_key_alone_says_nothing_about_the_system() {
        let facts = CheckupFacts {
            evidence: vec![EvidenceReason::NoChain, EvidenceReason::Expired],
            ways_back: Some(1),
            ..FINE
        };
        assert_eq!(findings(&facts), []);
    }
}
