//! Who is told that a file may have been saved. The only file that knows notify.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// Listens to the file's folder, since editors put another file in its place; and to the folder of what a link leads to. Where a
/// system cannot tell (too many are watched, a network drive), whoever looks once in a while will see it all the same.
pub struct Saves {
    file: PathBuf,
    told: Told,
    watcher: Option<RecommendedWatcher>,
}

type Told = Arc<dyn Fn() + Send + Sync>;

impl Saves {
    pub fn listen(file: &Path, told: impl Fn() + Send + Sync + 'static) -> Saves {
        let told: Told = Arc::new(told);
        let watcher = watcher(file, Arc::clone(&told));
        Saves { file: file.to_path_buf(), told, watcher }
    }

    /// Once in a while: a folder that was taken away is watched no longer, though another has its name now.
    pub fn again(&mut self, gone: bool) {
        if gone || self.watcher.is_none() {
            self.watcher = watcher(&self.file, Arc::clone(&self.told));
        }
    }
}

fn watcher(file: &Path, told: Told) -> Option<RecommendedWatcher> {
    let mut places = vec![place(file)?];
    if file.is_symlink()
        && let Ok(target) = file.canonicalize()
    {
        places.extend(place(&target));
    }
    let names: Vec<OsString> = places.iter().map(|place| place.name.clone()).collect();
    let heard = move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| concerns(&event, &names)) {
            told();
        }
    };
    let mut watcher = notify::recommended_watcher(heard).ok()?;
    for place in &places {
        watcher.watch(&place.folder, RecursiveMode::NonRecursive).ok()?;
    }
    Some(watcher)
}

struct Place {
    folder: PathBuf,
    name: OsString,
}

fn place(file: &Path) -> Option<Place> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    };
    Some(Place { folder, name: file.file_name()?.to_os_string() })
}

/// Whether an event may be a save of one of these, or of settings beside it. Reading is none, or we would wake ourselves.
fn concerns(event: &notify::Event, names: &[OsString]) -> bool {
    let read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
    let ours = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name == super::super::settings::NAME || names.iter().any(|ours| ours == name))
    };
    // Too much happened to be told apart.
    !read && (event.need_rescan() || event.paths.iter().any(ours))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use notify::event::{AccessKind, AccessMode, CreateKind, EventKind, Flag, ModifyKind, RenameMode};

    use super::concerns;

    #[test]
    fn a_save_is_told_from_what_else_happens_in_a_folder() {
        let names = [OsString::from("shop.arch")];
        let event = |kind, path: &str| notify::Event::new(kind).add_path(path.into());
        let renamed = EventKind::Modify(ModifyKind::Name(RenameMode::To));
        for (kind, path, expected) in [
            (EventKind::Create(CreateKind::File), "x/shop.arch", true),
            (renamed, "x/shop.arch", true),
            (EventKind::Access(AccessKind::Close(AccessMode::Write)), "x/shop.arch", true),
            (EventKind::Access(AccessKind::Open(AccessMode::Any)), "x/shop.arch", false),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), "x/shop.arch", false),
            (renamed, "x/shop.svg", false),
            (renamed, "x/spof.toml", true),
        ] {
            assert_eq!(concerns(&event(kind, path), &names), expected, "{kind:?} {path}");
        }
        assert!(concerns(&notify::Event::new(EventKind::Other).set_flag(Flag::Rescan), &names));
    }
}
