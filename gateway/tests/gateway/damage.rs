//! A data folder of which a page went bad: refused and left alone, or nothing that ended comes back.

use std::path::Path;

use fastrand::Rng;
use quittance_gateway::{Failure, OpenError};
use quittance_protocol::MandateId;
use quittance_vault::VaultError;

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

/// Whether a refusal speaks of a database that is not what it should be.
fn is_of_the_database(refused: &OpenError) -> bool {
    match refused {
        OpenError::DatabaseDamaged
        | OpenError::NotADatabase
        | OpenError::NewerDatabase { .. }
        | OpenError::DatabaseOlder
        | OpenError::LogName(_)
        | OpenError::Policy(_)
        | OpenError::PolicyStatement(_)
        | OpenError::PolicyChanged { .. }
        // A byte of the key's name in the stored bundle.
        | OpenError::PolicyOtherAuthor { .. } => true,
        OpenError::Failure(failure) => matches!(
            failure,
            Failure::Database(_) | Failure::Damaged(_) | Failure::Log(_) | Failure::Merkle(_)
        ),
        _ => false,
    }
}

/// Whether a refusal speaks of a vault that is not what it should be, or has not what the database says.
fn is_of_the_vault(refused: &OpenError) -> bool {
    match refused {
        OpenError::Vault(error) | OpenError::Failure(Failure::Vault(error)) => matches!(
            error,
            VaultError::Corrupt { .. }
                | VaultError::NotAVault
                | VaultError::NewerVersion { .. }
                | VaultError::Quarantined { .. }
                | VaultError::Store(_)
        ),
        OpenError::DatabaseOlder | OpenError::Failure(Failure::Damaged(_)) => true,
        _ => false,
    }
}

/// A file of the data folder, and which refusals are of it.
struct Target {
    file: &'static str,
    is_of_it: fn(&OpenError) -> bool,
}

const DATABASE: Target = Target {
    file: "gateway.sqlite",
    is_of_it: is_of_the_database,
};
const VAULT: Target = Target {
    file: "vault.sqlite",
    is_of_it: is_of_the_vault,
};

/// What became of damages.
#[derive(Debug, Default)]
struct Tally {
    /// The gateway did not start.
    refused: usize,
    /// It started, and did not charge what lives.
    unusable: usize,
    /// It started, and what lives paid.
    unnoticed: usize,
    /// It started, and wrote more than each start does.
    wrote: usize,
}

/// Bounds are shares: how many pages there are changes with what the files hold.
impl Tally {
    fn all(&self) -> usize {
        self.refused + self.unusable + self.unnoticed
    }

    fn is_refused_in(&self, percent: usize) -> bool {
        self.refused * 100 >= self.all() * percent
    }

    fn is_unnoticed_in_less_than(&self, percent: usize) -> bool {
        self.unnoticed * 100 < self.all() * percent
    }
}

/// What each start writes of the database, into the log beside it: a page with the merchants of its configuration.
const OF_A_START: usize = 32 + 24 + PAGE;

/// How many bytes stand in the logs beside both files.
fn logged(data: &Path) -> usize {
    let length = |file: &str| std::fs::read(data.join(file)).map_or(0, |log| log.len());
    length("gateway.sqlite-wal") + length("vault.sqlite-wal")
}

/// Damages one file in each way, and starts the gateway.
async fn tally(target: &Target) -> Tally {
    let file = target.file;
    let (house, [living, ended]) = house().await;
    let read = |name: &'static str| (name, std::fs::read(house.data().join(name)).unwrap());
    let good = [read("gateway.sqlite"), read("vault.sqlite")];
    let (_, whole) = good.iter().find(|(name, _)| *name == file).unwrap();
    let mut tally = Tally::default();
    for (number, damaged) in damages(whole).enumerate() {
        put(&house.data(), &good);
        put(&house.data(), &[(file, damaged.clone())]);
        let started = house.start();
        let after = std::fs::read(house.data().join(file)).unwrap();
        assert!(after == damaged, "damage {number}: a start altered it: {started:?}");
        match started {
            Err(refused) => {
                assert!((target.is_of_it)(&refused), "damage {number}: {refused:?}");
                tally.refused += 1;
            }
            Ok(()) => {
                tally.wrote += usize::from(logged(&house.data()) > OF_A_START);
                let dead = outcome(&house, ended).await;
                assert!(
                    !dead.contains("approved"),
                    "damage {number}: what ended was charged: {dead}"
                );
                let alive = outcome(&house, living).await;
                *(if alive.contains("approved") {
                    &mut tally.unnoticed
                } else {
                    &mut tally.unusable
                }) += 1;
                house.stop();
            }
        }
    }
    // Control: whole files open, and what lives pays.
    put(&house.data(), &good);
    house.start().unwrap();
    assert_eq!(
        logged(&house.data()),
        OF_A_START,
        "control: this is what a start writes"
    );
    approved(&house.charge(living, 100).await);
    println!("{file}: {tally:?} of {} pages", whole.len() / PAGE);
    // A start goes on with what the file says is left to do, which damage may change.
    assert!(tally.wrote * 100 < tally.unnoticed, "{tally:?}");
    tally
}

#[tokio::test]
async fn each_page_of_the_database_that_goes_bad_is_refused_or_brings_nothing_back() {
    let tally = tally(&DATABASE).await;
    assert!(
        tally.is_refused_in(30) && tally.is_unnoticed_in_less_than(70),
        "{tally:?}"
    );
}

#[tokio::test]
async fn each_page_of_its_vault_that_goes_bad_is_refused_or_brings_nothing_back() {
    let tally = tally(&VAULT).await;
    assert!(
        tally.is_refused_in(30) && tally.is_unnoticed_in_less_than(70),
        "{tally:?}"
    );
}
