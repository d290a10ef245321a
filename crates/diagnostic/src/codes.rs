//! The codes of a crate.

/// Builds an enum of codes with `as_str`, `meaning` and `ALL`: a line for each code, `Name "C001" "What it means."`, in
/// ascending order. It is called `ErrorCode`, or as the word in front of a colon says. Codes never change.
///
/// ```
/// diagnostic::error_codes! {
///     UnitErrorCode:
///     Unknown "U001" "There is no such unit."
///     LetterCase "U002" "A unit in other letters."
/// }
/// assert_eq!(UnitErrorCode::LetterCase.to_string(), "U002");
/// assert_eq!(UnitErrorCode::Unknown.meaning(), "There is no such unit.");
/// assert_eq!(UnitErrorCode::ALL.len(), 2);
/// ```
#[macro_export]
macro_rules! error_codes {
    ($($name:ident $code:literal $meaning:literal)*) => {
        $crate::error_codes! { ErrorCode: $($name $code $meaning)* }
    };
    ($codes:ident: $($name:ident $code:literal $meaning:literal)*) => {
        /// The kinds of what is said of a text. Their codes never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $codes {
            $(#[doc = concat!("`", $code, "`: ", $meaning)] $name,)*
        }

        impl $codes {
            /// All codes, in ascending order.
            pub const ALL: &'static [$codes] = &[$($codes::$name,)*];

            /// Its short form, such as `S001`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($codes::$name => $code,)* }
            }

            /// What it means.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $($codes::$name => $meaning,)* }
            }
        }

        impl ::std::fmt::Display for $codes {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
