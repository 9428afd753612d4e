//! A half that is damaged or gone in the vault pauses its own mandate, and keeps nothing of the others back.

use crate::support::phone::{Phone, cny};
use crate::support::plug::Line;
use crate::support::{Merchant, Sandboxed};
use quittance_flows::HoldOwner;
use quittance_protocol::log_body::ClosureKind;
use quittance_protocol::statement::ReplicaState;
use quittance_protocol::{FlowId, MandateId};
use quittance_wallet::{EndingStage, PermissionGroup, WalletError, WalletEvent};

const DAY: u32 = 86_400;

/// What can befall the row of a half.
const ACCIDENTS: [&str; 2] = ["UPDATE records SET version = -1", "DELETE FROM records"];

/// The row of a half as it stood before something befell it.
type Row = (i64, Vec<u8>, i64, Vec<u8>);

/// The row of the half that was made first, or second, is damaged or goes while no process runs.
fn lose(phone: Phone, sandbox: &Sandboxed, accident: &str, place: u32) -> (Phone, Row) {
    let mut row = None;
    let phone = phone.restart_after(sandbox, |vault| {
        let file = rusqlite::Connection::open(vault).unwrap();
        // Kind 1 is a token's half; slots are given out one after the other.
        let halves = "SELECT slot, name, version, sealed FROM records WHERE substr(name, 1, 1) = x'01'";
        let read = file.query_row(&format!("{halves} ORDER BY slot LIMIT 1 OFFSET ?1"), [place], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        });
        let (slot, ..) = row.insert(read.unwrap());
        let changed = file.execute(&format!("{accident} WHERE slot = ?1"), [*slot]).unwrap();
        assert_eq!(changed, 1);
    });
    (phone, row.unwrap())
}

