//! One kind of work on one store, again and again, for a profiler to look at.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{RECORD, ROWS, Result, Store, ids, random, scattered};

/// The argument by which this program is told to do so.
pub(crate) const ARGUMENT: &str = "--again";

/// For how long.
const FOR: Duration = Duration::from_secs(5);

/// Records that stand meanwhile.
const RECORDS: usize = 10_000;

/// Does the work on a store that is made for it, and says what one turn took.
pub(crate) fn work<S: Store>(what: &str, disk: &Path) -> Result<()> {
    let folder = tempfile::tempdir_in(disk)?;
    let mut store = S::open(folder.path())?;
    let (ids, rows, record) = (ids(RECORDS)?, self::ids(ROWS)?, random(RECORD)?);
    store.insert(&ids, &record)?;
    store.insert_rows(&rows, &record)?;
    store.close()?;
    let mut store = S::open(folder.path())?;
    let asked = scattered(&ids, 500);
    let mut ends = ids.iter();
    let (began, mut turns) = (Instant::now(), 0_u32);
    while began.elapsed() < FOR {
        match what {
            "get" => asked.iter().try_for_each(|id| store.get(*id).map(drop))?,
            "list" => drop(store.rows()?),
            "insert" => store.insert(&self::ids(1)?, &record)?,
            "destroy" => match ends.next() {
                Some(id) => store.destroy(&[*id])?,
                None => break,
            },
            "open" => {
                store.close()?;
                store = S::open(folder.path())?;
            }
            other => return Err(format!("no such work: {other}").into()),
        }
        turns += 1;
    }
    eprintln!("{what}: {:?} a turn, {turns} turns", began.elapsed() / turns.max(1));
    Ok(())
}
