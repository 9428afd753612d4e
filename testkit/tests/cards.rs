//! A flow that asks for a card's elements, with the real wallet: a definition alone, added to the shipped bundle.
#![cfg(test)]

use quittance_flows::policy::DEFAULT_BUNDLE;
use quittance_testkit::scenario::bundle::bundle_with;
use quittance_testkit::stage::Stage;
use quittance_testkit::story::PIN;
use quittance_wallet::{Answer, Prompt, PromptKind};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const NAME: &str = "test.by_card";

async fn stage() -> Stage {
    let bundle: Value = serde_json::from_str(DEFAULT_BUNDLE).unwrap();
    let mut flows = bundle["flows"].clone();
    flows[NAME] = json!({
        "authority": "raises",
        "effect": "open_lock_password",
        "entry_life": "safety_lock.password_entry_life",
        "steps": [
            { "id": "settled_down", "rules": ["R-332"],
              "do": { "guard": { "fact": "recovering", "at_most": 0, "refuse": "risk_denied" } } },
            { "id": "card", "do": { "factor": "bank_card_elements" }, "rules": ["R-060"],
              "tries": { "at_least": "evidence.max_attempts", "then": "refuse" } },
            { "id": "identify", "do": { "factor": "biometric" }, "rules": ["R-060"] },
        ],
    });
    let bundle = bundle_with(&BTreeMap::from([("flows".to_owned(), flows)])).unwrap();
    Stage::set_at(None, bundle).await.unwrap()
}

fn card() -> Answer {
    Answer::Entered(vec!["6222029990001234567".to_owned(), "+8613800004321".to_owned()])
}

#[tokio::test]
async fn a_wallet_asks_for_each_element_and_for_all_of_them_again_where_they_do_not_match() {
    let stage = stage().await;
    let script = json!([{ "outcome": "mismatch" }]);
    let set = stage.http.post("/sandbox/parties/card_network/script", &script).await;
    assert_eq!(set.status, 200, "{}", set.text);
    let phone = stage.phone().unwrap();
    phone.enrol(PIN).await.unwrap();
    let flow = phone.wallet.begin(NAME, Vec::new(), None).await.unwrap();
    let prompt = || -> Prompt { phone.wallet.next_prompt(flow).unwrap().expect("an open step") };
    let PromptKind::Fields { questions } = prompt().kind else {
        panic!("{:?}", prompt().kind)
    };
    let keys: Vec<&str> = questions.iter().map(|question| question.key.as_str()).collect();
    assert_eq!(keys, ["field.card.number", "field.card.phone"]);

    phone.wallet.submit(flow, card()).await.unwrap();
    assert!(
        matches!(prompt().kind, PromptKind::Fields { .. }),
        "{:?}",
        prompt().kind
    );
    assert_eq!(prompt().attempts_left, Some(2));

    phone.wallet.submit(flow, card()).await.unwrap();
    assert_eq!(prompt().step, "identify");
}
