//! Which files are there?

use std::ffi::OsString;
use std::fs::{self, DirEntry, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A folder with more names than this is walked in the order in which the system lists it: sorting would take
/// memory that grows with the folder. CloudTrail itself writes a folder a day.
const MAX_SORTED_NAMES: usize = 100_000;

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its path, beginning with the path that was asked for.
    pub path: PathBuf,
    /// Whether it was asked for by name, rather than found in a folder.
    pub named: bool,
}

/// A path that can't be read.
#[derive(Debug)]
pub struct Unreadable {
    /// The path.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// Goes over paths: files as they are, folders with everything below them, sorted by name (bytes). Symbolic links
/// are followed; a link to a folder that one is already in is reported. The path `-` is handed on as it is.
#[derive(Debug)]
pub struct Walk {
    /// Still to come, the next one last.
    roots: Vec<PathBuf>,
    folders: Vec<Folder>,
    /// The folders that the walk as a whole lies in: a link to one of them is a loop.
    around: Vec<(PathBuf, Identity)>,
}

/// Device and inode: how a loop is known.
type Identity = (u64, u64);

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    identity: Identity,
    entries: Entries,
}

#[derive(Debug)]
enum Entries {
    /// In order, the next one last.
    Sorted(Vec<Name>),
    /// As the system lists them: a first part, and the rest.
    Listed(Vec<Name>, fs::ReadDir),
}

type Answer = Result<FoundFile, Unreadable>;

/// A name in a folder, and whether it is known to be a regular file: then it needn't be asked for again.
type Name = (OsString, bool);

impl Walk {
    /// A walk over `paths`, in that order.
    #[must_use]
    pub fn new(paths: &[PathBuf]) -> Self {
        Self { roots: paths.iter().rev().cloned().collect(), folders: Vec::new(), around: Vec::new() }
    }

    /// A walk over one folder, which goes as far as the walk over `root`, in which it lies, would have gone there.
    pub(crate) fn within(root: &Path, folder: PathBuf) -> Self {
        let above = folder.ancestors().skip(1).take_while(|path| path.starts_with(root));
        let identified = |path: &Path| Some((path.to_owned(), identity(&fs::metadata(path).ok()?)));
        let around = above.filter_map(identified).collect();
        Self { roots: vec![folder], folders: Vec::new(), around }
    }

    /// Goes one step: an answer, or nothing where a folder was entered, left or passed by. `enters` is asked before a
    /// folder is listed, and may keep the walk out of it. `None`: that was all.
    pub(crate) fn step(&mut self, enters: &mut dyn FnMut(&Path) -> bool) -> Option<Option<Answer>> {
        let Some(folder) = self.folders.last_mut() else {
            let root = self.roots.pop()?;
            return Some(self.take(root, true, enters));
        };
        Some(match folder.entries.next() {
            None => {
                self.folders.pop();
                None
            }
            Some(Ok((name, is_file))) => {
                let path = folder.path.join(name);
                if is_file {
                    Some(Ok(FoundFile { path, named: false }))
                } else {
                    self.take(path, false, enters)
                }
            }
            Some(Err(error)) => {
                let path = folder.path.clone();
                self.folders.pop();
                Some(Err(unreadable(path, &error)))
            }
        })
    }

    /// Takes a path found: a folder is entered, a file is the answer.
    fn take(&mut self, path: PathBuf, named: bool, enters: &mut dyn FnMut(&Path) -> bool) -> Option<Answer> {
        if named && path.as_os_str() == "-" {
            return Some(Ok(FoundFile { path, named }));
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) => return Some(Err(unreadable(path, &error))),
        };
        if metadata.is_dir() {
            return self.enter(path, &metadata, enters).err().map(Err);
        }
        // A pipe that somebody names is meant to be read; one that lies in a folder would be waited for in vain.
        if !named && !metadata.is_file() {
            return Some(Err(Unreadable {
                path,
                reason: "not a regular file (a pipe, socket or device)".into(),
            }));
        }
        Some(Ok(FoundFile { path, named }))
    }

    fn enter(
        &mut self,
        path: PathBuf,
        metadata: &Metadata,
        enters: &mut dyn FnMut(&Path) -> bool,
    ) -> Result<(), Unreadable> {
        let identity = identity(metadata);
        let entered = self.folders.iter().map(|folder| (&folder.path, folder.identity));
        let mut outer = entered.chain(self.around.iter().map(|(path, identity)| (path, *identity)));
        if let Some((outer, _)) = outer.find(|(_, outer)| *outer == identity) {
            let reason = format!("a link loop: leads back to {}", outer.display());
            return Err(Unreadable { path, reason });
        }
        if !enters(&path) {
            return Ok(());
        }
        match list(&path) {
            Ok(entries) => {
                self.folders.push(Folder { path, identity, entries });
                Ok(())
            }
            Err(error) => Err(unreadable(path, &error)),
        }
    }
}

