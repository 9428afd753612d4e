//! The security centre as a screen shows it: what stops charges, the account's devices, the check-up.

use crate::convert::{all, moment, same_variants_out};
use crate::error::WalletError;
use crate::ports::{KeyAlias, KeyStoreKind};
use crate::records::EvidenceLevel;
use crate::stopping::Stopping;
use crate::text::PromptText;
use crate::wallet::Wallet;
use quittance_protocol as protocol;
use quittance_wallet as inner;
use std::time::SystemTime;

/// What the platform alone knows of the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct PhoneFacts {
    /// Whether the phone has a screen lock.
    pub screen_lock: bool,
    /// Whether a finger or a face is set up that may sign.
    pub biometrics: bool,
}

/// What the payer sees of the wallet's safety.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SecurityCentre {
    /// The account.
    pub account: String,
    /// The safety lock, with the stop instructions in force.
    pub stopping: Stopping,
    /// The account's devices. In this version an account has one: this phone.
    pub devices: Vec<AccountDevice>,
    /// What is worth a look: every group, also where nothing was found in it.
    pub checkup: Vec<CheckupPart>,
}

/// One device of the account.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AccountDevice {
    /// The device.
    pub device: String,
    /// Whether it is this phone.
    pub this_phone: bool,
    /// What its keystore says of itself.
    pub key_store: KeyStoreKind,
    /// What the gateway makes of its keys, as it last told.
    pub evidence_level: EvidenceLevel,
    /// Why that is not a higher level, key by key; empty at the highest, or where the gateway gave no reasons.
    pub reasons: Vec<WeakEvidence>,
    /// What verified hardware said of its keys.
    pub attested: Vec<AttestedKey>,
    /// When it was first enrolled; absent where neither side noted it.
    pub enrolled_since: Option<SystemTime>,
    /// When the gateway last heard of it.
    pub last_seen: Option<SystemTime>,
}

/// One reason why the evidence is not stronger.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct WeakEvidence {
    /// Which key it is about.
    pub key: KeyAlias,
    /// What its certificate chain lacks.
    pub reason: EvidenceReason,
    /// The highest level that a key with this reason can have.
    pub at_most: EvidenceLevel,
    /// The same in words.
    pub says: PromptText,
}

/// One thing that a key's certificate chain lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum EvidenceReason {
    /// The phone brought no chain for this key.
    NoChain,
    /// The first certificate says nothing about how its key is kept.
    NoStatement,
    /// The chain ends in a root that is not pinned.
    ForeignRoot,
    /// A certificate of the chain stands on the revocation list.
    Revoked,
    /// A certificate signed another without being a certificate authority's.
    IssuerNotAuthority,
    /// The chain was made in software.
    AttestedInSoftware,
    /// The key is kept in software.
    KeptInSoftware,
    /// The hardware does not say that it made the key itself.
    NotGenerated,
    /// A certificate between leaf and root is past its dates.
    Expired,
    /// A certificate between leaf and root is before its dates.
    NotYetValid,
    /// The chain answers another challenge than this enrolment's nonce.
    ChallengeDiffers,
    /// The hardware does not say what it booted.
    BootUnknown,
    /// The phone's boot loader is unlocked.
    DeviceUnlocked,
    /// The system that booted is signed by its owner's key, not by its maker's.
    BootSelfSigned,
    /// The system that booted was not verified, or failed.
    BootNotVerified,
    /// The hardware does not hold the key to signing alone.
    PurposeNotSigning,
    /// The hardware does not call the key an ECDSA key on P-256.
    NotP256,
    /// The hardware lets the key sign without asking anybody.
    AuthMissing,
    /// The hardware takes another proof than the one that this key stands for.
    AuthOtherKind,
    /// The hardware lets the key sign for a time after one proof, not once for each.
    AuthNotPerUse,
    /// A reason that this version does not know.
    Unrecognised,
}

/// What verified hardware said of one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Record)]
pub struct AttestedKey {
    /// The key.
    pub key: KeyAlias,
    /// Where it is kept.
    pub kept_in: KeptIn,
    /// Whether the hardware says that the key cannot be brought back once it is deleted.
    pub rollback_resistant: bool,
}

/// Where a key is kept, from the weakest to the strongest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum KeptIn {
    /// In the system's own memory.
    Software,
    /// In an area of the processor that the system does not reach.
    TrustedEnvironment,
    /// In a chip of its own.
    StrongBox,
}

/// One group of the check-up.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckupPart {
    /// Which.
    pub group: CheckupGroup,
    /// Its name in words.
    pub name: PromptText,
    /// What is worth a look, worst first; empty where there is nothing to do.
    pub findings: Vec<CheckupFinding>,
}

/// What a finding puts at risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CheckupGroup {
    /// Money: what can charge, and whether its end is certain.
    Payment,
    /// What the wallet runs on: the phone's system, and how it tells who holds it.
    LoginEnvironment,
    /// The account: who else could act in it, and whether its owner could get back in.
    AccountTheft,
    /// What somebody who holds the phone could read.
    PrivacyLeak,
}

/// One thing that is worth a look.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct CheckupFinding {
    /// What was found.
    pub kind: FindingKind,
    /// The same in words.
    pub says: PromptText,
    /// What can be done about it; absent where nothing can, but to know it.
    pub remedy: Option<CheckupRemedy>,
}

