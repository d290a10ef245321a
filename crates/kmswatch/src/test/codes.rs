//! The codes of mistakes in case files.

diagnostic::error_codes! {
    UnknownKey "F001" "A key that case files don't have here."
    MissingKey "F002" "A key that must be there is missing."
    WrongType "F003" "A value of the wrong type, such as a list where a text must stand."
    InvalidTime "F004" "A time, a duration or a repetition that can't be read."
    InvalidSeries "F005" "A series of datapoints that can't be read."
    UnknownName "F006" "The template has no such metric filter, alarm, topic or log group."
    AmbiguousName "F007" "Several things have this name."
    Conflict "F008" "Keys that exclude each other."
    InvalidValue "F009" "A value that can't stand here."
    NothingChecked "F010" "A case, or an expectation, that checks nothing."
    Unreadable "F011" "A file that the case file names can't be read."
    OutOfTime "F012" "A time before the start of its case, or behind its end."
    TooMuch "F013" "More than a case file may hold."
    InvalidTemplate "F014" "The template can't be used."
}
