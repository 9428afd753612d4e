//! Identifiers: a prefix that says what is meant, then 128 random bits in lowercase hex.

use std::fmt;

/// Why a text is not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an identifier of the form {prefix}_ followed by 32 lowercase hex digits")]
pub struct InvalidId {
    /// The prefix that this kind of identifier begins with.
    pub prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 16]);

        impl $name {
            /// What the text form begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an identifier of 128 bits that the caller drew at random.
            pub const fn from_bytes(random: [u8; 16]) -> Self {
                Self(random)
            }

            /// The 128 bits behind the prefix.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), hex::encode(self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                decode(text, $prefix).map(Self)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(input)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// One payer's account at the gateway.
    AccountId = "acc";
    /// A payer's card, by the card network's name for it: opaque, nothing of it is a number of the card's.
    CardId = "crd";
    /// One use of a mandate by its merchant; the idempotency key at the card network.
    ChargeId = "chg";
    /// One enrolled phone.
    DeviceId = "dev";
    /// Something that the gateway wants the payer to know.
    EventId = "evt";
    /// One run of a verification flow.
    FlowId = "flo";
    /// One payer's permission for one merchant service.
    MandateId = "man";
    /// A merchant.
    MerchantId = "mer";
    /// A merchant's proposal of a mandate: the payload of a QR code.
    OfferId = "off";
    /// One two-sided destruction.
    OrderId = "ord";
    /// One registration of a payer's secret, from its first message on.
    RegistrationId = "reg";
    /// One statement: its `jti`, which is also its idempotency key.
    StatementId = "sta";
    /// The payment token of one mandate; both halves bear the same identifier.
    TokenId = "tok";
}

fn decode(text: &str, prefix: &'static str) -> Result<[u8; 16], InvalidId> {
    let digits = text
        .strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|digits| digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
        .ok_or(InvalidId { prefix })?;
    let mut bytes = [0; 16];
    hex::decode_to_slice(digits, &mut bytes).map_err(|_| InvalidId { prefix })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = MandateId::from_bytes([0xa7; 16]);
        assert_eq!(id.to_string(), "man_a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7");
        assert_eq!(id.to_string().parse(), Ok(id));
    }

    #[test]
    fn other_kinds_capitals_and_other_lengths_are_refused() {
        for text in [
            "tok_a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7",
            "man_A7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7",
            "man_a7a7",
            "man_a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7",
            "mana7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7",
            "",
        ] {
            assert_eq!(text.parse::<MandateId>(), Err(InvalidId { prefix: "man" }), "{text}");
        }
    }
}
