//! Every misbehaviour that the lying gateway knows, with what should catch it.

use quittance_wallet::{DisputeReason, ErrorKind};

/// What becomes of a lie at the phone of its payer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Catch {
    /// The phone says that it does not accept what it was told, and why.
    Disputed(DisputeReason),
    /// The phone says that the log is not one growing log, and keeps both checkpoints.
    Convicted,
    /// As [`Catch::Convicted`], and the two notes alone convict the log's key.
    Forked,
    /// Nothing is taken from it: the order stays open, and closes once the truth arrives.
    Pending,
    /// The answer is refused with an error that asks for this reaction. What is true of the order counts all the same.
    Refused(ErrorKind),
    /// What the phone knows by itself stands, and the truth closes the order.
    Outlived,
    /// The phone says that the gateway alone closed it, and no more.
    OneSided,
    /// The phone tells its payer which of their receipts it contradicts.
    Contradicted,
    /// A single phone cannot tell; this is who can.
    Elsewhere(&'static str),
}

/// Declares the lies once: name, what it does, what catches it.
macro_rules! lies {
    ($($variant:ident = $name:literal, $does:literal, $caught:expr;)*) => {
        /// What it lies about.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, clap::ValueEnum)]
        pub enum Lie {
            $(#[doc = $does] #[value(name = $name)] $variant,)*
        }

        impl Lie {
            /// Every lie.
            pub const ALL: &'static [Lie] = &[$(Lie::$variant,)*];

            /// Its name on a command line.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in one sentence.
            #[must_use]
            pub const fn does(self) -> &'static str {
                match self { $(Self::$variant => $does,)* }
            }

            /// What should come of it at the phone.
            #[must_use]
            pub const fn caught(self) -> Catch {
                match self { $(Self::$variant => $caught,)* }
            }
        }
    };
}

