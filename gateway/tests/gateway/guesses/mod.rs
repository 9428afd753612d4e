//! Whoever guesses is answered no more often than the policy says, whatever happens in between.

mod counters;
mod ledger;
mod siege;

use crate::support::House;
use crate::support::program::Program;
use counters::{Code, Guessed, Quiz, Secret};
use siege::{COUNTS_LATE, CROWD, FORGETS_CODES, FORGETS_QUIZZES, FORGETS_SECRETS, Flaw, Power, Tally, besiege};

/// Sequences against each counter, where nobody asks for another number.
const SEQUENCES: u64 = 60;
/// Sequences against a gateway program, each of which may be killed.
const KILLED: u64 = 25;

/// `cargo xtask soak guess` asks for more.
fn sequences(usual: u64) -> u64 {
    let asked = std::env::var("QUITTANCE_GUESSES").ok();
    asked.map_or(usual, |asked| asked.parse().expect("a number"))
}

async fn against<'h, C: Guessed<'h>>(house: &'h House, flaw: Option<Flaw>, count: u64) -> Tally {
    let tally = besiege::<C>(house, &mut Power::Here(flaw), count).await;
    println!("{}: {tally}", C::NAME);
    tally
}

fn keeps(tally: &Tally) {
    assert_eq!(tally.beyond, 0, "{tally}");
    assert!(tally.at_the_bound > 0, "the budget was used up: {tally}");
    assert!(tally.refused > 0, "guesses are refused: {tally}");
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_payment_pin_is_compared_no_more_often_than_its_budget() {
    keeps(&against::<Secret<'_, false>>(&House::on_stage(), None, sequences(SEQUENCES)).await);
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lock_password_is_compared_no_more_often_than_its_budget() {
    keeps(&against::<Secret<'_, true>>(&House::on_stage(), None, sequences(SEQUENCES)).await);
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_code_is_compared_no_more_often_than_its_budget() {
    keeps(&against::<Code<'_>>(&House::on_stage(), None, sequences(SEQUENCES)).await);
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quiz_is_judged_no_more_often_than_its_budget() {
    keeps(&against::<Quiz<'_>>(&House::on_stage(), None, sequences(SEQUENCES)).await);
}

/// How many of a crowd of quizzes that one payer begins at once are judged.
async fn judged_of_a_crowd(house: &House) -> usize {
    let guesses = Quiz::of_a_new_payer(house).await.crowd(CROWD).await;
    assert_eq!(guesses.len(), CROWD, "each has a run, open or refused");
    let mut judged = 0;
    for guess in guesses {
        let reply = house.post(&guess.compact).await;
        judged += usize::from(Quiz::compared(&guess, &reply).is_some());
    }
    judged
}

/// A quiz counts when it begins, so that the crowd has to gather there.
//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_quizzes_that_begin_at_once_no_more_are_judged_than_the_budget() {
    assert_eq!(judged_of_a_crowd(&House::on_stage()).await, Quiz::ledger().budget());
    // Control: with a larger budget each of them is judged.
    let house = House::closed();
    house.use_policy(&[("\"per_day\": 2\n", "\"per_day\": 1000\n")]);
    assert_eq!(judged_of_a_crowd(&house.with_a_stage()).await, CROWD);
}

//
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_now_and_then_compares_no_more_often() {
    let house = House::closed();
    let log = house.folder.path().join("log");
    let mut power = Power::Program(Some(Program::start(&house, &log)), log.clone());
    let count = KILLED.max(sequences(0) / 50);
    let tally = besiege::<Secret<'_, false>>(&house, &mut power, count).await;
    println!("payment PIN, killed: {tally}");
    assert_eq!(tally.beyond, 0, "{tally}");
    assert!(tally.at_the_bound > 0 && tally.restarts > 0, "{tally}");
}

async fn must_be_found<'h, C: Guessed<'h>>(house: &'h House, flaw: Flaw) {
    let tally = against::<C>(house, Some(flaw), SEQUENCES).await;
    assert!(tally.beyond > 0, "{flaw:?}: {tally}");
}

/// What whoever operates the gateway can do: *Exposed*, and a control that the ledger sees it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_whose_database_is_put_back_by_its_operator_gives_guesses_back() {
    must_be_found::<Secret<'_, false>>(&House::on_stage(), Flaw::PutBack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_forgets_tries_at_a_code_is_found() {
    must_be_found::<Code<'_>>(&House::on_stage(), Flaw::Planted(FORGETS_CODES)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_forgets_counts_when_it_restarts_is_found() {
    must_be_found::<Secret<'_, true>>(&House::on_stage(), Flaw::Planted(FORGETS_SECRETS)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_counts_what_is_finished_and_not_what_is_begun_is_found() {
    must_be_found::<Secret<'_, false>>(&House::on_stage(), Flaw::Planted(COUNTS_LATE)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn control_a_gateway_that_counts_no_quiz_is_found() {
    must_be_found::<Quiz<'_>>(&House::on_stage(), Flaw::Planted(FORGETS_QUIZZES)).await;
}
