//! Threads of the wallet's own, which nobody waits for when they are let go.

use crate::error::WalletError;
use tokio::runtime::{Builder, Runtime};

/// Threads that carry the wallet's calls; what may block (keystore, file) has threads of its own.
const WORKERS: usize = 2;

/// Until it is dropped: by an app's thread that must not block, or with an opening that its caller stopped waiting for, while
/// a keystore is still asked.
pub(crate) struct Threads(Option<Runtime>);

impl Threads {
    /// Starts them.
    ///
    /// # Errors
    /// [`WalletError::Internal`] where the system gives none.
    pub(crate) fn start() -> Result<Self, WalletError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("quittance")
            .enable_all()
            .build();
        let runtime = runtime.map_err(|_| WalletError::Internal {
            place: "threads cannot be started".to_owned(),
        })?;
        Ok(Self(Some(runtime)))
    }

    /// What work is given to.
    pub(crate) fn runtime(&self) -> Result<&Runtime, WalletError> {
        self.0.as_ref().ok_or_else(|| WalletError::Internal {
            place: "runtime".to_owned(),
        })
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::time::Duration;

    /// Longer than any machine takes to let go, and short of a test that hangs.
    const PATIENCE: Duration = Duration::from_secs(30);

    #[test]
    fn who_lets_them_go_waits_for_no_call_that_a_keystore_holds_up() {
        let threads = Threads::start().unwrap();
        let (release, held) = channel::<()>();
        let (started, has_started) = channel();
        threads.runtime().unwrap().spawn_blocking(move || {
            started.send(()).unwrap();
            let _released = held.recv();
        });
        has_started.recv().unwrap();
        let (out, is_out) = channel();
        std::thread::spawn(move || {
            drop(threads);
            out.send(()).unwrap();
        });
        is_out.recv_timeout(PATIENCE).expect("it is let go at once");
        release.send(()).expect("control: the call is still held up");
    }
}
