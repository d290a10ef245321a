//! The codes of mistakes in case files.

diagnostic::error_codes! {
    UnknownKey "E001" "A key that case files don't have here."
    MissingKey "E002" "A key that must be there is missing."
    WrongType "E003" "A value of the wrong type, such as a list where a text must stand."
    InvalidTime "E004" "A time, a duration or a repetition that can't be read."
    InvalidSeries "E005" "A series of datapoints that can't be read."
    UnknownName "E006" "The template has no such metric filter, alarm, topic or log group."
    AmbiguousName "E007" "Several things have this name."
    Conflict "E008" "Keys that exclude each other."
    InvalidValue "E009" "A value that can't stand here."
    NothingChecked "E010" "A case, or an expectation, that checks nothing."
    Unreadable "E011" "A file that the case file names can't be read."
    OutOfTime "E012" "A time before the start of its case, or behind its end."
    TooMuch "E013" "More than a case file may hold."
    InvalidTemplate "E014" "The template can't be used."
}
