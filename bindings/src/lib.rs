//! The facade that apps call, in Kotlin and Swift.

mod ports;

pub use ports::{
    BiometricError, BiometricPrompt, BiometricRequest, CreatedKey, DeviceKeyError, DeviceKeys, KeyAlias, KeyStoreKind,
};

uniffi::setup_scaffolding!();

/// Wipes every block of memory when it is freed, so that no secret outlives its use in the heap.
#[global_allocator]
static WIPED_ON_FREE: zeroizing_alloc::ZeroAlloc<std::alloc::System> = zeroizing_alloc::ZeroAlloc(std::alloc::System);
