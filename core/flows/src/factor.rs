//! What can be proved, and who may say that it was.

use quittance_protocol::flow_event::Author;
use serde::{Deserialize, Serialize};

macro_rules! factors {
    ($($(#[$doc:meta])* $kind:ident = $name:literal by $input:ident;)*) => {
        /// What can be proved (domain 9). Category and strength of each stand in the policy, `factor.kinds`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum FactorKind {
            $($(#[$doc])* $kind,)*
        }

        impl FactorKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// The name in policy and texts.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// What the payer has to give.
            #[must_use]
            pub const fn input(self) -> FactorInput {
                match self { $(Self::$kind => FactorInput::$input,)* }
            }
        }
    };
}

/// What the payer gives to prove a factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorInput {
    /// A signature by a hardware key, after the platform's own prompt.
    HardwareKey,
    /// A secret that stays on the phone, by OPAQUE.
    Secret,
    /// A code that was sent or is shown elsewhere.
    Code,
    /// Images or a recording, judged by a vendor.
    Evidence,
    /// Text fields.
    Entries,
    /// Nothing: a source is asked.
    Nothing,
}

factors! {
    /// A signature by the biometric key.
    Biometric = "biometric" by HardwareKey;
    /// A signature by the passcode key: the lock screen.
    DevicePasscode = "device_passcode" by HardwareKey;
    /// The payment PIN.
    PaymentPin = "payment_pin" by Secret;
    /// The safety lock's own password.
    LockPassword = "lock_password" by Secret;
    /// A code sent to the account's number.
    SmsOtp = "sms_otp" by Code;
    /// A code sent to the number that is bound to this phone.
    BoundPhoneOtp = "bound_phone_otp" by Code;
    /// A code sent to a number abroad.
    ForeignPhoneOtp = "foreign_phone_otp" by Code;
    /// A code for a change of the agreement.
    DynamicPasscode = "dynamic_passcode" by Code;
    /// Both sides of the identity document.
    IdDocument = "id_document" by Evidence;
    /// The passport's data page.
    Passport = "passport" by Evidence;
    /// A bill or letter with the address.
    ProofOfAddress = "proof_of_address" by Evidence;
    /// The payer holding the document.
    HandheldIdPhoto = "handheld_id_photo" by Evidence;
    /// That somebody is the guardian of somebody.
    GuardianshipProof = "guardianship_proof" by Evidence;
    /// A recording that shows a living person.
    Liveness = "liveness" by Evidence;
    /// A recording of gestures that were asked for.
    GestureVideo = "gesture_video" by Evidence;
    /// A conversation by video.
    VideoVerification = "video_verification" by Evidence;
    /// The public-security source knows this person.
    IdDatabaseMatch = "id_database_match" by Nothing;
    /// Elements of a bank card.
    BankCardElements = "bank_card_elements" by Entries;
}

/// The elements of a bank card that are asked for, in sequence; each has a text of its own.
pub const CARD_ELEMENTS: [&str; 2] = ["number", "phone"];

impl FactorKind {
    /// Who sees the proof first, and so may say that it holds.
    #[must_use]
    pub const fn author(self) -> Author {
        match self.input() {
            FactorInput::HardwareKey => Author::Phone,
            _ => Author::Gateway,
        }
    }

    /// Whether the payer has to do something.
    #[must_use]
    pub const fn asks_payer(self) -> bool {
        !matches!(self.input(), FactorInput::Nothing)
    }
}
