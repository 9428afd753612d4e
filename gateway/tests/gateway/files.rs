//! The data folder: clear errors, nothing overwritten.

use quittance_gateway::OpenError;
use quittance_vault::VaultError;
use rusqlite::Connection;

use crate::support::House;
use crate::support::phone::{Phone, approved};

#[tokio::test]
async fn a_second_gateway_on_one_data_folder_is_told_so() {
    let house = House::new();
    let refused = house.open(&house.data()).err().expect("the folder is in use");
    assert!(matches!(refused, OpenError::InUse), "{refused}");
    assert!(refused.to_string().contains("another gateway"));
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused_and_untouched() {
    let house = House::new();
    house.stop();
    let path = house.data().join("gateway.sqlite");
    Connection::open(&path)
        .unwrap()
        .execute_batch("PRAGMA user_version=99")
        .unwrap();
    let before = std::fs::read(&path).unwrap();
    let refused = house.start().unwrap_err();
    assert!(
        matches!(refused, OpenError::NewerDatabase { found: 99, .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("update the program"));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn a_missing_vault_or_database_is_refused_and_nothing_made_in_its_place() {
    for (file, wanted) in [
        ("vault.sqlite", "vault.sqlite is missing"),
        ("gateway.sqlite", "gateway.sqlite is missing"),
    ] {
        let house = House::new();
        house.stop();
        let path = house.data().join(file);
        let kept = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let refused = house.start().unwrap_err();
        assert!(refused.to_string().contains(wanted), "{refused}");
        assert!(!path.exists(), "{file} was made anew");
        // Put back, everything goes on.
        std::fs::write(&path, kept).unwrap();
        house.start().unwrap();
    }
}

#[tokio::test]
async fn a_first_start_that_was_killed_before_it_wrote_is_begun_again() {
    let house = House::closed();
    std::fs::create_dir_all(house.data()).unwrap();
    let vault = house.data().join("vault.sqlite");
    std::fs::write(&vault, b"").unwrap();
    house.start().unwrap();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    house.stop();
    // Control: beside the key of a vault, and a database, it was emptied, and nothing is made in its place.
    std::fs::write(&vault, b"").unwrap();
    let refused = house.start().unwrap_err();
    assert!(
        matches!(refused, OpenError::Vault(VaultError::Corrupt { .. })),
        "{refused}"
    );
    assert_eq!(std::fs::read(&vault).unwrap(), b"");
}

#[tokio::test]
async fn a_foreign_file_or_anothers_vault_is_refused() {
    let house = House::new();
    house.stop();
    let other = House::new();
    other.stop();
    std::fs::copy(other.data().join("vault.sqlite"), house.data().join("vault.sqlite")).unwrap();
    assert!(house.start().is_err(), "keys, vault and database belong together");

    let house = House::closed();
    std::fs::create_dir_all(house.data()).unwrap();
    std::fs::write(house.data().join("gateway.sqlite"), b"a diary").unwrap();
    assert!(matches!(house.start().unwrap_err(), OpenError::NotADatabase));
    assert_eq!(std::fs::read(house.data().join("gateway.sqlite")).unwrap(), b"a diary");
}

#[tokio::test]
async fn a_database_that_is_older_than_the_vault_is_refused_and_no_half_is_destroyed() {
    for ended in [false, true] {
        let house = House::new();
        let phone = Phone::ready(&house).await;
        let first = phone.sign_mandate().await;
        house.stop();
        let database = house.data().join("gateway.sqlite");
        let older = std::fs::read(&database).unwrap();
        house.start().unwrap();
        let second = phone.sign_mandate().await;
        if ended {
            // Also where only an end is missing.
            phone.revoke(&[first.mandate, second.mandate]).await;
            house.settle().await;
        }
        house.stop();
        let newest = std::fs::read(&database).unwrap();
        let halves = house.halves();
        assert_eq!(halves.len(), if ended { 0 } else { 2 });
        std::fs::write(&database, older).unwrap();
        let refused = house.start().unwrap_err();
        assert!(matches!(refused, OpenError::DatabaseOlder), "{refused}");
        assert_eq!(house.halves(), halves);
        // The newest put back, everything goes on.
        std::fs::write(&database, newest).unwrap();
        house.start().unwrap();
        let third = phone.sign_mandate().await;
        approved(&house.charge(third.mandate, 100).await);
    }
}

#[tokio::test]
async fn no_secret_stands_in_the_database() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let token = phone.sign_mandate().await;
    approved(&house.charge(token.mandate, 100).await);
    let bearer = phone.session().await;
    house.stop();
    let bytes = std::fs::read(house.data().join("gateway.sqlite")).unwrap();
    let funding = quittance_protocol::Digest32::of(format!("simulated-funding/{}", token.token).as_bytes());
    for secret in [
        funding.to_string().as_bytes(),
        funding.as_bytes().as_slice(),
        bearer.as_bytes(),
    ] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret));
    }
    // The control: what is not secret is found by the same search.
    let known = token.token.to_string();
    assert!(bytes.windows(known.len()).any(|window| window == known.as_bytes()));
}
