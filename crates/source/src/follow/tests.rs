//! Real folders, real inotify. Waiting ends with what is waited for; the bound is only there so that a failure ends.

use std::cell::Cell;
use std::collections::HashMap;
use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

const BOUND: Duration = Duration::from_secs(60);

thread_local! {
    static LIMIT_OF_WATCHES: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// How many folders the system is said to watch.
pub(super) fn limit_of_watches() -> usize {
    LIMIT_OF_WATCHES.get()
}

/// A folder that is followed, and what was found in it.
struct Followed {
    folder: TempDir,
    follow: Follow,
    versions: HashMap<PathBuf, Version>,
    said: Vec<String>,
}

impl Followed {
    /// Follows the folder `trail` in a new one.
    fn new(options: FollowOptions, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        prepare(&folder.path().join("trail"));
        let follow = Follow::new(folder.path().join("trail"), options);
        Followed { folder, follow, versions: HashMap::new(), said: Vec::new() }
    }

    /// With an empty folder, until it is watched.
    fn empty(options: FollowOptions) -> Self {
        let mut followed = Followed::new(options, |trail| fs::create_dir(trail).unwrap());
        followed.until_said("caught up");
        followed
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("trail").join(name)
    }

    /// What comes in that time, in words: `+ a` is a file.
    fn next(&mut self, timeout: Duration) {
        for event in self.follow.next(timeout) {
            self.note(event);
        }
    }

    fn note(&mut self, event: Event) {
        let root = self.folder.path().join("trail");
        let shown = |path: &Path| path.strip_prefix(&root).unwrap().display().to_string();
        let problem = |problem: Unreadable| {
            format!("{}: {}", shown(&problem.path), problem.reason.replace(root.to_str().unwrap(), "…"))
        };
        self.said.push(match event {
            Event::File(Candidate { path, version }) => {
                let said = format!("+ {}", shown(&path));
                self.versions.insert(path, version);
                said
            }
            Event::Trouble(trouble) => problem(trouble),
            Event::Unwatched(reason) => format!("unwatched {}", problem(reason)),
            Event::Recovered => "recovered".into(),
            Event::CaughtUp => "caught up".into(),
        });
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let end = Instant::now() + BOUND;
        while !done(self) {
            assert!(Instant::now() < end, "{what} is waited for in vain: {:?}", self.said);
            self.next(Duration::from_millis(100));
        }
    }

    fn until_said(&mut self, what: &str) {
        self.until(what, |followed| followed.said.iter().any(|said| said == what));
    }

    /// Writes a file and waits for it: then all that happened before was seen.
    fn mark(&mut self) {
        let name = format!("mark{}", self.said.len());
        write(&self.path(&name), "x");
        self.until_said(&format!("+ {name}"));
        self.said.retain(|said| !said.starts_with("+ mark"));
    }

    fn until_current(&mut self) {
        let root = self.path("");
        self.until("the last version of each file", |followed| {
            current(&root).iter().all(|(path, version)| followed.versions.get(path) == Some(version))
        });
    }
}

fn polled() -> FollowOptions {
    FollowOptions { watch: false, poll: Duration::from_millis(5), ..FollowOptions::default() }
}

fn both() -> [FollowOptions; 2] {
    [FollowOptions::default(), polled()]
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn written_at(path: &Path, seconds: u64) {
    write(path, "x");
    let time = UNIX_EPOCH + Duration::from_secs(seconds);
    File::options().append(true).open(path).unwrap().set_modified(time).unwrap();
}

/// All files that are there, by the plain walk.
fn current(root: &Path) -> Vec<(PathBuf, Version)> {
    let files = Walk::new(&[root.to_owned()]).filter_map(Result::ok);
    files
        .map(|file| (Version::of(&fs::metadata(&file.path).unwrap()), file.path))
        .map(|(v, p)| (p, v))
        .collect()
}

#[test]
fn what_is_there_and_what_comes() {
    for options in both() {
        let mut followed = Followed::new(options, |trail| {
            written_at(&trail.join("b/2"), 5);
            written_at(&trail.join("a"), 5);
            written_at(&trail.join(".hidden/a"), 5);
            written_at(&trail.join("b/x.tmp"), 5);
        });
        followed.until_said("caught up");
        assert_eq!(followed.said, ["+ a", "+ b/2", "caught up"]);
        write(&followed.path("b/1"), "x");
        // Folders as CloudTrail makes them, with the first file in them at once.
        write(&followed.path("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/26/a.json.gz"), "x");
        followed.until_current_of(&["b/1", "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/11/26/a.json.gz"]);
    }
}

impl Followed {
    fn until_current_of(&mut self, names: &[&str]) {
        for name in names {
            let path = self.path(name);
            let version = Version::of(&fs::metadata(&path).unwrap());
            self.until(name, |followed| followed.versions.get(&path) == Some(&version));
        }
    }
}

#[test]
fn a_file_is_whole_when_it_is_closed() {
    let mut followed = Followed::empty(FollowOptions::default());
    let mut file = File::create(followed.path("a")).unwrap();
    file.write_all(b"1").unwrap();
    followed.mark();
    // A walk doesn't take it either, however long ago it was written to.
    file.set_modified(UNIX_EPOCH).unwrap();
    followed.follow.miss(Instant::now());
    followed.mark();
    assert_eq!(followed.said, ["caught up"]);
    file.write_all(b"2").unwrap();
    drop(file);
    followed.until_said("+ a");
    assert_eq!(followed.versions[&followed.path("a")].length, 2);
}

#[test]
fn a_file_that_changes_between_two_looks_is_not_whole() {
    let mut followed = Followed::empty(polled());
    let path = followed.path("a");
    let now = Instant::now();
    let later = |seconds| now + Duration::from_secs(seconds);
    write(&path, "1");
    followed.follow.listed(path.clone(), Origin::Everything, now);
    followed.follow.look_again(now);
    write(&path, "12");
    followed.follow.look_again(later(10));
    assert!(followed.follow.found.is_empty());
    followed.follow.look_again(later(20));
    assert!(matches!(&followed.follow.found[..], [Event::File(file)] if file.version.length == 2));
}

#[test]
fn a_file_that_nobody_could_take_is_handed_out_by_the_next_walk() {
    for options in both() {
        let mut followed = Followed::new(options, |trail| written_at(&trail.join("a"), 5));
        followed.until_said("caught up");
        let path = followed.path("a");
        followed.follow.forget(&path);
        followed.follow.miss(Instant::now());
        followed.mark();
        assert_eq!(followed.said.iter().filter(|said| *said == "+ a").count(), 2);
    }
}

#[test]
fn a_file_is_handed_out_once_for_each_version() {
    for options in both() {
        let mut followed = Followed::new(options, |trail| written_at(&trail.join("a"), 5));
        for _ in 0..3 {
            followed.follow.miss(Instant::now());
            followed.mark();
        }
        write(&followed.path("a"), "12");
        followed.until_current();
        assert_eq!(followed.said.iter().filter(|said| *said == "+ a").count(), 2);
    }
}

#[test]
fn a_name_that_was_unfinished_is_taken_when_it_is_changed() {
    for options in both() {
        let mut followed = Followed::empty(options);
        write(&followed.path("a.gz.tmp"), "x");
        write(&followed.path("new.part/b"), "x");
        followed.mark();
        fs::rename(followed.path("a.gz.tmp"), followed.path("a.gz")).unwrap();
        fs::rename(followed.path("new.part"), followed.path("new")).unwrap();
        followed.until_said("+ a.gz");
        followed.until_said("+ new/b");
        assert!(!followed.said.iter().any(|said| said.contains("tmp") || said.contains("part")));
    }
}

#[test]
fn a_file_that_went_away_and_came_back_is_new() {
    let mut followed = Followed::empty(FollowOptions::default());
    write(&followed.path("a"), "x");
    followed.until_said("+ a");
    let elsewhere = followed.folder.path().join("elsewhere");
    fs::rename(followed.path("a"), &elsewhere).unwrap();
    fs::rename(&elsewhere, followed.path("a")).unwrap();
    followed.mark();
    assert_eq!(followed.said, ["caught up", "+ a", "+ a"]);
}

#[test]
fn a_folder_that_is_moved_is_followed_to_its_new_place() {
    let mut followed = Followed::empty(FollowOptions::default());
    write(&followed.path("a/b/1"), "x");
    followed.until_said("+ a/b/1");
    fs::rename(followed.path("a"), followed.path("c")).unwrap();
    followed.until_said("+ c/b/1");
    write(&followed.path("c/b/2"), "x");
    followed.until_said("+ c/b/2");
    assert!(!followed.said.contains(&"+ a/b/2".into()));
    // Under the same name, another folder.
    write(&followed.path("a/b/3"), "x");
    followed.until_said("+ a/b/3");
}

#[test]
fn a_file_that_is_closed_after_its_folder_moved_there_and_back() {
    let mut followed = Followed::empty(FollowOptions::default());
    fs::create_dir(followed.path("a")).unwrap();
    followed.mark();
    let file = File::create(followed.path("a/1")).unwrap();
    followed.mark();
    fs::rename(followed.path("a"), followed.path("b")).unwrap();
    followed.mark();
    drop(file);
    fs::rename(followed.path("b"), followed.path("a")).unwrap();
    followed.until_said("+ a/1");
}

#[test]
fn links_count_as_what_they_lead_to() {
    for options in both() {
        let mut followed = Followed::empty(options);
        let elsewhere = followed.folder.path().join("elsewhere");
        written_at(&elsewhere.join("1"), 5);
        symlink(&elsewhere, followed.path("folder")).unwrap();
        symlink(elsewhere.join("1"), followed.path("file")).unwrap();
        fs::hard_link(elsewhere.join("1"), followed.path("hard")).unwrap();
        followed.until_current_of(&["folder/1", "file", "hard"]);
        write(&elsewhere.join("2"), "x");
        followed.until_current_of(&["folder/2"]);
    }
}

#[test]
fn a_folder_with_two_names_is_followed_under_both() {
    let mut followed = Followed::empty(FollowOptions::default());
    fs::create_dir(followed.path("a")).unwrap();
    symlink(followed.path("a"), followed.path("b")).unwrap();
    followed.mark();
    write(&followed.path("a/1"), "x");
    followed.mark();
    assert_eq!(followed.said, ["caught up", "+ a/1", "+ b/1"]);
}

#[test]
fn what_cannot_be_read_is_said_once() {
    for options in both() {
        let mut followed = Followed::new(options, |trail| {
            fs::create_dir_all(trail.join("a/b")).unwrap();
            symlink(trail.join("a"), trail.join("a/b/up")).unwrap();
            symlink("nowhere", trail.join("dangling")).unwrap();
        });
        followed.until_said("caught up");
        for _ in 0..3 {
            followed.follow.miss(Instant::now());
            followed.mark();
        }
        let troubles = ["a/b/up: a link loop: leads back to …/a", "dangling: no such file or folder"];
        assert_eq!(followed.said, [&troubles[..], &["caught up"]].concat());
        // A loop in a folder that is new leads to folders around it, which weren't walked over now.
        fs::create_dir_all(followed.path("c")).unwrap();
        symlink(followed.path(""), followed.path("c/top")).unwrap();
        followed.until("a loop", |followed| followed.said.last().unwrap().starts_with("c/top: a link loop"));
    }
}

#[test]
fn a_folder_that_is_not_there_is_waited_for() {
    for mut options in both() {
        options.poll = Duration::from_millis(5);
        let mut followed = Followed::new(options, |_| ());
        let missing = ": no such file or folder";
        followed.until_said(missing);
        for round in 1..4 {
            let name = format!("a/{round}");
            write(&followed.path(&name), "x");
            followed.until_said(&format!("+ {name}"));
            fs::remove_dir_all(followed.path("")).unwrap();
            followed.until(missing, |followed| {
                followed.said.iter().filter(|said| *said == missing).count() == round + 1
            });
        }
        assert_eq!(followed.said.iter().filter(|said| *said == "recovered").count(), 3);
    }
}

#[test]
fn a_file_in_place_of_the_folder_is_trouble() {
    let mut followed = Followed::new(FollowOptions::default(), |trail| fs::write(trail, "x").unwrap());
    followed.until_said(": Not a directory (os error 20)");
}

#[test]
fn another_folder_in_its_place_is_followed() {
    for mut options in both() {
        options.poll = Duration::from_millis(5);
        let mut followed = Followed::empty(options);
        fs::rename(followed.path(""), followed.folder.path().join("old")).unwrap();
        write(&followed.path("a"), "x");
        followed.until_said("+ a");
        write(&followed.path("b"), "x");
        followed.until_said("+ b");
    }
}

#[test]
fn another_folder_in_its_place_is_noticed_at_once() {
    // Nobody looks whether it is the same; it may even have the same number.
    let options = FollowOptions { poll: 2 * BOUND, ..FollowOptions::default() };
    let mut followed = Followed::empty(options);
    fs::remove_dir(followed.path("")).unwrap();
    write(&followed.path("a"), "x");
    followed.until_said("+ a");
}

#[test]
fn a_folder_is_not_watched_under_a_name_that_it_had() {
    let mut followed = Followed::empty(FollowOptions::default());
    fs::create_dir_all(followed.path("a/b")).unwrap();
    followed.mark();
    fs::rename(followed.path("a"), followed.path("c")).unwrap();
    followed.mark();
    let names: Vec<PathBuf> = followed.follow.watches.as_ref().unwrap().paths();
    assert_eq!(names, ["", "c", "c/b"].map(|name| followed.path(name).components().collect::<PathBuf>()));
}

#[test]
fn from_a_time_on() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (from, expected) in [
        (From::Beginning, &["+ 1", "+ 2", "+ 3", "caught up"][..]),
        (From::Time(1000), &["+ 2", "+ 3", "caught up"]),
        (From::Now, &["+ 3", "caught up"]),
    ] {
        for options in both() {
            let mut followed = Followed::new(FollowOptions { from, ..options }, |trail| {
                written_at(&trail.join("1"), 999);
                written_at(&trail.join("2"), 1000);
                written_at(&trail.join("3"), now + 100);
            });
            followed.until_said("+ 3");
            followed.until_said("caught up");
            followed.said.sort();
            assert_eq!(followed.said, expected, "{from:?}");
            // What comes later counts, whatever its time; what was left out counts once it changes.
            let elsewhere = followed.folder.path().join("elsewhere");
            written_at(&elsewhere, 7);
            fs::rename(&elsewhere, followed.path("4")).unwrap();
            followed.until_said("+ 4");
            written_at(&followed.path("1"), 1001);
            followed.until_current_of(&["1", "4"]);
        }
    }
}

#[test]
fn nothing_is_lost_when_more_happens_than_is_kept() {
    let kept = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let kept: usize = kept.trim().parse().unwrap();
    let mut followed = Followed::empty(FollowOptions::default());
    for number in 0..=kept.min(20_000) / 2 {
        fs::write(followed.path(&number.to_string()), "x").unwrap();
    }
    followed.until_current();
}

#[test]
fn news_come_before_what_is_walked_over() {
    let mut followed = Followed::new(FollowOptions::default(), |trail| {
        for number in 0..5000 {
            written_at(&trail.join(format!("{}/{number}", number / 100)), 5);
        }
    });
    followed.next(BOUND);
    write(&followed.path("0/new"), "x");
    followed.next(BOUND);
    assert!(followed.said.contains(&"+ 0/new".into()));
    assert!(!followed.said.contains(&"caught up".into()));
    followed.until_said("caught up");
    followed.until_current();
}

#[test]
fn news_without_end_does_not_keep_the_walk_from_its_end() {
    let mut followed = Followed::new(FollowOptions::default(), |trail| {
        for number in 0..1000 {
            written_at(&trail.join(format!("{number}")), 5);
        }
    });
    for number in 0..100 {
        followed.next(BOUND);
        write(&followed.path(&format!("new{number}")), "x");
    }
    assert!(followed.said.contains(&"caught up".into()));
}

#[test]
fn a_limit_of_watches_is_said_and_survived() {
    LIMIT_OF_WATCHES.set(2);
    let options = FollowOptions { poll: Duration::from_millis(5), ..FollowOptions::default() };
    let mut followed = Followed::new(options, |trail| written_at(&trail.join("a/b/c/1"), 5));
    followed.until_said("caught up");
    write(&followed.path("a/b/c/2"), "x");
    followed.until_current();
    let said: Vec<_> = followed.said.iter().filter(|said| said.starts_with("unwatched")).collect();
    assert_eq!(said, ["unwatched a/b: the limit fs.inotify.max_user_watches is reached"]);
}

/// What somebody does with the folder, in numbers of files and folders.
#[derive(Debug, Clone)]
enum Operation {
    Write(u8, u8),
    Append(u8),
    Rename(u8, u8),
    Delete(u8),
    MakeFolder(u8),
    MoveFolder(u8, u8),
    DeleteFolder(u8),
    Follow,
}

fn operation() -> impl Strategy<Value = Operation> {
    use Operation::*;
    prop_oneof![
        4 => (0..12_u8, 0..4_u8).prop_map(|(file, length)| Write(file, length)),
        2 => (0..12_u8).prop_map(Append),
        2 => (0..12_u8, 0..12_u8).prop_map(|(from, to)| Rename(from, to)),
        1 => (0..12_u8).prop_map(Delete),
        2 => (1..6_u8).prop_map(MakeFolder),
        2 => (1..6_u8, 1..6_u8).prop_map(|(from, to)| MoveFolder(from, to)),
        1 => (1..6_u8).prop_map(DeleteFolder),
        3 => Just(Follow),
    ]
}

const FOLDERS: [&str; 6] = ["", "a", "b", "a/c", "a/c/d", "b/e"];

impl Followed {
    fn folder(&self, number: u8) -> PathBuf {
        self.path(FOLDERS[usize::from(number)])
    }

    fn file(&self, number: u8) -> PathBuf {
        self.folder(number / 2).join(format!("{}", number % 2))
    }

    /// Much of this fails, for want of a file or folder.
    fn operate(&mut self, operation: &Operation) -> io::Result<()> {
        match *operation {
            Operation::Write(file, length) => fs::write(self.file(file), "x".repeat(length.into())),
            Operation::Append(file) => File::options().append(true).open(self.file(file))?.write_all(b"yy"),
            Operation::Rename(from, to) => fs::rename(self.file(from), self.file(to)),
            Operation::Delete(file) => fs::remove_file(self.file(file)),
            Operation::MakeFolder(folder) => fs::create_dir_all(self.folder(folder)),
            Operation::MoveFolder(from, to) => fs::rename(self.folder(from), self.folder(to)),
            Operation::DeleteFolder(folder) => fs::remove_dir_all(self.folder(folder)),
            Operation::Follow => {
                self.next(Duration::ZERO);
                Ok(())
            }
        }
    }
}

fn last_versions_are_found(options: FollowOptions, limit: usize, operations: &[Operation]) {
    LIMIT_OF_WATCHES.set(limit);
    let mut followed = Followed::new(options, |trail| fs::create_dir(trail).unwrap());
    for operation in operations {
        let _ = followed.operate(operation);
    }
    followed.until_current();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_last_version_of_each_file_is_found_with_inotify(operations in prop::collection::vec(operation(), 1..60)) {
        last_versions_are_found(FollowOptions::default(), usize::MAX, &operations);
    }

    #[test]
    fn and_without(operations in prop::collection::vec(operation(), 1..60)) {
        last_versions_are_found(polled(), usize::MAX, &operations);
    }

    #[test]
    fn and_with_some_of_it(operations in prop::collection::vec(operation(), 1..60)) {
        let options = FollowOptions { poll: Duration::from_millis(5), ..FollowOptions::default() };
        last_versions_are_found(options, 2, &operations);
    }
}
