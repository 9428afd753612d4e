//! What the vault costs beside a plain store, in one run: `cargo bench -p quittance-disk --bench vault`.
//!
//! Every operation is timed in pairs, the plain store next to the vault, and a ratio is the median of the pairs' ratios: what
//! slows the machine down slows both. `--sizes 1000,10000` names other sizes, `--folder DIR` another disk.

mod baseline;
mod keystore;
mod memory;
mod pairs;
mod vaulted;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baseline::Baseline;
use pairs::{Pairs, timed};
use quittance_vault::{Randomness as _, SystemRandomness};
use vaulted::Vaulted;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Bytes of a record.
const RECORD: usize = 256;

/// Rows of the list that is read as a whole.
const ROWS: usize = 1_000;

/// What both stores can do.
trait Store: Sized {
    /// Opens what stands in the folder, or makes it.
    fn open(folder: &Path) -> Result<Self>;
    /// Puts records, all in one durable transaction.
    fn insert(&mut self, ids: &[[u8; 16]], record: &[u8]) -> Result<()>;
    /// Reads one record.
    fn get(&self, id: [u8; 16]) -> Result<usize>;
    /// The names of all records: how many there are.
    fn names(&self) -> Result<usize>;
    /// Puts the rows of a list.
    fn insert_rows(&mut self, ids: &[[u8; 16]], row: &[u8]) -> Result<()>;
    /// Reads every row of the list: how many there are.
    fn rows(&self) -> Result<usize>;
    /// Ends records, all at once and durably.
    fn destroy(&mut self, ids: &[[u8; 16]]) -> Result<()>;
    /// Closes the store: the bytes of its file then.
    fn close(self) -> Result<u64>;
}