impl Iterator for Walk {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        loop {
            if let Some(answer) = self.step(&mut |_| true)? {
                return Some(answer);
            }
        }
    }
}

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

impl Entries {
    fn next(&mut self) -> Option<io::Result<Name>> {
        match self {
            Entries::Sorted(names) => names.pop().map(Ok),
            Entries::Listed(first, rest) => match first.pop() {
                Some(name) => Some(Ok(name)),
                None => rest.next().map(|entry| entry.map(|entry| name(&entry))),
            },
        }
    }
}

fn list(path: &Path) -> io::Result<Entries> {
    let mut rest = fs::read_dir(path)?;
    let mut names = Vec::new();
    for entry in rest.by_ref().take(MAX_SORTED_NAMES + 1) {
        names.push(name(&entry?));
    }
    if names.len() > MAX_SORTED_NAMES {
        names.reverse();
        return Ok(Entries::Listed(names, rest));
    }
    names.sort_unstable_by(|one, other| other.cmp(one));
    Ok(Entries::Sorted(names))
}

fn name(entry: &DirEntry) -> Name {
    (entry.file_name(), entry.file_type().is_ok_and(|kind| kind.is_file()))
}

pub(crate) fn unreadable(path: PathBuf, error: &io::Error) -> Unreadable {
    let reason = match error.kind() {
        io::ErrorKind::NotFound => "no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    Unreadable { path, reason }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn walked(root: &Path) -> Vec<String> {
        let shown = |path: &Path| path.strip_prefix(root).unwrap().display().to_string();
        Walk::new(&[root.to_owned()])
            .map(|item| match item {
                Ok(file) => shown(&file.path),
                Err(problem) => format!(
                    "{}: {}",
                    shown(&problem.path),
                    problem.reason.replace(&root.display().to_string(), "…")
                ),
            })
            .collect()
    }

    #[test]
    fn sorted_by_name_below_each_folder() {
        let root = tempfile::tempdir().unwrap();
        for name in ["b/2", "b/1", "a", "c/d/e"] {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        assert_eq!(walked(root.path()), ["a", "b/1", "b/2", "c/d/e"]);
    }

    #[test]
    fn links_are_followed_and_loops_reported() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir_all(root.path().join("a/b")).unwrap();
        fs::write(root.path().join("a/file"), "x").unwrap();
        symlink(root.path().join("a"), root.path().join("a/b/up")).unwrap();
        symlink("self", root.path().join("self")).unwrap();
        symlink("nowhere", root.path().join("dangling")).unwrap();
        assert_eq!(
            walked(root.path()),
            [
                "a/b/up: a link loop: leads back to …/a",
                "a/file",
                "dangling: no such file or folder",
                "self: Too many levels of symbolic links (os error 40)",
            ]
        );
    }

    #[test]
    fn a_pipe_in_a_folder_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let _listener = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        assert_eq!(walked(root.path()), ["socket: not a regular file (a pipe, socket or device)"]);
    }

    #[test]
    fn what_does_not_exist_is_an_answer() {
        let missing = PathBuf::from("no/such/folder");
        let answers: Vec<_> = Walk::new(std::slice::from_ref(&missing)).collect();
        let problem = answers.into_iter().next().unwrap().unwrap_err();
        assert_eq!((problem.path, problem.reason.as_str()), (missing, "no such file or folder"));
    }
}