/// What the check-up can find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum FindingKind {
    /// Permissions were switched on without the payer.
    SwitchedOnUnasked {
        /// How many.
        count: u32,
    },
    /// Of these permissions the gateway told nothing for longer than the policy allows.
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
    /// The public record contradicted itself; see `Wallet.logEvidence`.
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

/// What the payer can do about a finding: the button beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum CheckupRemedy {
    /// Choose the lock's password: `Wallet.setLockPassword`.
    SetLockPassword,
    /// Open the phone's own settings.
    OpenPhoneSettings,
    /// Look at the permissions.
    SeePermissions,
    /// Look at the ways back to a forgotten PIN.
    SeeRecovery,
    /// Contact the gateway now: `Wallet.sync`.
    Sync,
    /// Stop what this phone allowed, then set it up anew: *Keys that are gone* of the guide to an app's life.
    SetUpAgain,
    /// Ask the people behind the service.
    ContactSupport,
}

#[uniffi::export]
impl Wallet {
    /// The security centre, without a network: what stops charges, the account's devices, the check-up in its groups.
    /// `phone` is what the platform alone knows; which of it is worth a look is decided here. Throws `NotEnrolled`.
    pub async fn security(&self, phone: PhoneFacts) -> Result<SecurityCentre, WalletError> {
        Ok(self.look(move |wallet| wallet.security(phone.into())).await?.into())
    }
}

same_variants_out!(
    EvidenceReason = protocol::evidence::EvidenceReason {
        NoChain,
        NoStatement,
        ForeignRoot,
        Revoked,
        IssuerNotAuthority,
        AttestedInSoftware,
        KeptInSoftware,
        NotGenerated,
        Expired,
        NotYetValid,
        ChallengeDiffers,
        BootUnknown,
        DeviceUnlocked,
        BootSelfSigned,
        BootNotVerified,
        PurposeNotSigning,
        NotP256,
        AuthMissing,
        AuthOtherKind,
        AuthNotPerUse,
        Unrecognised
    }
);
same_variants_out!(
    KeyAlias = protocol::evidence::EvidenceKey {
        Device,
        Biometric,
        Passcode
    }
);
same_variants_out!(
    KeptIn = protocol::answer::KeptIn {
        Software,
        TrustedEnvironment,
        StrongBox
    }
);
same_variants_out!(
    CheckupGroup = quittance_flows::policy::CheckupGroup {
        Payment,
        LoginEnvironment,
        AccountTheft,
        PrivacyLeak
    }
);
same_variants_out!(
    FindingKind = inner::Finding {
        SwitchedOnUnasked { count },
        Stale { count },
        EndRefused { count },
        EndDisputed { count },
        RecordContradicts,
        SystemNotVerified,
        ClockFarOff { hours },
        NoBiometrics,
        Quarantined,
        LockedByItself,
        NoLockPassword,
        NoWayBack,
        NoScreenLock,
        KeysInSoftware
    }
);
same_variants_out!(
    CheckupRemedy = inner::Remedy {
        SetLockPassword,
        OpenPhoneSettings,
        SeePermissions,
        SeeRecovery,
        Sync,
        SetUpAgain,
        ContactSupport
    }
);

impl From<PhoneFacts> for inner::PhoneFacts {
    fn from(facts: PhoneFacts) -> Self {
        Self {
            screen_lock: facts.screen_lock,
            biometrics: facts.biometrics,
        }
    }
}

impl From<inner::SecurityView> for SecurityCentre {
    fn from(view: inner::SecurityView) -> Self {
        Self {
            account: view.account.to_string(),
            stopping: view.stopping.into(),
            devices: all(view.devices),
            checkup: all(view.checkup),
        }
    }
}

impl From<inner::DeviceView> for AccountDevice {
    fn from(view: inner::DeviceView) -> Self {
        Self {
            device: view.device.to_string(),
            this_phone: view.this_phone,
            key_store: view.key_store.into(),
            evidence_level: view.evidence_level.into(),
            reasons: all(view.reasons),
            attested: all(view.attested),
            enrolled_since: view.enrolled_since.map(moment),
            last_seen: view.last_seen.map(moment),
        }
    }
}

impl From<inner::EvidenceReasonView> for WeakEvidence {
    fn from(view: inner::EvidenceReasonView) -> Self {
        Self {
            key: view.finding.key.into(),
            reason: view.finding.reason.into(),
            at_most: view.at_most.into(),
            says: view.says.into(),
        }
    }
}

impl From<protocol::answer::AttestedKey> for AttestedKey {
    fn from(attested: protocol::answer::AttestedKey) -> Self {
        Self {
            key: attested.key.into(),
            kept_in: attested.kept_in.into(),
            rollback_resistant: attested.rollback_resistant,
        }
    }
}

impl From<inner::CheckupGroupView> for CheckupPart {
    fn from(view: inner::CheckupGroupView) -> Self {
        Self {
            group: view.group.into(),
            name: view.name.into(),
            findings: all(view.findings),
        }
    }
}

impl From<inner::FindingView> for CheckupFinding {
    fn from(view: inner::FindingView) -> Self {
        Self {
            kind: view.finding.into(),
            says: view.says.into(),
            remedy: view.remedy.map(Into::into),
        }
    }
}
