//! The disk under key files.

use std::io;

use quittance_gateway::Shelf;

use crate::{Operation, RecordingDisk};

impl Shelf for RecordingDisk {
    fn read(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        Ok(self.history().file(name).map(<[u8]>::to_vec))
    }

    fn write(&self, name: &str, page: &[u8]) -> io::Result<()> {
        let mut history = self.history();
        history.perform(Operation::Write {
            file: name.to_owned(),
            at: 0,
            bytes: page.to_vec(),
        });
        history.sync(name)
    }
}
