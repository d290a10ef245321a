//! Is what the service has come to the truth?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use crate::generator::Truth;
use crate::mail_server::Mail;
use crate::service::{Place, SUBSCRIBERS, subscriber};

/// Differences of one kind that are listed.
const LISTED: usize = 5;

/// What is compared.
pub(crate) struct Comparison<'t> {
    pub(crate) truth: &'t Truth,
    pub(crate) place: &'t Place,
    pub(crate) mails: Vec<Mail>,
    /// The lives of the service that ended in its being killed.
    pub(crate) killed: BTreeSet<usize>,
}

impl Comparison<'_> {
    /// Everything that isn't as it must be.
    pub(crate) fn differences(&self) -> Vec<String> {
        let mut found = self.differences_known();
        self.untold(&mut found);
        self.wrong_mails(&mut found);
        self.repeats(&mut found);
        found
    }

    /// What isn't in the database as it must be. What was sent has to be the truth only if the database never went back.
    pub(crate) fn differences_known(&self) -> Vec<String> {
        let database = open(&self.place.database());
        let mut found = Vec::new();
        differing("failures (second, who)", &self.truth.failures, &evidence(&database), &mut found);
        differing("sum of the minute", &self.truth.minutes(), &sums(&database), &mut found);
        differing("notifications (to, state)", &self.notifications(), &notifications(&database), &mut found);
        self.unread_files(&database, &mut found);
        self.problems(&database, &mut found);
        found
    }

    /// Whether nothing is left to do.
    pub(crate) fn is_drained(&self) -> bool {
        let database = open(&self.place.database());
        let waiting = "SELECT count(*) FROM notification WHERE state = 'waiting'";
        let mut found = Vec::new();
        self.unread_files(&database, &mut found);
        self.problems(&database, &mut found);
        found.is_empty() && database.query_row(waiting, [], |row| row.get(0)) == Ok(0)
    }

    fn notifications(&self) -> BTreeMap<(String, String), i64> {
        let each = i64::try_from(self.truth.principals.len()).unwrap();
        (0..SUBSCRIBERS).map(|number| ((subscriber(number), "delivered".to_owned()), each)).collect()
    }

    /// Each file must have been read as it is now, be it under another name.
    fn unread_files(&self, database: &Connection, found: &mut Vec<String>) {
        let question = "SELECT count(*) FROM checkpoint WHERE complete AND key = ?1 AND length = ?2 AND modified_ns = ?3";
        let mut statement = database.prepare(question).unwrap();
        let mut is_read = |path: &Path| {
            let metadata = fs::metadata(self.place.trail().join(path)).unwrap();
            let modified = metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec();
            let (key, length) = (path.as_os_str().as_bytes(), i64::try_from(metadata.len()).unwrap());
            statement.query_row((key, length, modified), |row| row.get::<_, i64>(0)).unwrap() == 1
        };
        let unread = self.truth.files.iter().filter(|path| !is_read(path));
        listed("not read as it is now", unread.collect(), found);
    }

    fn problems(&self, database: &Connection, found: &mut Vec<String>) {
        let mut statement = database.prepare("SELECT DISTINCT path FROM problem").unwrap();
        let paths = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
        let paths: Vec<PathBuf> =
            paths.map(|path| PathBuf::from(String::from_utf8_lossy(&path.unwrap()).into_owned())).collect();
        let is_listed = |path: &Path| paths.iter().any(|listed| listed.ends_with(path));
        listed(
            "garbage of which nothing is said",
            self.truth.garbage.iter().filter(|path| !is_listed(path)).collect(),
            found,
        );
        let good = self.truth.faultless.iter().filter(|path| is_listed(path));
        listed("a good file with a problem", good.collect(), found);
    }

    /// Each subscriber must have been told of each episode, in one notification.
    fn untold(&self, found: &mut Vec<String>) {
        let mut told: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
        for mail in &self.mails {
            let id = mail.header("Message-ID").unwrap_or_default();
            told.entry((mail.to.clone(), who(&mail.text))).or_default().insert(id);
        }
        let expected: BTreeMap<(String, String), usize> = (0..SUBSCRIBERS)
            .flat_map(|number| {
                self.truth.principals.iter().map(move |who| ((subscriber(number), who.clone()), 1))
            })
            .collect();
        let told = told.into_iter().map(|(about, ids)| (about, ids.len())).collect();
        differing("notifications (to, about)", &expected, &told, found);
    }

    fn wrong_mails(&self, found: &mut Vec<String>) {
        let subjects = self.mails.iter().map(|mail| mail.header("Subject").unwrap_or_default());
        let wrong: BTreeSet<String> =
            subjects.filter(|subject| !subject.starts_with("ALARM: \"denied")).collect();
        listed("another mail", wrong.iter().collect(), found);
        let mut ids: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
        for mail in &self.mails {
            ids.entry(mail.header("Message-ID").unwrap_or_default()).or_default().insert(&mail.to);
        }
        let shared = ids.iter().filter(|(id, to)| id.is_empty() || to.len() > 1);
        listed("a Message-ID that isn't one", shared.collect(), found);
    }

    /// A mail may come again if nobody answered for it, or if the service was killed, and then only one a subscriber.
    fn repeats(&self, found: &mut Vec<String>) {
        let mut mails: BTreeMap<(String, String), Vec<&Mail>> = BTreeMap::new();
        for mail in &self.mails {
            let id = mail.header("Message-ID").unwrap_or_default();
            mails.entry((mail.to.clone(), id)).or_default().push(mail);
        }
        let mut after_kill: BTreeMap<(String, usize), usize> = BTreeMap::new();
        let mut wrong = Vec::new();
        for ((to, id), copies) in &mails {
            for pair in copies.windows(2) {
                let (one, next) = (pair[0], pair[1]);
                if one.answered && one.life != next.life && self.killed.contains(&one.life) {
                    *after_kill.entry((to.clone(), one.life)).or_default() += 1;
                } else if one.answered {
                    wrong.push(format!("{id} to {to} in life {}, and again in {}", one.life, next.life));
                }
            }
        }
        listed("sent again without a reason", wrong.iter().collect(), found);
        let many = after_kill.iter().filter(|(_, count)| **count > 1);
        listed("more than one sent again after a kill (to, life)", many.collect(), found);
    }
}