fn main() -> Result<()> {
    let mut sizes = vec![1_000, 10_000, 100_000, 1_000_000];
    let mut disk = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
        match argument.as_str() {
            "--sizes" => {
                sizes = value()?
                    .split(',')
                    .map(str::parse)
                    .collect::<std::result::Result<_, _>>()?
            }
            "--folder" => disk = value()?.into(),
            // cargo says it to every benchmark.
            "--bench" => {}
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    println!("{}", pairs::HEADING);
    for size in sizes {
        let folder = tempfile::tempdir_in(&disk)?;
        let (plain, sealed) = (folder.path().join("plain"), folder.path().join("vault"));
        fs::create_dir(&plain)?;
        fs::create_dir(&sealed)?;
        Bench { size, plain, sealed }.run()?;
    }
    Ok(())
}

/// One size, with the folders of both stores.
struct Bench {
    size: usize,
    plain: PathBuf,
    sealed: PathBuf,
}

impl Bench {
    fn run(&self) -> Result<()> {
        self.create()?;
        let ids = ids(self.size)?;
        self.fill(&ids)?;
        let plain = self.measure::<Baseline>(&self.plain, &ids)?;
        let sealed = self.measure::<Vaulted>(&self.sealed, &ids)?;
        pairs::print_bytes(self.size, "peak memory, open and read", sealed, plain);
        self.open()?;
        self.read(&ids)?;
        self.write()
    }

    fn print(&self, what: &str, pairs: &Pairs) {
        println!("{}", pairs.row(self.size, what));
    }

    fn create(&self) -> Result<()> {
        let mut pairs = Pairs::default();
        for round in 0..9 {
            let name = format!("new-{round}");
            let (plain, sealed) = (self.plain.join(&name), self.sealed.join(&name));
            fs::create_dir(&plain)?;
            fs::create_dir(&sealed)?;
            pairs.push(
                timed(|| Baseline::open(&plain).map(drop))?,
                timed(|| Vaulted::open(&sealed).map(drop))?,
            );
        }
        self.print("create", &pairs);
        Ok(())
    }

    fn fill(&self, ids: &[[u8; 16]]) -> Result<()> {
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let record = random(RECORD)?;
        for some in ids.chunks(10_000) {
            plain.insert(some, &record)?;
            sealed.insert(some, &record)?;
        }
        pairs::print_bytes(self.size, "file", sealed.close()?, plain.close()?);
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let rows = self::ids(ROWS)?;
        plain.insert_rows(&rows, &record)?;
        sealed.insert_rows(&rows, &record)
    }

    /// The most memory that opening a store and reading a part of it took.
    fn measure<S: Store>(&self, folder: &Path, ids: &[[u8; 16]]) -> Result<u64> {
        let before = memory::forget_peak()?;
        let store = S::open(folder)?;
        for id in scattered(ids, 10_000) {
            store.get(id)?;
        }
        Ok(memory::peak()?.saturating_sub(before))
    }

    fn open(&self) -> Result<()> {
        let mut pairs = Pairs::default();
        for _ in 0..31 {
            let (plain, took_plain) = timed(|| Baseline::open(&self.plain))?;
            let (sealed, took_sealed) = timed(|| Vaulted::open(&self.sealed))?;
            pairs.push(((), took_plain), ((), took_sealed));
            drop((plain, sealed));
        }
        self.print("open", &pairs);
        Ok(())
    }

    fn read(&self, ids: &[[u8; 16]]) -> Result<()> {
        let (plain, sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let (mut gets, mut names, mut rows) = (Pairs::default(), Pairs::default(), Pairs::default());
        for round in 0..31 {
            let asked = scattered(&rotated(ids, round), 500);
            let all = |get: &dyn Fn([u8; 16]) -> Result<usize>| asked.iter().try_for_each(|id| get(*id).map(drop));
            gets.push(
                timed(|| all(&|id| plain.get(id)))?,
                timed(|| all(&|id| sealed.get(id)))?,
            );
            rows.push(timed(|| plain.rows())?, timed(|| sealed.rows())?);
        }
        for _ in 0..9 {
            names.push(timed(|| plain.names())?, timed(|| sealed.names())?);
        }
        self.print("get, 500 times", &gets);
        self.print("list of 1,000 rows", &rows);
        self.print("names of all records", &names);
        Ok(())
    }

    fn write(&self) -> Result<()> {
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let record = random(RECORD)?;
        let mut written = Vec::new();
        for (what, at_once, rounds) in [("insert 1, durable", 1, 61), ("insert 1,000, durable", 1_000, 5)] {
            let mut pairs = Pairs::default();
            for _ in 0..rounds {
                let ids = ids(at_once)?;
                pairs.push(
                    timed(|| plain.insert(&ids, &record))?,
                    timed(|| sealed.insert(&ids, &record))?,
                );
                written.push(ids);
            }
            self.print(what, &pairs);
        }
        let written = written.concat();
        let (singles, hundreds) = written.split_at(61);
        for (what, batch, ids) in [("destroy 1", 1, singles), ("destroy 100", 100, hundreds)] {
            let (mut whole, mut without) = (Pairs::default(), Pairs::default());
            for ids in ids.chunks(batch).take(61) {
                let plain = timed(|| plain.destroy(ids))?;
                let (done, took) = timed(|| sealed.destroy(ids))?;
                whole.push(plain, (done, took));
                without.push(plain, (done, took.saturating_sub(sealed.rotation())));
            }
            self.print(&format!("{what}, durable, without rotation"), &without);
            self.print(&format!("{what}, durable"), &whole);
        }
        Ok(())
    }
}

/// Names that nobody has used.
fn ids(count: usize) -> Result<Vec<[u8; 16]>> {
    let random = SystemRandomness::new();
    let mut ids = vec![[0; 16]; count];
    for id in &mut ids {
        random.fill(id)?;
    }
    Ok(ids)
}

fn random(count: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    SystemRandomness::new().fill(&mut bytes)?;
    Ok(bytes)
}

/// `count` of the ids, spread over all of them.
fn scattered(ids: &[[u8; 16]], count: usize) -> Vec<[u8; 16]> {
    // A step that shares no factor with a power of ten comes by every place.
    (0..count)
        .filter_map(|turn| ids.get(turn * 7_919 % ids.len()).copied())
        .collect()
}

/// The ids from another place on.
fn rotated(ids: &[[u8; 16]], round: usize) -> Vec<[u8; 16]> {
    let mut ids = ids.to_vec();
    let places = round * 101 % ids.len().max(1);
    ids.rotate_left(places);
    ids
}
