//! The public log: what is served adds up, and names nobody.

use quittance_protocol::Code;
use quittance_protocol::answer::{ConsistencyAnswer, OrderRecord, OrderState};
use quittance_protocol::log::{Checkpoint, Entry, merkle, tiles};

use crate::support::phone::Phone;
use crate::support::{House, Reply};

async fn checkpoint(house: &House) -> Checkpoint {
    Checkpoint::open(&house.get("/log/checkpoint", None).await.text(), &house.log_key()).unwrap()
}

//
#[tokio::test]
async fn tiles_rebuild_the_checkpoint_and_old_checkpoints_are_beginnings() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let mut seen = vec![checkpoint(&house).await];
    for _ in 0..3 {
        let token = phone.sign_mandate().await;
        phone.revoke(&[token.mandate]).await;
        house.settle().await;
        seen.push(checkpoint(&house).await);
    }
    let newest = seen.last().unwrap().clone();
    assert_eq!(newest.size(), 7, "policy, then order and destroyed three times");
    let bundle = house.get("/log/tile/entries/000.p/7", None).await;
    assert_eq!(bundle.content_type, tiles::TILE_TYPE);
    let entries = tiles::open_bundle(&bundle.body).unwrap();
    let hashes = house.get("/log/tile/0/000.p/7", None).await.body;
    let leaves: Vec<[u8; 32]> = hashes.chunks(32).map(|hash| hash.try_into().unwrap()).collect();
    let mut stored = std::collections::HashMap::new();
    for (index, entry) in entries.iter().enumerate() {
        assert_eq!(merkle::leaf_hash(entry), leaves[index]);
        Entry::parse(entry).unwrap();
        let store = |level, place| stored.get(&(level, place)).copied();
        for hash in merkle::append(leaves[index], index as u64, &store).unwrap() {
            stored.insert((hash.level, hash.index), hash.hash);
        }
    }
    let store = |level, place| stored.get(&(level, place)).copied();
    assert_eq!(merkle::root(7, &store).unwrap(), *newest.root());
    for old in &seen {
        let path = format!("/log/consistency?from={}&to={}", old.size(), newest.size());
        let proof: ConsistencyAnswer = house.get(&path, None).await.ok();
        let proof: Vec<_> = proof.hashes.iter().map(|hash| *hash.as_bytes()).collect();
        merkle::verify_consistency(old.size(), old.root(), newest.size(), newest.root(), &proof).unwrap();
    }
    house.restart();
    assert_eq!(checkpoint(&house).await.note(), newest.note());
}

#[tokio::test]
async fn nothing_is_served_beyond_the_checkpoint_and_bad_paths_are_not_found() {
    let house = House::new();
    for path in [
        "/log/tile/0/000.p/2",
        "/log/tile/0/000",
        "/log/tile/0/0",
        "/log/tile/x/000",
        "/log/tile/entries/000.p/0",
    ] {
        assert_eq!(house.get(path, None).await.code(), Code::NotFound, "{path}");
    }
    let malformed = |reply: Reply| reply.code() == Code::Malformed;
    assert!(malformed(house.get("/log/consistency?from=0&to=1", None).await));
    assert!(malformed(house.get("/log/consistency?from=2&to=1", None).await));
    assert!(malformed(house.get("/log/consistency?from=a", None).await));
    assert_eq!(
        house.get("/log/consistency?from=1&to=2", None).await.code(),
        Code::NotFound
    );
    assert_eq!(
        house.get("/log/vkey", None).await.text().trim(),
        house.log_key().to_string()
    );
}

//
#[tokio::test]
async fn the_public_log_holds_no_person_device_merchant_or_amount() {
    // I11
    let house = House::new();
    let phone = Phone::new(&house);
    let enrolled = phone.enrol().await;
    phone.register_pin().await;
    let token = phone.sign_mandate().await;
    let order = phone.revoke(&[token.mandate]).await.order;
    house.settle().await;
    let closed: OrderRecord = phone.post(&phone.attestation(&phone.order(order).await)).await.ok();
    assert_eq!(closed.state, OrderState::Closed);
    house.settle().await;
    // Policy, order, destroyed, closure.
    let bundle = house.get("/log/tile/entries/000.p/4", None).await.body;
    let text = String::from_utf8_lossy(&bundle).into_owned();
    for kind in ["order", "destroyed", "closure"] {
        let entry = format!("quittance-entry/1\n{kind}\n");
        assert!(text.contains(&entry), "control: {kind} is public");
    }
    let told = phone.mandate(token.mandate).await;
    let told = format!(
        "{} {}",
        serde_json::to_string(&told).unwrap(),
        serde_json::to_string(&enrolled).unwrap()
    );
    for private in [
        enrolled.account.to_string(),
        enrolled.device.to_string(),
        token.mandate.to_string(),
        token.token.to_string(),
        "Bluebird".to_owned(),
        "CNY".to_owned(),
    ] {
        assert!(!text.contains(&private), "{private}");
        assert!(told.contains(&private), "control: the payer is told {private}");
    }
}

/// Turns one bit of a hash on which the present root stands, and every later one.
fn flip_a_hash(house: &House) {
    let database = rusqlite::Connection::open(house.data().join("gateway.sqlite")).unwrap();
    let of_it = "place = 0 AND level = (SELECT MAX(level) FROM log_hashes)";
    let read = format!("SELECT hash FROM log_hashes WHERE {of_it}");
    let mut hash: Vec<u8> = database.query_row(&read, [], |row| row.get(0)).unwrap();
    hash[0] ^= 1;
    let changed = database.execute(&format!("UPDATE log_hashes SET hash = ?1 WHERE {of_it}"), [hash]);
    assert_eq!(changed.unwrap(), 1);
}

//
#[tokio::test]
async fn a_hash_that_went_bad_lets_the_log_sign_nothing_that_contradicts_it() {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (ended, wished) = (phone.sign_mandate().await, phone.sign_mandate().await);
    phone.revoke(&[ended.mandate]).await;
    house.settle().await;
    let before = checkpoint(&house).await;
    let intent = phone.intend(&[wished.mandate]).await;
    flip_a_hash(&house);
    assert_eq!(phone.post(&intent).await.code(), Code::Internal);
    assert_eq!(checkpoint(&house).await, before, "nothing was signed");
    house.stop();
    assert!(house.start().is_err(), "nor does it begin on such a log");
    flip_a_hash(&house);
    house.start().unwrap();
    phone.post(&intent).await.ok::<OrderRecord>();
    assert!(
        checkpoint(&house).await.size() > before.size(),
        "control: the hash put right"
    );
}