/// The row stands again as it was.
fn put_back(phone: Phone, sandbox: &Sandboxed, row: Row) -> Phone {
    phone.restart_after(sandbox, |vault| {
        let file = rusqlite::Connection::open(vault).unwrap();
        let put = "INSERT OR REPLACE INTO records (slot, name, version, sealed) VALUES (?1, ?2, ?3, ?4)";
        file.execute(put, row).unwrap();
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

/// A phone with two permissions: the half of the first one is about to be lost.
async fn two_signed() -> (Sandboxed, Phone, Merchant, [MandateId; 2]) {
    let sandbox = Sandboxed::start().await;
    let phone = Phone::enrolled(&sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let signed = [
        signed(&sandbox, &phone, &merchant).await,
        signed(&sandbox, &phone, &merchant).await,
    ];
    (sandbox, phone, merchant, signed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_permits_of_every_other_mandate_are_renewed() {
    for accident in ACCIDENTS {
        let (sandbox, phone, merchant, [lost, sound]) = two_signed().await;
        let (phone, _) = lose(phone, &sandbox, accident, 0);
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
        let (phone, _) = lose(phone, &sandbox, accident, u32::from(lost == made[1]));
        sandbox.plug.stall(&[]);
        phone.wallet.sync().await.unwrap();
        assert_eq!(half(&phone, other), ReplicaState::Active, "{accident}");
        assert_eq!(half(&phone, lost), ReplicaState::Held, "{accident}");
        assert_eq!(holds(&phone, lost), [HoldOwner::Device], "{accident}");
    }
}

fn holds(phone: &Phone, mandate: MandateId) -> Vec<HoldOwner> {
    phone.wallet.mandate(mandate).unwrap().holds
}

//
#[tokio::test(flavor = "multi_thread")]
async fn a_permission_whose_half_is_gone_is_paused_and_says_why_until_the_half_is_back() {
    for accident in ACCIDENTS {
        let (sandbox, phone, merchant, [lost, sound]) = two_signed().await;
        let group = |phone: &Phone, mandate| phone.wallet.permission(mandate).unwrap().permission.group;
        assert_eq!([lost, sound].map(|one| group(&phone, one)), [PermissionGroup::On; 2]);
        let charge = async |mandate, reference| sandbox.charge(&merchant, mandate, 100, reference, None).await;

        sandbox.plug.set(Line::Down);
        let (phone, row) = lose(phone, &sandbox, accident, 0);
        let shown = phone.wallet.permission(lost).unwrap().permission;
        assert_eq!(
            (shown.group, shown.switch_on),
            (PermissionGroup::Paused, false),
            "{accident}"
        );
        assert_eq!(shown.next_charge, None, "{accident}");
        let why: Vec<_> = shown
            .holds
            .iter()
            .map(|hold| (hold.owner, hold.reason.key.as_str()))
            .collect();
        assert_eq!(why, [(HoldOwner::Device, "hold.device.reason")], "{accident}");
        assert!(!phone.wallet.mandate(lost).unwrap().can_pay, "{accident}");
        let permit = async |mandate| phone.wallet.payer_present_permit(mandate, cny(100), "till").await;
        let refused = permit(lost).await;
        assert!(
            matches!(refused, Err(WalletError::NotPayable)),
            "{accident}: {refused:?}"
        );
        assert_eq!(group(&phone, sound), PermissionGroup::On, "{accident}: control");
        permit(sound).await.unwrap();

        // The gateway answers without having heard of the loss.
        sandbox.plug.set(Line::Up);
        phone.wallet.pause(&[lost]).await.unwrap();
        assert_eq!(holds(&phone, lost), [HoldOwner::Payer, HoldOwner::Device], "{accident}");
        phone.wallet.resume(&[lost]).await.unwrap();
        assert_eq!(holds(&phone, lost), [HoldOwner::Device], "{accident}");

        for contact in ["first", "second"] {
            phone.wallet.sync().await.unwrap();
            assert_eq!(holds(&phone, lost), [HoldOwner::Device], "{accident}, {contact}");
        }
        assert!(phone.wallet.mandate(lost).unwrap().permits_ahead > 0, "{accident}");
        assert_eq!(charge(lost, "at first").await, "mandate_held", "{accident}");
        assert_eq!(charge(sound, "at first").await, "approved", "{accident}: control");
        let told = WalletEvent::Held {
            mandate: lost,
            by: HoldOwner::Device,
        };
        let times = phone.events().iter().filter(|event| **event == told).count();
        assert_eq!(times, 1, "{accident}");

        let phone = put_back(phone, &sandbox, row);
        phone.wallet.sync().await.unwrap();
        assert_eq!(group(&phone, lost), PermissionGroup::On, "{accident}");
        assert_eq!(charge(lost, "at last").await, "approved", "{accident}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permit_on_the_spot_over_a_half_that_was_lost_since_the_start_asks_nobody_to_set_the_phone_up_again() {
    for accident in ACCIDENTS {
        let sandbox = Sandboxed::start().await;
        let phone = Phone::enrolled(&sandbox).await;
        let merchant = sandbox.merchant("Bluebird").await;
        let mandate = signed(&sandbox, &phone, &merchant).await;
        // From now on the half is lost with the next commit.
        let phone = phone.restart_after(&sandbox, |vault| {
            let file = rusqlite::Connection::open(vault).unwrap();
            let lose = format!("{accident} WHERE substr(name, 1, 1) = x'01'");
            file.execute_batch(&format!(
                "CREATE TRIGGER accident AFTER UPDATE ON journal BEGIN {lose}; END"
            ))
            .unwrap();
        });
        let permit = async || phone.wallet.payer_present_permit(mandate, cny(100), "till").await;
        permit().await.unwrap();
        let refused = permit().await.unwrap_err();
        assert!(matches!(refused, WalletError::NotPayable), "{accident}: {refused:?}");
        phone.wallet.sync().await.unwrap();
        assert_eq!(holds(&phone, mandate), [HoldOwner::Device], "{accident}");
    }
}

/// Everything that the vault's key tree holds, which on this phone is one node.
const ALL_DAMAGED: &str = "UPDATE nodes SET sealed = zeroblob (length (sealed))";

/// Ends both mandates offline, so that the order finds the halves as an accident left them.
async fn ended_around(accident: &str) -> (Sandboxed, Phone, FlowId, [MandateId; 2]) {
    let (sandbox, phone, _, [lost, sound]) = two_signed().await;
    sandbox.plug.set(Line::Down);
    let flow = phone.wallet.start_revoke(&[lost, sound]).await.unwrap();
    phone.walk(flow).await.unwrap();
    let phone = if accident == ALL_DAMAGED {
        phone.restart_after(&sandbox, |vault| {
            let file = rusqlite::Connection::open(vault).unwrap();
            assert_eq!(file.execute(accident, []).unwrap(), 1);
        })
    } else if accident.is_empty() {
        phone.restart(&sandbox)
    } else {
        lose(phone, &sandbox, accident, 0).0
    };
    sandbox.plug.set(Line::Up);
    (sandbox, phone, flow, [lost, sound])
}

/// How many rows of halves the vault has.
fn halves(phone: Phone, sandbox: &Sandboxed) -> u32 {
    let mut found = None;
    phone.restart_after(sandbox, |vault| {
        let file = rusqlite::Connection::open(vault).unwrap();
        let count = "SELECT count(*) FROM records WHERE substr(name, 1, 1) = x'01'";
        found = file.query_row(count, [], |row| row.get(0)).ok();
    });
    found.unwrap()
}

//
#[tokio::test(flavor = "multi_thread")]
async fn an_order_for_a_lost_half_and_a_sound_one_ends_both_at_once_by_the_gateways_word_alone() {
    let alone = "end.stopped_alone";
    let rows = |accident| (accident, ClosureKind::Unilateral, alone, 0);
    let [damaged, gone] = ACCIDENTS.map(rows);
    let cases = [
        damaged,
        gone,
        // The vault can change nothing of what it cannot read.
        (ALL_DAMAGED, ClosureKind::Unilateral, alone, 2),
        // Control: whole halves are destroyed by both sides.
        ("", ClosureKind::TwoSided, "end.stopped", 0),
    ];
    for (accident, kind, words, left) in cases {
        let (sandbox, phone, flow, mandates) = ended_around(accident).await;
        for mandate in mandates {
            phone.until_closed(mandate).await;
            assert_eq!(phone.stage(mandate), Some(EndingStage::Closed(kind)), "{accident}");
            let half = phone.wallet.mandate(mandate).unwrap().phone_half;
            assert_eq!(half, ReplicaState::Destroyed, "{accident}");
        }
        let said = sandbox.plug.said("attestation");
        assert_eq!(said.len(), 1, "{accident}: said once");
        let receipts = phone.wallet.receipts().unwrap();
        let held: Vec<_> = receipts
            .iter()
            .map(|receipt| (receipt.mandates.len(), receipt.kind))
            .collect();
        assert_eq!(held, [(2, kind)], "{accident}");
        let disputed = |event: &WalletEvent| matches!(event, WalletEvent::Disputed { .. });
        assert!(!phone.events().iter().any(disputed), "{accident}");
        let shown = phone.wallet.closing_prompt(flow).unwrap().unwrap();
        let told = [shown.title, shown.body].map(|text| text.key);
        assert_eq!(
            told,
            ["title", "body"].map(|part| format!("{words}.{part}")),
            "{accident}"
        );
        assert_eq!(shown.next[0].key, "next.receipt", "{accident}");
        assert_eq!(halves(phone, &sandbox), left, "{accident}");
    }
}
