//! What the vault costs beside a plain store, in one run: `cargo bench -p quittance-disk --bench vault`.
//!
//! Every operation is timed in pairs, the plain store next to the vault, and a ratio is the median of the pairs' ratios: what
//! slows the machine down slows both. `--sizes 1000,10000` names other sizes, `--folder DIR` another disk; `--again vault get` (or `plain`, and `list`, `open`,
//! `insert`, `destroy`) does only that for five seconds, for a profiler. The page that
//! `cargo xtask bench` puts into docs/performance.md goes to the standard output, what is being done to the other one.

mod again;
mod baseline;
mod growth;
mod keystore;
mod memory;
mod pairs;
mod table;
mod vaulted;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baseline::Baseline;
use growth::Growth;
use keystore::Whose;
use pairs::{Pairs, milliseconds, timed};
use quittance_vault::{Randomness as _, SystemRandomness};
use table::{Table, grouped};
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
    /// Lets the log be written from its beginning again, as it is from time to time: a log that grows takes longer to sync.
    fn begin_log_anew(&mut self) -> Result<()>;
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
            memory::ARGUMENT => {
                let (store, folder) = (value()?, PathBuf::from(value()?));
                return match store.as_str() {
                    "vault" => memory::tell::<Vaulted>(&folder),
                    _ => memory::tell::<Baseline>(&folder),
                };
            }
            again::ARGUMENT => {
                let (store, what) = (value()?, value()?);
                return match store.as_str() {
                    "vault" => again::work::<Vaulted>(&what, &disk),
                    _ => again::work::<Baseline>(&what, &disk),
                };
            }
            // cargo says it to every benchmark.
            "--bench" => {}
            other => return Err(format!("unknown argument {other}").into()),
        }
    }
    let load = load()?;
    let (mut table, mut growth) = (Table::default(), Growth::default());
    growth.phones(&disk)?;
    for size in sizes.iter().copied() {
        eprintln!("-- {} records", grouped(size));
        let folder = tempfile::tempdir_in(&disk)?;
        let (plain, sealed) = (folder.path().join("plain"), folder.path().join("vault"));
        fs::create_dir(&plain)?;
        fs::create_dir(&sealed)?;
        Bench {
            size,
            plain,
            sealed,
            table: &mut table,
        }
        .run(&mut growth)?;
    }
    table.print(&sizes);
    println!();
    growth.print();
    println!(
        "\nThe machine's load average was {load} at the beginning and {} at the end.",
        self::load()?
    );
    Ok(())
}

/// How busy the machine is: the average of the last minute.
fn load() -> Result<String> {
    let averages = fs::read_to_string("/proc/loadavg")?;
    Ok(averages.split(' ').next().unwrap_or_default().to_owned())
}

/// One size, with the folders of both stores.
struct Bench<'a> {
    size: usize,
    plain: PathBuf,
    sealed: PathBuf,
    table: &'a mut Table,
}