lies! {
    // Closures: logged, rightly proved, and about something else.
    WrongToken = "wrong-token",
        "The closure is logged and proved, and names another token.",
        Catch::Disputed(DisputeReason::OtherToken);
    WrongMandate = "wrong-mandate",
        "The closure is logged and proved, and names another mandate.",
        Catch::Disputed(DisputeReason::OtherToken);
    WrongOrder = "wrong-order",
        "The closure is logged and proved, and names another order.",
        Catch::Disputed(DisputeReason::OtherOrder);
    WrongNonce = "wrong-nonce",
        "The closure is logged and proved, and carries another nonce.",
        Catch::Disputed(DisputeReason::OtherNonce);
    WrongCause = "wrong-cause",
        "The closure says that the merchant ended it.",
        Catch::Disputed(DisputeReason::OtherIntent);
    NoIntent = "no-intent",
        "The closure leaves out the wish of its payer.",
        Catch::Disputed(DisputeReason::OtherIntent);
    WrongPolicy = "wrong-policy",
        "The closure is pinned to another policy than its order.",
        Catch::Disputed(DisputeReason::OtherPolicy);
    RiskUntouched = "risk-untouched",
        "The closure says that the risk rating was not renewed.",
        Catch::Disputed(DisputeReason::RiskNotRefreshed);
    PhoneUnheard = "phone-unheard",
        "The closure claims both sides without a statement of the phone.",
        Catch::Disputed(DisputeReason::OwnAttestationMissing);
    IntentTwice = "intent-twice",
        "The closure passes the wish off as the phone's statement of its destruction.",
        Catch::Disputed(DisputeReason::OwnAttestationMissing);
    MomentMoved = "moment-moved",
        "The closure takes effect a day later than its order.",
        Catch::Disputed(DisputeReason::OtherOrder);
    OneSided = "one-sided",
        "The closure denies that the phone ever answered.",
        Catch::OneSided;
    LevelRaised = "level-raised",
        "The closure raises the evidence level of software keys to E2.",
        Catch::Elsewhere("whoever asks the payer for the attestation chain behind the level: there is none");
    FutureTime = "future-time",
        "The closure is dated ten years ahead.",
        Catch::Elsewhere("any reader of the log: an entry is dated ahead of every clock but the gateway's");

    // The gateway's own destruction.
    ProbeOpens = "probe-opens",
        "The logged destruction says that the old key still opens the half.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    DestroyedOtherToken = "destroyed-other-token",
        "The logged destruction is of another token.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    DestroyedOtherOrder = "destroyed-other-order",
        "The logged destruction is for another order.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    EpochStands = "epoch-stands",
        "The logged destruction did not move the vault's epoch.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    StillAuthorizes = "still-authorizes",
        "The logged destruction says that a charge would still pass.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    PastTime = "past-time",
        "The closure is dated before the destruction that it speaks of.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    DestroyedFirst = "destroyed-first",
        "The destruction is dated before the order that asked for it.",
        Catch::Disputed(DisputeReason::DestroyedMismatch);
    NoDestruction = "no-destruction",
        "There is a closure, and no statement of the gateway's destruction.",
        Catch::Disputed(DisputeReason::DestroyedNotLogged);
    DestroyedUnlogged = "destroyed-unlogged",
        "The gateway's statement of its destruction was never logged.",
        Catch::Disputed(DisputeReason::DestroyedNotLogged);
    OtherDestruction = "other-destruction",
        "The closure names another destruction than the one that is shown.",
        Catch::Disputed(DisputeReason::DestroyedNotLogged);

    // The receipt's proof.
    Unlogged = "unlogged",
        "The closure's entry is not in the public log.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    OldKey = "old-key",
        "The receipt is signed with another key under the log's own name.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    UnknownKey = "unknown-key",
        "The receipt is signed by somebody that the phone does not know.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    OtherOrigin = "other-origin",
        "The receipt's checkpoint is of a log with another origin.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    Unsigned = "unsigned",
        "The receipt's checkpoint has no signature.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    OtherIndex = "other-index",
        "The receipt points to another leaf of the log.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    OtherCheckpoint = "other-checkpoint",
        "The receipt's proof belongs to another checkpoint.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    CutProof = "cut-proof",
        "The receipt's proof lacks its last hash.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    NotAClosure = "not-a-closure",
        "The receipt proves the order's entry in place of a closure.",
        Catch::Disputed(DisputeReason::ReceiptNotLogged);
    ReceiptOfAnother = "receipt-of-another",
        "The receipt of an earlier order of somebody else is handed out again.",
        Catch::Disputed(DisputeReason::OtherOrder);
    AnnexOfAnother = "annex-of-another",
        "The receipt comes with the annex of somebody else's.",
        Catch::Disputed(DisputeReason::AnnexMismatch);
    WrongSalt = "wrong-salt",
        "The annex has another salt, so that nobody can open the entry.",
        Catch::Disputed(DisputeReason::AnnexMismatch);
    MissingStatement = "missing-statement",
        "The annex lacks a statement that the closure names.",
        Catch::Disputed(DisputeReason::AnnexMismatch);
    ForeignSignature = "foreign-signature",
        "A statement in the annex has the signature of another one.",
        Catch::Disputed(DisputeReason::AnnexMismatch);

    // The order.
    OrderUnlogged = "order-unlogged",
        "The order's entry is not in the public log.",
        Catch::Disputed(DisputeReason::OrderNotLogged);
    TwoNonces = "two-nonces",
        "The order asks for another nonce than its log entry.",
        Catch::Disputed(DisputeReason::OrderNotLogged);
    OrderOtherToken = "order-other-token",
        "The logged order is for another token of the mandate.",
        Catch::Disputed(DisputeReason::OrderMismatch);
    OrderNobodyAsked = "order-nobody-asked",
        "The logged order stands on a cause that is not so.",
        Catch::Disputed(DisputeReason::OrderMismatch);
    OrderOtherIntent = "order-other-intent",
        "The logged order stands on a wish that this phone never signed.",
        Catch::Disputed(DisputeReason::OrderMismatch);
    OrderNamedAsToken = "order-named-as-token",
        "The order bears the id of a token whose consent was refused, which the phone has ended.",
        Catch::Pending;
    UndoneByNobody = "undone-by-nobody",
        "The order is said to be taken back, which nobody did.",
        Catch::Disputed(DisputeReason::OrderMismatch);
    NeverEffective = "never-effective",
        "The logged order takes effect in ten years.",
        Catch::Pending;

    // The log.
    Shrunk = "shrunk",
        "The log that proves the closure has lost its first entry.",
        Catch::Convicted;
    Rewritten = "rewritten",
        "The log that proves the closure has another first entry.",
        Catch::Convicted;
    Split = "split",
        "The closure stands in a second log of the very size that the phone saw before.",
        Catch::Forked;
    NoConsistency = "no-consistency",
        "The log does not show that it only grew.",
        Catch::Convicted;
    SplitView = "split-view",
        "The closure stands in a log that only this phone is shown.",
        Catch::Elsewhere("another phone, or a monitor: two checkpoints that are not of one growing log");

    // Reconciliation.
    OtherToken = "other-token",
        "The list of mandates names another token for one of them.",
        Catch::Refused(ErrorKind::UpdateApp);
    Revived = "revived",
        "The list of mandates says that the ended one is active and held by nobody.",
        Catch::Outlived;
    Stranger = "stranger",
        "The list of mandates has one that this phone never signed.",
        Catch::Outlived;
    OtherAccount = "other-account",
        "The phone is said to belong to another account.",
        Catch::Outlived;
    ClockAhead = "clock-ahead",
        "The gateway's clock is told ten years ahead.",
        Catch::Outlived;
    ChargedAfter = "charged-after",
        "A charge is accepted after the destruction.",
        Catch::Contradicted;
    Orphaned = "orphaned",
        "A living token is said to be unknown, so that the phone ends its half.",
        Catch::Elsewhere("the payer, who is told that the mandate ended without an order: there is no receipt of it");

    // The rules.
    PolicyOlder = "policy-older",
        "The rules are those of an older version.",
        Catch::Refused(ErrorKind::UpdateApp);
    PolicyOtherAuthor = "policy-other-author",
        "The rules are signed by another author.",
        Catch::Refused(ErrorKind::Alarm);
    PolicyUnlogged = "policy-unlogged",
        "The rules are newer, and not in the log.",
        Catch::Refused(ErrorKind::Alarm);
    PolicyTwice = "policy-twice",
        "The rules have the version that is known, and say something else.",
        Catch::Refused(ErrorKind::Alarm);

    // Answers about orders, as they travel.
    Dropped = "dropped",
        "Answers about orders never arrive.",
        Catch::Pending;
    Ignored = "ignored",
        "What ends a mandate is not carried out, and not answered.",
        Catch::Pending;
    Late = "late",
        "The first answer about an order is given for ever.",
        Catch::Pending;
    Swapped = "swapped",
        "An answer about an order is the one to the request before.",
        Catch::Refused(ErrorKind::UpdateApp);
    Duplicated = "duplicated",
        "Each statement is carried out twice.",
        Catch::Outlived;
    Empty = "empty",
        "Answers about orders are empty.",
        Catch::Pending;
    Html = "html",
        "Answers about orders are a web page.",
        Catch::Pending;
    Oversize = "oversize",
        "Answers about orders have nine megabytes.",
        Catch::Pending;
    Truncated = "truncated",
        "Answers about orders end in the middle.",
        Catch::Pending;
    DoubleMember = "double-member",
        "Answers about orders say a member twice.",
        Catch::Pending;
    UnknownMember = "unknown-member",
        "Answers about orders have a member that nobody knows.",
        Catch::Outlived;
    Redirect = "redirect",
        "Answers about orders send the phone elsewhere.",
        Catch::Pending;
    ServerError = "server-error",
        "Answers about orders are an error of the server.",
        Catch::Pending;
    Busy = "busy",
        "Answers about orders say that the gateway is busy.",
        Catch::Pending;
    IntentRefused = "intent-refused",
        "The wish to end a mandate is carried out, and said to be refused.",
        Catch::Outlived;
    AttestationRefused = "attestation-refused",
        "The phone's statement is taken, and said to be refused.",
        Catch::Pending;
    OrderForgotten = "order-forgotten",
        "The order is answered to the wish, and not known ever after.",
        Catch::Pending;
}

