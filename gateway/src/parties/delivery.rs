//! What becomes of a message to a phone.

use super::call::outcomes;

outcomes! {
    /// What became of a text, or of a notice.
    Delivery {
        /// It reached the phone.
        Delivered = "delivered",
        /// It never will.
        Undeliverable = "undeliverable",
    }
}
