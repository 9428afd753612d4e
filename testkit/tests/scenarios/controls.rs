//! Controls: what is wrong in a file is found, with its step.

use crate::files::{ALL, folder};
use quittance_testkit::scenario::{How, Scenario, play};
use serde_json::{Value, json};

fn text(name: &str) -> String {
    std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap()
}

/// The scenario with another value in one of its steps, counted from 1.
fn with(name: &str, step: usize, member: &str, value: Value) -> Scenario {
    let mut file: Value = serde_json::from_str(&text(name)).unwrap();
    let steps = file["steps"].as_array_mut().unwrap();
    let step = &mut steps[step - 1];
    assert!(step.get(member).is_some(), "{step} has no {member}");
    step[member] = value;
    Scenario::read(&file.to_string()).unwrap()
}

#[test]
fn every_file_has_its_test_and_every_test_its_file() {
    let mut files: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut tests = ALL.to_vec();
    tests.sort_unstable();
    assert_eq!(files, tests);
}

#[test]
fn an_unknown_verb_or_member_is_refused_with_its_step() {
    let file = |step: &str| {
        format!(
            r#"{{"scenario":"x","rules":[],"given":{{"clock":"2026-11-24T06:00:00Z"}},"steps":[{{"sync":"payer"}},{step}]}}"#
        )
    };
    let refused = |step: &str| Scenario::read(&file(step)).unwrap_err();
    assert!(Scenario::read(&file(r#"{"pass":"PT1H"}"#)).is_ok());
    assert!(refused(r#"{"wait":"PT1H"}"#).contains("step 2: no verb among its members: wait"));
    assert!(refused(r#"{"pass":"PT1H","until":"done"}"#).contains("step 2: pass: unknown field `until`"));
    assert!(refused(r#"{"pass":"PT1H","sync":"payer"}"#).contains("step 2: more than one verb: pass, sync"));
    assert!(refused(r#"{"pass":"one hour"}"#).contains("step 2: pass: "));
    let unknown = file(r#"{"sync":"payer"}"#).replace("\"rules\"", "\"mood\":1,\"rules\"");
    assert!(Scenario::read(&unknown).unwrap_err().contains("mood"));
}

/// Plays a scenario that is wrong in one step: it has to fail there.
async fn fails_at(name: &str, step: usize, member: &str, value: Value) {
    fails_after(name, step, member, value, step).await;
}

/// Plays a scenario in which something else is done than its file says: a later step has to notice.
async fn fails_after(name: &str, step: usize, member: &str, value: Value, noticed: usize) {
    let scenario = with(name, step, member, value);
    let failed = play(&scenario, &How::default()).await.expect_err(name);
    assert_eq!(failed.step, Some(noticed), "{failed}");
}

#[tokio::test]
async fn a_wrong_decision_about_a_charge_fails_at_its_step() {
    fails_at("quick_cancel", 1, "gives", json!("mandate_held")).await;
    fails_at("quick_cancel", 7, "gives", json!("approved")).await;
}

#[tokio::test]
async fn a_wrong_expectation_fails_at_its_step() {
    fails_at("quick_cancel", 8, "of", json!(4)).await;
    fails_at("quick_cancel", 13, "is", json!("refused")).await;
    fails_at("quick_cancel", 14, "cause", json!("merchant")).await;
    fails_at("quick_cancel", 15, "expect_receipts", json!(2)).await;
    fails_at("quick_cancel", 19, "with", json!({ "mandate": "rides", "uses": 2 })).await;
}

#[tokio::test]
async fn what_a_phone_in_trouble_says_otherwise_fails_at_its_step() {
    fails_at("lost_keys", 3, "fails", json!(null)).await;
    fails_at("lost_keys", 4, "expect_problem", json!("retry")).await;
    fails_at("no_network", 3, "expect_problem", json!("alarm")).await;
    fails_at("clock_a_day_off", 4, "values", json!(["PT23H"])).await;
    fails_at("biometrics_not_enrolled", 4, "remedy", json!("sync")).await;
    fails_at("no_screen_lock", 10, "fails", json!(null)).await;
}

#[tokio::test]
async fn trouble_that_does_not_come_is_missed() {
    fails_after("restored_backup", 7, "files", json!("after"), 8).await;
    fails_after("gateway_with_another_log_key", 1, "log_key", json!("own"), 4).await;
    fails_after("clock_a_day_off", 2, "behind", json!("PT30M"), 4).await;
    fails_after("no_screen_lock", 2, "screen_lock", json!(true), 3).await;
}

#[tokio::test]
async fn a_refusal_that_does_not_come_or_is_another_one_fails_at_its_step() {
    fails_at("pin_form", 4, "fails", json!("wrong_secret")).await;
    let mut file: Value = serde_json::from_str(&text("pin_form")).unwrap();
    file["steps"][0]["fails"] = json!("not_found");
    let failed = play(&Scenario::read(&file.to_string()).unwrap(), &How::default()).await;
    assert_eq!(failed.unwrap_err().step, Some(1));
}

#[tokio::test]
async fn a_name_that_nothing_has_fails_at_its_step() {
    fails_at("quick_cancel", 1, "charge", json!("nothing")).await;
    fails_at("quick_cancel", 5, "answer", json!("nothing")).await;
}

#[tokio::test]
async fn a_step_that_is_left_out_is_missed() {
    let mut file: Value = serde_json::from_str(&text("quick_cancel")).unwrap();
    // The payment PIN is never typed.
    file["steps"].as_array_mut().unwrap().remove(10);
    let failed = play(&Scenario::read(&file.to_string()).unwrap(), &How::default()).await;
    assert!(failed.is_err());
}
