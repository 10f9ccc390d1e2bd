//! One writer at a time. The lock is the operating system's, which takes it back from a process that is gone.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use fs4::TryLockError;

use crate::cli::output::Trouble;

/// Held until the file is dropped; None where another holds it for longer than that.
pub fn take(path: &Path, patience: Duration) -> Result<Option<File>, Trouble> {
    let cannot = |error: std::io::Error| Trouble::new(format!("cannot lock `{}`: {error}", path.display()));
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(cannot)?;
    let begun = Instant::now();
    loop {
        match fs4::FileExt::try_lock(&file) {
            Ok(()) => return Ok(Some(file)),
            // Some file systems have no locks; two sessions at once are rarer than those.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                return Ok(Some(file));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
            Err(TryLockError::WouldBlock) if begun.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(10));
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
        }
    }
}
