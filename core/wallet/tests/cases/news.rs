//! News is kept until the payer was shown it, and is not told again afterwards.

use crate::support::Sandboxed;
use crate::support::phone::{Phone, cny};
use quittance_protocol::MandateId;
use quittance_wallet::{WalletEvent, WalletNews};

/// A phone that was shown everything up to now, but for this many charges under a mandate.
async fn charged(sandbox: &Sandboxed, times: i64) -> (Phone, MandateId) {
    let phone = Phone::enrolled(sandbox).await;
    let merchant = sandbox.merchant("Bluebird").await;
    let mandate = phone.sign(&sandbox.offer(&merchant, "pay_as_you_go").await).await;
    phone.wallet.sync().await.unwrap();
    phone.events();
    for ride in 1..=times {
        let reference = format!("ride-{ride}");
        sandbox.charge(&merchant, mandate, ride * 100, &reference, None).await;
    }
    phone.wallet.sync().await.unwrap();
    (phone, mandate)
}

fn news(phone: &Phone, shown: Option<u64>) -> Vec<WalletNews> {
    phone.wallet.news(shown).unwrap()
}

fn events(news: &[WalletNews]) -> Vec<WalletEvent> {
    news.iter().map(|news| news.event.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_and_not_shown_is_given_again_by_the_next_process_and_what_was_shown_is_not() {
    let sandbox = Sandboxed::start().await;
    let (phone, mandate) = charged(&sandbox, 2).await;
    let given = news(&phone, None);
    let charge = |minor| WalletEvent::Charged {
        mandate,
        amount: cny(minor),
    };
    assert_eq!(events(&given), [charge(100), charge(200)]);

    let phone = phone.restart(&sandbox);
    assert_eq!(news(&phone, None), given);
    let last = given.last().unwrap().number;
    assert_eq!(news(&phone, Some(last)), []);

    let phone = phone.restart(&sandbox);
    assert_eq!(news(&phone, None), [], "control: it was shown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_forgets_what_is_older_than_it_with_it_and_nothing_newer_however_often_it_is_told() {
    let sandbox = Sandboxed::start().await;
    let (phone, _) = charged(&sandbox, 4).await;
    let given = news(&phone, None);
    let (first, second) = (given[0].number, given[1].number);

    for phone in [&phone, &phone] {
        assert_eq!(news(phone, Some(second)), given[2..], "the first went with it");
    }
    assert_eq!(news(&phone, Some(first)), given[2..], "it was forgotten before");
    let phone = phone.restart(&sandbox);
    assert_eq!(news(&phone, Some(first)), given[2..]);
    assert_eq!(news(&phone, None), given[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_the_wallet_never_gave_forgets_nothing() {
    let sandbox = Sandboxed::start().await;
    let (phone, _) = charged(&sandbox, 2).await;
    let given = news(&phone, None);
    let last = given.last().unwrap().number;
    for number in [last + 1, u64::MAX] {
        assert_eq!(news(&phone, Some(number)), given);
    }
    assert_eq!(news(&phone, Some(last)), [], "control: one that it gave does");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_is_given_twice_though_everything_under_it_is_forgotten() {
    let sandbox = Sandboxed::start().await;
    let (phone, mandate) = charged(&sandbox, 2).await;
    let last = news(&phone, None).last().unwrap().number;
    assert_eq!(news(&phone, Some(last)), []);

    let phone = phone.restart(&sandbox);
    phone.wallet.pause(&[mandate]).await.unwrap();
    let fresh = news(&phone, Some(last));
    assert!(!fresh.is_empty(), "the number of before forgets none of them");
    assert!(fresh.iter().all(|news| news.number > last), "{fresh:?}");
    assert!(fresh.is_sorted_by(|one, next| one.number < next.number), "{fresh:?}");
}
