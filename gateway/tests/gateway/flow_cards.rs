//! Elements of a bank card: compared by the card network, counted, kept by nobody.

use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_flows::{FlowState, Phase, Policy, Rules, flow};
use quittance_gateway::parties::Party;
use quittance_protocol::answer::FlowLog;
use quittance_protocol::statement::{Entry, StepAnswer};
use quittance_protocol::{B64, Code};

use crate::support::House;
use crate::support::phone::{Flow, Phone};

const NAME: &str = "test.by_card";
const NUMBER: &str = "6222029990001234567";
const NUMBER_OF_PHONE: &str = "+8613800004321";

/// A flow that no bundle has yet: data alone.
const DEFINITION: &str = r#""test.by_card": {
      "authority": "raises",
      "effect": "open_lock_password",
      "entry_life": "safety_lock.password_entry_life",
      "steps": [
        { "id": "settled_down", "do": { "guard": { "fact": "recovering", "at_most": 0, "refuse": "risk_denied" } }, "rules": ["R-332"] },
        { "id": "card", "do": { "factor": "bank_card_elements" }, "tries": { "at_least": "evidence.max_attempts", "then": "refuse" }, "rules": ["R-060"] },
        { "id": "identify", "do": { "factor": "biometric" }, "rules": ["R-060"] }
      ]
    },
    "stop.lift": {"#;

fn house() -> House {
    let house = House::closed();
    house.use_policy(&[("\"stop.lift\": {", DEFINITION)]);
    house.start().unwrap();
    house
}

/// Where a log stands, by the bundle with that flow.
fn state(log: &FlowLog) -> (FlowState, Option<String>) {
    let policy = Policy::load(&DEFAULT_BUNDLE.replace("\"stop.lift\": {", DEFINITION)).unwrap();
    let definition = policy.flow(NAME).unwrap();
    let rules = Rules {
        policy: &policy,
        definition,
    };
    let state = flow::fold(rules, &log.events).unwrap();
    let open = flow::open_step(definition, &state).map(|step| step.id.clone());
    (state, open)
}

fn open(log: &FlowLog) -> String {
    state(log).1.unwrap_or_default()
}

fn phase(log: &FlowLog) -> Phase {
    state(log).0.phase
}

fn entered(entries: &[&str]) -> StepAnswer {
    let entries = entries.iter().map(|entry| Entry((*entry).to_owned())).collect();
    StepAnswer::entered([9; 32], entries)
}

fn card() -> StepAnswer {
    entered(&[NUMBER, NUMBER_OF_PHONE])
}

async fn enter(phone: &Phone<'_>, flow: &Flow) -> FlowLog {
    phone.answer(flow, "card", card()).await.ok()
}

/// Everything that the house has on disk: the gateway's files and those of every simulator.
fn on_disk(house: &House) -> Vec<u8> {
    let mut folders = vec![house.folder.path().to_owned()];
    let mut bytes = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                bytes.extend(std::fs::read(path).unwrap());
            }
        }
    }
    bytes
}

fn has(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[tokio::test]
async fn a_card_that_the_network_knows_as_the_payers_proves_the_factor() {
    let house = house();
    let phone = Phone::ready(&house).await;
    let flow = phone.begin(NAME, &[], b"").await;
    let log = enter(&phone, &flow).await;
    assert_eq!(open(&log), "identify");
    let asked = house.parties.asked(Party::CardNetwork).unwrap();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].question,
        serde_json::json!({ "account": phone.account().await }),
        "the simulator remembers no element"
    );
}

#[tokio::test]
async fn the_third_card_that_does_not_match_ends_the_run_and_the_second_does_not() {
    let house = house();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::CardNetwork, r#"{"outcome": "mismatch", "times": 3}"#);
    let flow = phone.begin(NAME, &[], b"").await;
    for _ in 1..=2 {
        let log = enter(&phone, &flow).await;
        assert_eq!((open(&log), phase(&log)), ("card".to_owned(), Phase::Open));
    }
    let log = enter(&phone, &flow).await;
    assert_eq!(phase(&log), Phase::Refused(Code::BudgetExhausted));
}

