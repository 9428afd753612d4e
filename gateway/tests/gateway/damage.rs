//! A data folder of which a page went bad: refused and left alone, or nothing that ended comes back.

use std::path::Path;

use fastrand::Rng;
use quittance_protocol::MandateId;

use crate::support::House;
use crate::support::phone::{Phone, approved};

const PAGE: usize = 4_096;

/// A stopped gateway with one living permission and one that ended, in this order.
async fn house() -> (House, [MandateId; 2]) {
    let house = House::new();
    let phone = Phone::ready(&house).await;
    let (living, ended) = (phone.sign_mandate().await, phone.sign_mandate().await);
    phone.revoke(&[ended.mandate]).await;
    house.settle().await;
    house.stop();
    (house, [living.mandate, ended.mandate])
}

/// Bytes in which SQLite says what the file is.
const FILE_HEADER: usize = 100;
/// Further places of each page, drawn with a fixed seed.
const PLACES: usize = 12;

/// Pages that are empty or another's; then one bit at a time of what the file says about itself, of what each page does, and
/// anywhere in it.
fn damages(good: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let (pages, mut chance) = (good.len() / PAGE, Rng::with_seed(8));
    let with = |change: &dyn Fn(&mut [u8])| {
        let mut damaged = good.to_vec();
        change(&mut damaged);
        damaged
    };
    let of_a_page = move |page: usize| {
        let (from, other) = (page * PAGE, (page + 1) % pages * PAGE);
        let itself = if page == 0 { 0..FILE_HEADER } else { 0..0 };
        let drawn: [usize; PLACES] = std::array::from_fn(|_| chance.usize(..PAGE));
        let flipped = itself
            .chain([0, 5])
            .chain(drawn)
            .map(move |byte| with(&|file| file[from + byte] ^= 1 << (byte % 8)));
        let empty = with(&|file| file[from..from + PAGE].fill(0));
        let exchanged = with(&|file| file.copy_within(other..other + PAGE, from));
        [empty, exchanged].into_iter().chain(flipped)
    };
    let cut = [100, PAGE, good.len() / 2, good.len() - PAGE].map(|length| good[..length].to_vec());
    (0..pages).flat_map(of_a_page).chain(cut)
}

fn put(data: &Path, files: &[(&str, Vec<u8>)]) {
    for entry in std::fs::read_dir(data).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with("-wal") || name.ends_with("-shm") {
            std::fs::remove_file(path).unwrap();
        }
    }
    for (name, bytes) in files {
        std::fs::write(data.join(name), bytes).unwrap();
    }
}

/// What a merchant is told: a decision or a problem.
async fn outcome(house: &House, mandate: MandateId) -> String {
    String::from_utf8(house.charge(mandate, 100).await.body).unwrap()
}

/// How many damages of one file were refused at the start, refused when the permission was used, or changed nothing.
async fn tally(file: &'static str) -> [usize; 3] {
    let (house, [living, ended]) = house().await;
    let read = |name: &'static str| (name, std::fs::read(house.data().join(name)).unwrap());
    let good = [read("gateway.sqlite"), read("vault.sqlite")];
    let (_, whole) = good.iter().find(|(name, _)| *name == file).unwrap();
    let mut tally = [0; 3];
    for (number, damaged) in damages(whole).enumerate() {
        put(&house.data(), &good);
        put(&house.data(), &[(file, damaged.clone())]);
        match house.start() {
            Err(refused) => {
                let after = std::fs::read(house.data().join(file)).unwrap();
                assert!(
                    after == damaged,
                    "damage {number}: a refused file was altered: {refused}"
                );
                tally[0] += 1;
            }
            Ok(()) => {
                let dead = outcome(&house, ended).await;
                assert!(
                    !dead.contains("approved"),
                    "damage {number}: what ended was charged: {dead}"
                );
                let alive = outcome(&house, living).await;
                tally[if alive.contains("approved") { 2 } else { 1 }] += 1;
                house.stop();
            }
        }
    }
    // Control: whole files open, and what lives pays.
    put(&house.data(), &good);
    house.start().unwrap();
    approved(&house.charge(living, 100).await);
    println!("{file}: {tally:?} of {} pages", whole.len() / PAGE);
    tally
}

#[tokio::test]
async fn each_page_of_the_database_that_goes_bad_is_refused_or_brings_nothing_back() {
    let [refused, ..] = tally("gateway.sqlite").await;
    assert!(refused > 100, "{refused}");
}

#[tokio::test]
async fn each_page_of_its_vault_that_goes_bad_is_refused_or_brings_nothing_back() {
    let [refused, ..] = tally("vault.sqlite").await;
    assert!(refused > 20, "{refused}");
}
