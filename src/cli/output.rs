//! Writing results, and saying what went wrong.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write, stderr, stdout};
use std::path::{Path, PathBuf};

use tempfile::Builder;

use super::Status;
use super::terminal::{self, Color};
use crate::diagnostic::Severity;
use crate::report::{Paint, Style, Wrap, clean};

/// Something outside any design that stops a command: `error: …` and a line of help.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    message: String,
    help: Option<String>,
}

impl Trouble {
    pub fn new(message: impl Into<String>) -> Trouble {
        Trouble { message: message.into(), help: None }
    }

    pub fn help(mut self, help: impl Into<String>) -> Trouble {
        self.help = Some(help.into());
        self
    }

    pub fn message(&self) -> &str {
        &self.message
    }

    /// Says it on standard error.
    pub fn report(&self, color: Color) -> Status {
        say(&self.text(terminal::for_stderr(color)));
        Status::Bad
    }

    pub fn text(&self, style: Style) -> String {
        let paint = Paint { on: style.color };
        let mut text = format!("{}: {}\n", paint.severity(Severity::Error, "error"), clean(&self.message));
        if let Some(help) = &self.help {
            let help = Wrap { width: style.width, first: 6, hang: 6 }.text(help);
            text.push_str(&format!("{}: {help}\n", paint.bold("help")));
        }
        text
    }
}

/// To standard error; if even that cannot be written, nobody is there to be told.
pub(super) fn say(text: &str) {
    let _ = stderr().lock().write_all(text.as_bytes());
}

/// To standard output. A reader that has left ends the output quietly.
pub(super) fn print(text: &str) -> Result<(), Trouble> {
    print_bytes(text.as_bytes())
}

pub(super) fn print_bytes(content: &[u8]) -> Result<(), Trouble> {
    let mut out = stdout().lock();
    goes_on(out.write_all(content).and_then(|()| out.flush())).map(drop)
}

/// The same where more is to come: false once the reader has left.
pub(super) fn print_on(text: &str) -> Result<bool, Trouble> {
    let mut out = stdout().lock();
    goes_on(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// What to make of a write to standard output: false where its reader has left.
pub(super) fn goes_on(written: std::io::Result<()>) -> Result<bool, Trouble> {
    match written {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Trouble::new(format!("cannot write to standard output: {error}"))),
    }
}

/// For a mistake of ours that one design has brought to light, which stops no other.
pub(super) fn panicked(file: &Path) -> Trouble {
    Trouble::new(format!("`{}` could not be checked: the program failed on it", file.display()))
        .help("that is a mistake in spof and not in the design; the lines above say where")
}

/// Prints a command's result and gives its status, or says why it cannot.
pub(super) fn finish(text: &str, status: Status, color: Color) -> Status {
    match print(text) {
        Ok(()) => status,
        Err(trouble) => trouble.report(color),
    }
}

/// Replaces a file at once, so that a reader sees the old text or the new one; anything but a regular file is written
/// to directly.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Trouble> {
    // A link stays a link: what it points at is replaced.
    let target = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let written = match std::fs::metadata(&target) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(
                Trouble::new(format!("`{}` is a directory", path.display())).help("name a file in it")
            );
        }
        Ok(metadata) if !metadata.is_file() => {
            OpenOptions::new().write(true).open(&target).and_then(|mut file| file.write_all(content))
        }
        Ok(metadata) => {
            // A rename needs no right to the file itself: what is write-protected stays so.
            if metadata.permissions().readonly() {
                Err(ErrorKind::PermissionDenied.into())
            } else {
                replace(&target, content, Some(metadata.permissions()))
            }
        }
        Err(_) => replace(&target, content, None),
    };
    match written {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(cannot_write(path, &error)),
        Ok(()) => Ok(()),
    }
}

/// Writes a file that is not there yet.
pub(super) fn create(path: &Path, text: &str) -> Result<(), Trouble> {
    let temporary = temporary(&folder(path), text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    temporary.persist_noclobber(path).map_err(|error| cannot_write(path, &error.error))?;
    Ok(())
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Trouble {
    // The path inside the error is that of the temporary file, which says nothing to anyone.
    let reason = match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
        None => match error.kind() {
            ErrorKind::NotFound => "no such directory".to_string(),
            kind => kind.to_string(),
        },
    };
    Trouble::new(format!("cannot write `{}`: {reason}", path.display()))
}

fn replace(target: &Path, content: &[u8], permissions: Option<std::fs::Permissions>) -> std::io::Result<()> {
    let temporary = temporary(&folder(target), content)?;
    if let Some(permissions) = permissions {
        temporary.as_file().set_permissions(permissions)?;
    }
    temporary.persist(target).map_err(|error| error.error)?;
    Ok(())
}

/// A file beside its target, since a rename cannot cross file systems; it goes away if it is not renamed.
fn temporary(folder: &Path, content: &[u8]) -> std::io::Result<tempfile::NamedTempFile> {
    let mut builder = Builder::new();
    builder.prefix(".spof-").suffix(".tmp");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Less the umask, as for any new file.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut temporary = builder.tempfile_in(folder)?;
    temporary.as_file_mut().write_all(content)?;
    sync(temporary.as_file())?;
    Ok(temporary)
}

/// To the disk before the rename, or a power cut may leave the new name with no text.
fn sync(file: &File) -> std::io::Result<()> {
    match file.sync_all() {
        // Some file systems cannot; that is no reason to write nothing.
        Err(error) if error.kind() == ErrorKind::Unsupported || error.kind() == ErrorKind::InvalidInput => {
            Ok(())
        }
        other => other,
    }
}

fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}
