//! The codes of mistakes in settings.

diagnostic::error_codes! {
    NotToml "C001" "The file isn't TOML."
    UnknownSetting "C002" "A setting that kmswatch doesn't have."
    WrongType "C003" "A value of the wrong type, such as a number where a text must stand."
    InvalidValue "C004" "A text that this setting can't have."
}
