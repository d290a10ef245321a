//! The units that a metric can be measured in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::shown::escaped;

macro_rules! units {
    ($($(#[$attribute:meta])* $name:ident $text:literal)*) => {
        /// A unit as CloudWatch knows it (`StandardUnit` of its API). CloudWatch never converts: observations in
        /// different units are different streams of one metric.
        ///
        /// Units are in the order of their names: the first of them is the one that a query without unit gets.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "&str")]
        #[expect(missing_docs, reason = "the names say it")]
        pub enum Unit {
            $($(#[$attribute])* $name,)*
        }

        impl Unit {
            /// All of them, in the order of their names.
            pub const ALL: &[Unit] = &[$(Unit::$name,)*];

            /// As CloudWatch spells it: `Bytes/Second`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Unit::$name => $text,)* }
            }
        }
    };
}

units! {
    Bits "Bits"
    BitsPerSecond "Bits/Second"
    Bytes "Bytes"
    BytesPerSecond "Bytes/Second"
    Count "Count"
    CountPerSecond "Count/Second"
    Gigabits "Gigabits"
    GigabitsPerSecond "Gigabits/Second"
    Gigabytes "Gigabytes"
    GigabytesPerSecond "Gigabytes/Second"
    Kilobits "Kilobits"
    KilobitsPerSecond "Kilobits/Second"
    Kilobytes "Kilobytes"
    KilobytesPerSecond "Kilobytes/Second"
    Megabits "Megabits"
    MegabitsPerSecond "Megabits/Second"
    Megabytes "Megabytes"
    MegabytesPerSecond "Megabytes/Second"
    Microseconds "Microseconds"
    Milliseconds "Milliseconds"
    #[default] None "None"
    Percent "Percent"
    Seconds "Seconds"
    Terabits "Terabits"
    TerabitsPerSecond "Terabits/Second"
    Terabytes "Terabytes"
    TerabytesPerSecond "Terabytes/Second"
}

/// That a text is none of the units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownUnit {
    /// What was written.
    pub text: String,
    /// The unit that is spelt so but for capital letters and the plural.
    pub meant: Option<Unit>,
}

impl FromStr for Unit {
    type Err = UnknownUnit;

    fn from_str(text: &str) -> Result<Self, UnknownUnit> {
        let found = Unit::ALL.iter().find(|unit| unit.as_str() == text);
        found.copied().ok_or_else(|| UnknownUnit { text: text.into(), meant: similar(text) })
    }
}

impl TryFrom<String> for Unit {
    type Error = UnknownUnit;

    fn try_from(text: String) -> Result<Self, UnknownUnit> {
        text.parse()
    }
}

impl From<Unit> for &str {
    fn from(unit: Unit) -> Self {
        unit.as_str()
    }
}

fn similar(text: &str) -> Option<Unit> {
    let plain = |text: &str| text.to_ascii_lowercase().trim_end_matches('s').to_owned();
    Unit::ALL.iter().find(|unit| plain(unit.as_str()) == plain(text)).copied()
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for UnknownUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no unit", escaped(&self.text))?;
        match self.meant {
            Some(unit) => write!(f, "; write `{unit}`"),
            None => f.write_str("; write one of CloudWatch's, such as `Count`, `Seconds`, `Bytes` or `None`"),
        }
    }
}

impl std::error::Error for UnknownUnit {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_27_are_read_as_they_are_written_and_in_order() {
        assert_eq!(Unit::ALL.len(), 27);
        assert!(Unit::ALL.is_sorted_by_key(|unit| unit.as_str()));
        assert!(Unit::ALL.iter().all(|unit| unit.to_string().parse() == Ok(*unit)));
        assert_eq!(Unit::default(), Unit::None);
    }

    #[test]
    fn what_was_meant_is_named() {
        let said = |text: &str| text.parse::<Unit>().unwrap_err().to_string();
        assert_eq!(said("second"), "`second` is no unit; write `Seconds`");
        let other = "; write one of CloudWatch's, such as `Count`, `Seconds`, `Bytes` or `None`";
        assert_eq!(said("\u{1b}x"), format!("`\\u{{1b}}x` is no unit{other}"));
    }
}
