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
    /// The phone takes the closure of an order that it did not carry out for its own.
    ClosesUnasked,
    /// The phone counts its permits in memory alone.
    CountsInMemory,
    /// The gateway begins charges while its half is quiesced.
    ChargesWhileEnding,
    /// The gateway destroys its half under a charge that is in flight.
    DoesNotDrain,
    /// The gateway begins its wait for charges anew with each one that the merchant tries.
    WaitsAnew,
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
    /// The gateway forgets a permit once it is used.
    ForgetsUsed,
    /// The gateway waits for the word of a phone that is lost, however long.
    WaitsForTheLost,
    /// A phone of the account attests to a half that only the other one has.
    AnswersForTheOther,
    /// A phone destroys what it has itself for an order that ends the other one's half.
    DestroysItsOwn,
    /// A phone carries out an order that names the wish of the other one.
    TakesAnyGround,
    /// The gateway makes an order for the wish of each phone.
    OrdersForEach,
}

impl Flaw {
    /// Those that one phone is enough for.
    pub const OF_ONE_PHONE: [Self; 20] = [
        Self::PhoneDestroysAtOnce,
        Self::AttestationApart,
        Self::AttestsFirst,
        Self::WishInMemory,
        Self::BelievesUnlogged,
        Self::ResumesLate,
        Self::GoesByTimeAlone,
        Self::ClosesUnasked,
        Self::CountsInMemory,
        Self::ChargesWhileEnding,
        Self::DoesNotDrain,
        Self::WaitsAnew,
        Self::SaysDestroyedFirst,
        Self::ForgetsOverRestart,
        Self::OrdersTwice,
        Self::UndoesLate,
        Self::ClosesEarly,
        Self::LogsLater,
        Self::ForgetsUsed,
        Self::WaitsForTheLost,
    ];

    /// Those that take a second phone.
    pub const OF_TWO_PHONES: [Self; 4] = [
        Self::AnswersForTheOther,
        Self::DestroysItsOwn,
        Self::TakesAnyGround,
        Self::OrdersForEach,
    ];
}
