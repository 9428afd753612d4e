//! One half that is damaged or gone in the vault keeps nothing of the other mandates back.

use crate::support::phone::Phone;
use crate::support::{Merchant, Sandboxed};
use quittance_protocol::MandateId;
use quittance_protocol::statement::ReplicaState;

const DAY: u32 = 86_400;

/// What can befall the row of a half.
const ACCIDENTS: [&str; 2] = ["UPDATE records SET version = -1", "DELETE FROM records"];

/// The row of the half that was made first, or second, is damaged or goes while no process runs.
fn lose(phone: Phone, sandbox: &Sandboxed, accident: &str, place: u32) -> Phone {
    phone.restart_after(sandbox, |vault| {
        let file = rusqlite::Connection::open(vault).unwrap();
        // Kind 1 is a token's half; slots are given out one after the other.
        let of_it =
            "slot = (SELECT slot FROM records WHERE substr(name, 1, 1) = x'01' ORDER BY slot LIMIT 1 OFFSET ?1)";
        let changed = file.execute(&format!("{accident} WHERE {of_it}"), [place]).unwrap();
        assert_eq!(changed, 1);
    })
}

async fn signed(sandbox: &Sandboxed, phone: &Phone, merchant: &Merchant) -> MandateId {
    let flow = phone
        .wallet
        .start_sign(&sandbox.offer(merchant, "subscription").await)
        .await;
    let flow = flow.unwrap();
    phone.walk(flow).await.unwrap();
    phone.wallet.mandate_of(flow).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permits_of_every_other_mandate_are_renewed() {
    for accident in ACCIDENTS {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let merchant = sandbox.merchant("Bluebird").await;
        let lost = signed(&sandbox, &phone, &merchant).await;
        let sound = signed(&sandbox, &phone, &merchant).await;
        let phone = lose(phone, &sandbox, accident, 0);
        let ahead = |mandate| phone.wallet.mandate(mandate).unwrap().permits_ahead;
        phone.wallet.sync().await.unwrap();
        assert_eq!([lost, sound].map(ahead), [3, 3], "control: nothing is due");
        sandbox.advance(31 * DAY).await;
        phone.wallet.sync().await.unwrap();
        assert_eq!([lost, sound].map(ahead), [2, 3], "{accident}");
        let charged = sandbox.charge(&merchant, sound, 100, "second", None).await;
        assert_eq!(charged, "approved", "{accident}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_other_mandate_that_is_being_made_becomes_active() {
    for accident in ACCIDENTS {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let merchant = sandbox.merchant("Bluebird").await;
        sandbox.plug.stall(&["consent"]);
        let made = [
            signed(&sandbox, &phone, &merchant).await,
            signed(&sandbox, &phone, &merchant).await,
        ];
        let half = |phone: &Phone, mandate| phone.wallet.mandate(mandate).unwrap().phone_half;
        assert_eq!(
            made.map(|mandate| half(&phone, mandate)),
            [ReplicaState::Provisioning; 2]
        );
        // The phone goes through them in this sequence.
        let first = phone.wallet.mandates().unwrap().first().unwrap().mandate;
        let [lost, other] = if first == made[0] { made } else { [made[1], made[0]] };
        let phone = lose(phone, &sandbox, accident, u32::from(lost == made[1]));
        sandbox.plug.stall(&[]);
        phone.wallet.sync().await.unwrap();
        assert_eq!(half(&phone, other), ReplicaState::Active, "{accident}");
        assert_eq!(half(&phone, lost), ReplicaState::Provisioning, "{accident}");
    }
}