fn open(path: &Path) -> Connection {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    database.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    database
}

/// The one of the principals of episodes that a text is about.
fn who(text: &str) -> String {
    let at = text.find("user-").unwrap_or(text.len());
    text[at..].chars().take(8).collect()
}

fn evidence(database: &Connection) -> BTreeMap<(i64, String), i64> {
    let question =
        "SELECT time, principal, count(*) FROM evidence WHERE error LIKE 'AccessDenied%' GROUP BY 1, 2";
    let mut statement = database.prepare(question).unwrap();
    let rows =
        statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?, row.get(2)?))).unwrap();
    rows.map(Result::unwrap).map(|(time, principal, count)| ((time, who(&principal)), count)).collect()
}

pub(crate) fn sums(database: &Connection) -> BTreeMap<i64, i64> {
    let question = "SELECT start, summary FROM datapoint JOIN metric ON metric.id = metric
        WHERE namespace = 'test' AND length = 60";
    let mut statement = database.prepare(question).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?))).unwrap();
    let mut sums = BTreeMap::new();
    for (start, summary) in rows.map(Result::unwrap) {
        let sum =
            metric::Summary::from_bytes(&summary).unwrap().datapoint(&metric::Statistic::Sum).unwrap().value;
        *sums.entry(start).or_default() += sum as i64;
    }
    sums
}

fn notifications(database: &Connection) -> BTreeMap<(String, String), i64> {
    let question = "SELECT endpoint, state, count(*) FROM notification GROUP BY 1, 2";
    let mut statement = database.prepare(question).unwrap();
    let rows = statement.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    rows.map(Result::unwrap).collect()
}

/// What is not equal, both ways.
fn differing<K: Ord + Debug, V: Eq + Debug>(
    what: &str,
    expected: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
    differences: &mut Vec<String>,
) {
    let keys: BTreeSet<&K> = expected.keys().chain(found.keys()).collect();
    let differing = keys.into_iter().filter(|key| expected.get(key) != found.get(key));
    let shown = differing.map(|key| (key, "expected", expected.get(key), "found", found.get(key)));
    listed(what, shown.collect(), differences);
}

fn listed<T: Debug>(what: &str, items: Vec<T>, found: &mut Vec<String>) {
    found.extend(items.iter().take(LISTED).map(|item| format!("{what}: {item:?}")));
    if items.len() > LISTED {
        found.push(format!("{what}: {} more", items.len() - LISTED));
    }
}