impl Lie {
    /// Whether it takes the receipt of an earlier order to tell it.
    #[must_use]
    pub const fn needs_another(self) -> bool {
        matches!(self, Self::ReceiptOfAnother | Self::AnnexOfAnother)
    }

    /// Whether it takes a mandate that the payer signs while it is told.
    #[must_use]
    pub const fn needs_a_consent(self) -> bool {
        matches!(self, Self::OrderNamedAsToken)
    }

    /// Whether it puts an entry into the log that it shows. The honest log convicts it later.
    #[must_use]
    pub const fn is_logged(self) -> bool {
        matches!(
            self,
            Self::WrongToken
                | Self::WrongMandate
                | Self::WrongOrder
                | Self::WrongNonce
                | Self::WrongCause
                | Self::NoIntent
                | Self::WrongPolicy
                | Self::RiskUntouched
                | Self::PhoneUnheard
                | Self::IntentTwice
                | Self::MomentMoved
                | Self::OneSided
                | Self::LevelRaised
                | Self::FutureTime
                | Self::ProbeOpens
                | Self::DestroyedOtherToken
                | Self::DestroyedOtherOrder
                | Self::EpochStands
                | Self::StillAuthorizes
                | Self::PastTime
                | Self::DestroyedFirst
                | Self::OtherDestruction
                | Self::OrderOtherToken
                | Self::OrderNobodyAsked
                | Self::OrderOtherIntent
                | Self::OrderNamedAsToken
                | Self::NeverEffective
                | Self::SplitView
        )
    }
}
