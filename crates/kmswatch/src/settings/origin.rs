//! Where does a setting come from?

use std::fmt;
use std::path::PathBuf;

use crate::report::escape::shown;

/// Where a setting comes from. Each wins over those before it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum Origin {
    /// Nobody set it.
    #[default]
    Default,
    /// A file, and the line in it.
    File(PathBuf, usize),
    /// A variable of the environment.
    Variable(String),
    /// An option on the command line.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("the default"),
            Origin::File(path, line) => write!(f, "{}:{line}", shown(&path.display().to_string())),
            Origin::Variable(name) => f.write_str(name),
            Origin::Flag(name) => f.write_str(name),
        }
    }
}
