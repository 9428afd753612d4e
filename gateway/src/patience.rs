//! Asking the operator's own systems: no answer of theirs is waited for without end.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use crate::parties::Unavailable;

/// How long the card network may take over one answer; what became of a charge is asked about again later.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who does not answer in time is unavailable, and so is who fails of a defect: every call may be repeated, and whoever
/// waits for one has to hear that it is over.
pub(crate) async fn in_time<T, C: Future<Output = Result<T, Unavailable>>>(
    call: impl FnOnce() -> C,
) -> Result<T, Unavailable> {
    // Within the future, so that a call that fails before it has one is caught, too.
    let answer = whatever_it_does(async { call().await });
    tokio::time::timeout(PATIENCE, answer).await.unwrap_or(Err(Unavailable))
}

/// Takes a panic for no answer. It is not polled again after one.
async fn whatever_it_does<T>(call: impl Future<Output = Result<T, Unavailable>>) -> Result<T, Unavailable> {
    let mut call = pin!(call);
    std::future::poll_fn(|context| {
        catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(context))).unwrap_or_else(|_| {
            tracing::error!("a system of the operator's panicked; it is taken for one that does not answer");
            Poll::Ready(Err(Unavailable))
        })
    })
    .await
}
