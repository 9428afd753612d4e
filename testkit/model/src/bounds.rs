//! How much may happen in a world.

/// Which phones there are, and which of them has which half.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phones {
    /// One, with all halves.
    One,
    /// Two of one account, each with a half that the other one does not have. The product makes no such account: an
    /// enrolment makes one of its own. The gateway's rules go by account all the same, so that this is what they say.
    Apart,
    /// Two that say they are one: the second is a copy of the first, halves and keys included.
    Copied,
}

impl Phones {
    pub(crate) const fn count(self) -> usize {
        match self {
            Self::One => 1,
            Self::Apart | Self::Copied => 2,
        }
    }

    /// Whether a phone has its half of a token to begin with.
    pub(crate) const fn have(self, phone: usize, token: usize) -> bool {
        match self {
            Self::One | Self::Copied => true,
            Self::Apart => phone == token % 2,
        }
    }
}

/// How much may happen.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// The phones.
    pub phones: Phones,
    /// Tokens of the account, each with an end of its own.
    pub tokens: usize,
    /// Whether the ends are ordered for later, so that they can be taken back.
    pub is_scheduled: bool,
    /// Charges that the merchant has permits for, for each token.
    pub permits: u8,
    /// Permits that a phone may make beside those, for each token.
    pub renewals: u8,
    /// How often somebody is killed.
    pub crashes: u8,
    /// Whether one phone may be lost for ever.
    pub has_loss: bool,
    /// Whether the phones' time can run out.
    pub has_deadline: bool,
}
