//! Ways to be wrong, each planted alone.

/// What one side does that it must not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// The phone destroys its half at the payer's wish, before the gateway ordered anything.
    PhoneDestroysAtOnce,
    /// The phone writes its attestation in a second transaction, which a crash can keep from happening.
    AttestationApart,
    /// The phone attests to what it has not destroyed yet.
    AttestsFirst,
    /// The phone keeps the payer's wish in memory alone.
    WishInMemory,
    /// The phone takes the word of a gateway that logs later for a closure that is not in the log.
    BelievesUnlogged,
    /// The phone lets its half live again whenever it hears that an order was taken back.
    ResumesLate,
    /// The phone goes by time alone, though the gateway may have agreed to take the order back.
    GoesByTimeAlone,
    /// The gateway begins charges while its half is quiesced.
    ChargesWhileEnding,
    /// The gateway destroys its half under a charge that is in flight.
    DoesNotDrain,
    /// The gateway calls its half destroyed before its vault has done it.
    SaysDestroyedFirst,
    /// The gateway forgets over a restart that it was destroying.
    ForgetsOverRestart,
    /// The gateway makes a new order of a wish that it hears twice.
    OrdersTwice,
    /// The gateway takes an order back whenever it is asked to.
    UndoesLate,
    /// The gateway closes for one side before the phone's time is over.
    ClosesEarly,
    /// The gateway answers a closure, and logs it only when it comes to it.
    LogsLater,
}

impl Flaw {
    /// Each of them.
    pub const ALL: [Self; 15] = [
        Self::PhoneDestroysAtOnce,
        Self::AttestationApart,
        Self::AttestsFirst,
        Self::WishInMemory,
        Self::BelievesUnlogged,
        Self::ResumesLate,
        Self::GoesByTimeAlone,
        Self::ChargesWhileEnding,
        Self::DoesNotDrain,
        Self::SaysDestroyedFirst,
        Self::ForgetsOverRestart,
        Self::OrdersTwice,
        Self::UndoesLate,
        Self::ClosesEarly,
        Self::LogsLater,
    ];
}