impl Bench<'_> {
    /// Measures everything.
    fn run(&mut self, growth: &mut Growth) -> Result<()> {
        self.create()?;
        let ids = ids(self.size)?;
        self.fill(&ids)?;
        let some = scattered(&ids, 10_000.min(self.size));
        let plain = memory::peak_of("plain", &self.plain, &some)?;
        let sealed = memory::peak_of("vault", &self.sealed, &some)?;
        self.table
            .bytes("peak memory: opened, 10,000 records read", "", sealed, plain);
        self.open()?;
        self.read(&ids)?;
        growth.gateway(&self.sealed, &ids)?;
        self.write()
    }

    fn create(&mut self) -> Result<()> {
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
        self.table.times("create", "", &pairs);
        Ok(())
    }

    fn fill(&mut self, ids: &[[u8; 16]]) -> Result<()> {
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let record = random(RECORD)?;
        for some in ids.chunks(10_000) {
            plain.insert(some, &record)?;
            sealed.insert(some, &record)?;
        }
        self.table.bytes("file", "1.1", sealed.close()?, plain.close()?);
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let rows = self::ids(ROWS)?;
        plain.insert_rows(&rows, &record)?;
        sealed.insert_rows(&rows, &record)
    }

    fn open(&mut self) -> Result<()> {
        let mut pairs = Pairs::default();
        for _ in 0..31 {
            let (plain, took_plain) = timed(|| Baseline::open(&self.plain))?;
            let (sealed, took_sealed) = timed(|| Vaulted::open(&self.sealed))?;
            pairs.push(((), took_plain), ((), took_sealed));
            drop((plain, sealed));
        }
        self.table.times("open", "1.25", &pairs);
        Ok(())
    }

    fn read(&mut self, ids: &[[u8; 16]]) -> Result<()> {
        let (plain, sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let (mut firsts, mut agains) = (Pairs::default(), Pairs::default());
        let (mut names, mut rows) = (Pairs::default(), Pairs::default());
        for round in 0..31 {
            let asked = scattered(&rotated(ids, round), 500);
            let all = |get: &dyn Fn([u8; 16]) -> Result<usize>| asked.iter().try_for_each(|id| get(*id).map(drop));
            for gets in [&mut firsts, &mut agains] {
                gets.push(
                    timed(|| all(&|id| plain.get(id)))?,
                    timed(|| all(&|id| sealed.get(id)))?,
                );
            }
            rows.push(timed(|| plain.rows())?, timed(|| sealed.rows())?);
        }
        for _ in 0..9 {
            names.push(timed(|| plain.names())?, timed(|| sealed.names())?);
        }
        self.table.times("get, 500 records", "1.1", &firsts);
        self.table.times("get, the same 500 again", "1.1", &agains);
        self.table.times("list of 1,000 rows", "1.3", &rows);
        self.table.times("names of all records", "", &names);
        Ok(())
    }

    fn write(&mut self) -> Result<()> {
        let (mut plain, mut sealed) = (Baseline::open(&self.plain)?, Vaulted::open(&self.sealed)?);
        let record = random(RECORD)?;
        let mut written = Vec::new();
        for (what, goal, at_once, rounds) in [("insert 1", "1.15", 1, 61), ("insert 1,000", "", 1_000, 5)] {
            let mut pairs = Pairs::default();
            for _ in 0..rounds {
                let ids = ids(at_once)?;
                pairs.push(
                    timed(|| plain.insert(&ids, &record))?,
                    timed(|| sealed.insert(&ids, &record))?,
                );
                written.push(ids);
            }
            self.table.times(what, goal, &pairs);
        }
        let as_on_a_phone = ids(61)?;
        plain.insert(&as_on_a_phone, &record)?;
        sealed.insert(&as_on_a_phone, &record)?;
        plain.begin_log_anew()?;
        sealed.begin_log_anew()?;
        let written = written.concat();
        let (singles, hundreds) = written.split_at(61);
        let batches = [
            ("destroy 1", 1, singles, Whose::Gateways, ["1.15", "2.2"]),
            ("destroy 100", 100, hundreds, Whose::Gateways, ["", ""]),
            (
                "destroy 1 as on a phone",
                1,
                &as_on_a_phone[..],
                Whose::Phones,
                ["", ""],
            ),
        ];
        for (what, batch, ids, whose, [goal_without, goal]) in batches {
            sealed.go_on_like(whose)?;
            let (mut whole, mut without, mut rotations) = (Pairs::default(), Pairs::default(), Vec::new());
            for ids in ids.chunks(batch).take(61) {
                let plain = timed(|| plain.destroy(ids))?;
                let (done, took) = timed(|| sealed.destroy(ids))?;
                let rotation = sealed.rotation();
                whole.push(plain, (done, took));
                without.push(plain, (done, took.saturating_sub(rotation)));
                rotations.push(rotation);
            }
            self.table
                .times(&format!("{what}, without the rotation"), goal_without, &without);
            self.table.times(what, goal, &whole);
            self.table
                .alone(&format!("rotation in {what}"), milliseconds(rotations.into_iter()));
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
