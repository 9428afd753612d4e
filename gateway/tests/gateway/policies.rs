//! Which policy bundle a start takes: of the author that it is told, never an earlier one, never from the other mode.

use quittance_flows::PolicyError;
use quittance_gateway::{OpenError, PolicySource};
use quittance_protocol::bytes::{from_base64url, to_base64url};
use serde_json::Value;

use crate::support::House;

const FIRST: (&str, &str) = ("\"version\": 1,", "\"version\": 1,");
const SECOND: (&str, &str) = ("\"version\": 1,", "\"version\": 2,");

#[tokio::test]
async fn a_data_folder_of_the_sandbox_serves_nobody_outside_of_it() {
    for on_stage in [true, false] {
        let mut house = House::closed();
        house.set_stage(on_stage);
        house.start().unwrap();
        house.restart();
        house.stop();
        house.set_stage(!on_stage);
        let refused = house.start().unwrap_err();
        assert!(
            matches!(refused, OpenError::OtherMode { sandbox } if sandbox == on_stage),
            "{refused}"
        );
        // Control: as it was begun, it goes on.
        house.set_stage(on_stage);
        house.start().unwrap();
    }
}

#[tokio::test]
async fn a_bundle_in_force_of_another_author_is_refused_until_that_author_signs_the_next() {
    let house = House::closed();
    house.use_policy_of([1; 32], &[FIRST]);
    house.start().unwrap();
    house.restart();
    house.stop();
    for other in [PolicySource::Sandbox, PolicySource::Own] {
        house.use_source(other);
        let refused = house.start().unwrap_err();
        assert!(
            matches!(refused, OpenError::PolicyOtherAuthor { version: 1 }),
            "{refused}"
        );
    }
    house.use_policy_of([2; 32], &[FIRST]);
    let refused = house.start().unwrap_err();
    assert!(
        matches!(refused, OpenError::PolicyOtherAuthor { version: 1 }),
        "{refused}"
    );
    // Control: the next version of the new author comes into force.
    house.use_policy_of([2; 32], &[SECOND]);
    house.start().unwrap();
    house.restart();
}

#[tokio::test]
async fn a_bundle_in_force_that_a_newer_program_took_is_for_that_program() {
    let house = House::closed();
    house.use_policy_of([1; 32], &[FIRST]);
    house.start().unwrap();
    house.stop();
    let as_a_newer_program = |min_core: &str| {
        let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
        let sql = "SELECT bundle FROM policies";
        let bundle: String = database.query_row(sql, [], |row| row.get(0)).unwrap();
        let parts: Vec<&str> = bundle.split('.').collect();
        let mut body: Value = serde_json::from_slice(&from_base64url(parts[1]).unwrap()).unwrap();
        body["policy"]["bundle"]["min_core"] = min_core.into();
        body["policy"]["otp"]["weather"] = 1.into();
        let payload = to_base64url(body.to_string().as_bytes());
        house.plant(&format!(
            "UPDATE policies SET bundle = '{}.{payload}.{}'",
            parts[0], parts[2]
        ));
        house.start().unwrap_err()
    };
    let newer = as_a_newer_program("99.0.0");
    assert!(
        matches!(newer, OpenError::Policy(PolicyError::CoreTooOld { .. })),
        "{newer}"
    );
    let malformed = as_a_newer_program("0.1.0");
    assert!(
        matches!(malformed, OpenError::Policy(PolicyError::Shape { .. })),
        "{malformed}"
    );
}

#[tokio::test]
async fn an_earlier_bundle_than_the_one_in_force_is_refused() {
    let house = House::closed();
    house.use_policy_of([1; 32], &[FIRST]);
    house.start().unwrap();
    house.stop();
    house.use_policy_of([1; 32], &[SECOND]);
    house.start().unwrap();
    house.stop();
    house.use_policy_of([1; 32], &[FIRST]);
    let refused = house.start().unwrap_err();
    let older = PolicyError::Older { found: 1, in_force: 2 };
    assert!(
        matches!(&refused, OpenError::Policy(error) if *error == older),
        "{refused}"
    );
}