#[tokio::test]
async fn a_card_that_did_not_match_can_be_entered_again() {
    let house = house();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::CardNetwork, r#"{"outcome": "mismatch"}"#);
    let flow = phone.begin(NAME, &[], b"").await;
    assert_eq!(open(&enter(&phone, &flow).await), "card");
    assert_eq!(open(&enter(&phone, &flow).await), "identify");
    let asked = house.parties.asked(Party::CardNetwork).unwrap();
    assert_ne!(asked[0].key, asked[1].key, "each try has a name of its own");
}

#[tokio::test]
async fn a_network_that_does_not_answer_is_asked_again_about_the_same_also_after_a_restart() {
    let house = house();
    let phone = Phone::ready(&house).await;
    house.party_says(Party::CardNetwork, r#"{"outage": true}"#);
    let flow = phone.begin(NAME, &[], b"").await;
    assert_eq!(open(&enter(&phone, &flow).await), "card");
    let again = phone.answer(&flow, "card", card()).await;
    assert_eq!(again.code(), Code::StepOrder, "one is under way");
    house.restart();
    house.advance(59).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "card");
    house.advance(1).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "identify");
    let asked = house.parties.asked(Party::CardNetwork).unwrap();
    assert_eq!((asked.len(), asked[0].calls), (1, 2));
}

#[tokio::test]
async fn what_is_no_card_is_refused_and_counts_as_no_try() {
    let house = house();
    let phone = Phone::ready(&house).await;
    let flow = phone.begin(NAME, &[], b"").await;
    let before = phone.run(flow.start.flow).await.events;
    let unsalted = StepAnswer::Entered {
        salt: B64::new(vec![9; 31]),
        entries: vec![Entry(NUMBER.to_owned()), Entry(NUMBER_OF_PHONE.to_owned())],
    };
    for wrong in [
        entered(&[]),
        entered(&[NUMBER]),
        entered(&[NUMBER, " "]),
        entered(&[NUMBER, NUMBER_OF_PHONE, "123"]),
        unsalted,
    ] {
        assert_eq!(phone.answer(&flow, "card", wrong).await.code(), Code::Malformed);
    }
    let other = StepAnswer::Evidence { uploads: vec![] };
    assert_eq!(phone.answer(&flow, "card", other).await.code(), Code::StepOrder);
    assert_eq!(phone.run(flow.start.flow).await.events, before);
}

#[tokio::test]
async fn nothing_of_a_card_stands_anywhere_in_clear_and_nothing_at_all_once_it_is_compared() {
    let house = house();
    let phone = Phone::ready(&house).await;
    house.party_says(
        Party::CardNetwork,
        r#"{"outage": true}
           {"latency": "PT1M"}"#,
    );
    let flow = phone.begin(NAME, &[], b"").await;
    enter(&phone, &flow).await;
    let kept = |house: &House| {
        let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
        let count = database.query_row("SELECT COUNT(*) FROM entries", [], |row| row.get::<_, i64>(0));
        count.unwrap()
    };
    let in_clear = |house: &House| {
        let bytes = on_disk(house);
        assert!(
            has(&bytes, &flow.start.flow.to_string()),
            "control: what is stored is found"
        );
        has(&bytes, NUMBER) || has(&bytes, NUMBER_OF_PHONE)
    };
    assert_eq!(kept(&house), 1, "sealed, to be asked about again");
    assert!(!in_clear(&house));
    house.advance(60).await;
    assert_eq!(kept(&house), 1, "the answer is on its way");
    house.advance(60).await;
    assert_eq!(open(&phone.run(flow.start.flow).await), "identify");
    assert_eq!(kept(&house), 0);
    assert!(!in_clear(&house));

    house.party_says(Party::CardNetwork, r#"{"latency": "never"}"#);
    let left = phone.begin(NAME, &[], b"").await;
    enter(&phone, &left).await;
    assert_eq!(kept(&house), 1);
    let _: FlowLog = phone
        .post(&quittance_protocol::statement::CancelFlow { flow: left.start.flow })
        .await
        .ok();
    assert_eq!(kept(&house), 0, "nor once the run is over");
}
