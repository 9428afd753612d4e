//! Calls that leave no key behind on the stack.

/// Words of the stack that one call with a ring key may use: without optimisation every move has a place of its own.
pub(crate) const OF_A_CALL: usize = if cfg!(debug_assertions) { 8_192 } else { 1_024 };

/// Makes a call, then overwrites so many words of the stack that it left behind: ring's keys, and what was moved.
pub(crate) fn on_wiped_stack<T, const WORDS: usize>(call: impl FnOnce() -> T) -> T {
    let answer = below(call);
    wipe::<WORDS>();
    answer
}

/// Has a frame of its own, where the wiping one will be.
#[inline(never)]
fn below<T>(call: impl FnOnce() -> T) -> T {
    call()
}

#[inline(never)]
fn wipe<const WORDS: usize>() {
    let mut used = [0_u64; WORDS];
    std::hint::black_box(&mut used);
}
