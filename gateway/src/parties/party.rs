//! The names of the parties that a sandbox scripts.

use std::str::FromStr;

use super::ScriptError;

macro_rules! parties {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// One outside party, by the name that the sandbox's routes use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Party {
            $($(#[$doc])* $variant,)*
        }

        impl Party {
            /// Every party.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

parties! {
    /// Brings texts to phones.
    SmsCarrier = "sms_carrier",
    /// Knows whose name belongs to which document.
    IdentitySource = "identity_source",
    /// Knows whose a card is.
    CardNetwork = "card_network",
    /// Reads documents.
    OcrVendor = "ocr_vendor",
    /// Judges faces.
    FaceVendor = "face_vendor",
    /// Speaks with people by video.
    VideoDesk = "video_desk",
    /// The payer's bank.
    BankApp = "bank_app",
    /// Merchants who may release mandates.
    MerchantRelease = "merchant_release",
    /// Trusted contacts.
    ContactPeer = "contact_peer",
    /// Knows where an address is.
    GeoLocator = "geo_locator",
    /// Remembers settled transactions.
    TransactionHistory = "transaction_history",
    /// Brings notices to phones.
    Push = "push",
}

impl Party {
    /// All names, for people.
    pub(super) fn names() -> String {
        let names: Vec<&str> = Self::ALL.iter().map(|party| party.name()).collect();
        names.join(", ")
    }
}

impl FromStr for Party {
    type Err = ScriptError;

    fn from_str(name: &str) -> Result<Self, ScriptError> {
        let found = Self::ALL.iter().copied().find(|party| party.name() == name);
        found.ok_or(ScriptError::UnknownParty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_found_by_its_own_name_only() {
        for party in Party::ALL {
            assert_eq!(party.name().parse::<Party>().unwrap(), *party);
        }
        let error = "carrier".parse::<Party>().unwrap_err();
        assert!(matches!(error, ScriptError::UnknownParty));
        assert!(error.to_string().contains("sms_carrier, identity_source"), "{error}");
    }
}
