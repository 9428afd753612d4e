//! SIGKILL right before every durable or sent step of sign, charge, cancel: on either side the same end.
//!
//! The steps are counted by the preloaded kill-at library, not listed by hand: n rises by one until a run is left
//! untouched, which ends the loop by itself. The controls are product code with a planted bug.

#[cfg(test)]
mod planted;
#[cfg(test)]
mod run;

use quittance_testkit::process::Programs;
use quittance_testkit::story::Side;
use run::{Act, Stage, play};

/// A small generator with a fixed seed: the sample of second kills is the same in every run.
struct Seeded(u64);

impl Seeded {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

#[cfg(test)]
async fn every_step(side: Side) {
    let stage = Stage::set(Programs::built().expect("built")).await;
    let mut seeded = Seeded(0x5157_4954);
    let (mut n, mut again_runs) = (1, 0);
    loop {
        let again = (seeded.below(8) == 0).then(|| 1 + seeded.below(60));
        again_runs += usize::from(again.is_some());
        if !play(&stage, side, Act::All, n, again).await {
            break;
        }
        n += 1;
    }
    println!(
        "{side:?}: killed before each of {} steps, {again_runs} times once more during the recovery",
        n - 1
    );
    assert!(n > 100, "the kill-at library counted {} steps: is it loaded?", n - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_killed_before_any_step_ends_in_the_same_state() {
    every_step(Side::Gateway).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_phone_killed_before_any_step_ends_in_the_same_state() {
    every_step(Side::Phone).await;
}
