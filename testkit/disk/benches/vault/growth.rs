//! What a vault costs its owner as it grows: a phone by its mandates, a gateway by its tokens.

use std::fs;
use std::path::Path;

use super::keystore::Whose;
use super::pairs::{milliseconds, timed};
use super::table::{grouped, megabytes, shown};
use super::vaulted::Vaulted;
use super::{RECORD, Result, Store as _, ids, memory, random, scattered};

/// Mandates of a phone.
const MANDATES: [usize; 3] = [10, 100, 1_000];

/// Bytes of the row that tells of a mandate.
const MANDATE: usize = 2_048;

/// Records that are destroyed, each by itself.
const ENDS: usize = 31;

/// One size of one owner.
struct Point {
    owner: String,
    file: u64,
    memory: u64,
    open: f64,
    list: Option<f64>,
    destroy: f64,
    written: u64,
}

/// The sizes that were measured.
#[derive(Default)]
pub(crate) struct Growth(Vec<Point>);

impl Growth {
    /// Measures vaults that hold what phones keep, each made for it. What a wallet costs on top is another measurement.
    pub(crate) fn phones(&mut self, disk: &Path) -> Result<()> {
        for count in MANDATES {
            let folder = tempfile::tempdir_in(disk)?;
            let mut phone = Vaulted::open_with(folder.path(), Whose::Phones)?;
            let ids = ids(count)?;
            phone.insert(&ids, &random(RECORD)?)?;
            phone.insert_rows(&ids, &random(MANDATE)?)?;
            drop(phone);
            let owner = format!("phone's, {} mandates", grouped(count));
            self.point(owner, folder.path(), Whose::Phones, &ids)?;
        }
        Ok(())
    }

    /// Measures a gateway that stands.
    pub(crate) fn gateway(&mut self, folder: &Path, ids: &[[u8; 16]]) -> Result<()> {
        let owner = format!("gateway's, {} tokens", grouped(ids.len()));
        self.point(owner, folder, Whose::Gateways, ids)
    }

    fn point(&mut self, owner: String, folder: &Path, whose: Whose, ids: &[[u8; 16]]) -> Result<()> {
        let file = fs::metadata(folder.join("vault.db"))?.len();
        let memory = memory::peak_of("vault", folder, &scattered(ids, ids.len().min(10_000)))?;
        let mut opened = Vec::new();
        for _ in 0..9 {
            let (vault, took) = timed(|| Vaulted::open_with(folder, whose))?;
            opened.push(took);
            drop(vault);
        }
        let mut vault = Vaulted::open_with(folder, whose)?;
        let mut listed = Vec::new();
        for _ in 0..9 {
            listed.push(timed(|| vault.rows())?.1);
        }
        // The first makes the key that all others find made, at a gateway.
        let ends = scattered(ids, ENDS.min(ids.len()));
        let (first, ends) = ends.split_first().ok_or("nothing to destroy")?;
        vault.destroy(&[*first])?;
        let before = memory::written()?;
        let mut ended = Vec::new();
        for id in ends {
            ended.push(timed(|| vault.destroy(&[*id]))?.1);
        }
        let written = (memory::written()? - before) / u64::try_from(ends.len())?;
        let destroy = milliseconds(ended.into_iter());
        eprintln!("{owner}: {written} bytes and {destroy:.2} ms a destruction");
        self.0.push(Point {
            owner,
            file,
            memory,
            open: milliseconds(opened.into_iter()),
            list: (whose == Whose::Phones).then(|| milliseconds(listed.into_iter())),
            destroy,
            written,
        });
        Ok(())
    }

    /// The table, then the curve of what one destruction writes.
    pub(crate) fn print(&self) {
        println!("| whose vault | file | memory | open | list of all rows | destroy 1 | bytes written by it |");
        println!("|---|---|---|---|---|---|---|");
        for point in &self.0 {
            println!(
                "| {} | {:.2} MB | {:.2} MB | {} | {} | {} | {} |",
                point.owner,
                megabytes(point.file),
                megabytes(point.memory),
                shown(point.open),
                point.list.map(shown).unwrap_or_default(),
                shown(point.destroy),
                grouped(usize::try_from(point.written).unwrap_or(usize::MAX)),
            );
        }
        println!("\nBytes written by one destruction, a block for each 2 KiB:\n\n```text");
        for point in &self.0 {
            let blocks = usize::try_from(point.written / 2_048).unwrap_or(usize::MAX);
            println!("{:>28} {}", point.owner, "#".repeat(blocks.min(80)));
        }
        println!("```");
    }
}
