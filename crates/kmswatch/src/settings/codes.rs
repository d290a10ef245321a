//! The codes of mistakes in settings.

diagnostic::error_codes! {
    NotToml "C001" "The file isn't TOML."
    UnknownSetting "C002" "A setting that kmswatch doesn't have."
    WrongType "C003" "A value of the wrong type, such as a number where a text must stand."
    InvalidValue "C004" "A text that this setting can't have."
    Missing "C005" "A setting without which another one can't be used."
    Conflict "C006" "Settings that can't both hold."
    UnreadableSecret "C007" "The file of a secret can't be read, or holds none."
    UnknownVariable "C008" "A variable of the environment that looks like a setting but is none."
}

impl ErrorCode {
    /// Whether the service starts all the same.
    pub(crate) fn is_warning(self) -> bool {
        self == ErrorCode::UnknownVariable
    }
}
