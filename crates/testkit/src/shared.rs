//! Where tests find material that isn't in this repository.

use std::path::PathBuf;

/// The root of this repository.
#[must_use]
pub fn repository() -> PathBuf {
    let crate_folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    crate_folder.ancestors().nth(2).map(PathBuf::from).unwrap_or(crate_folder)
}

/// The file or folder `path` of the folder `shared` beside the repository, which holds published log files and
/// vectors that may not be copied into it. `None`, and a line that says what is left out, where it is missing.
///
/// # Panics
/// Where it is missing though `KMSWATCH_REQUIRE_SHARED` is set, as in CI.
#[must_use]
pub fn shared(path: &str) -> Option<PathBuf> {
    let found =
        repository().parent().map(|parent| parent.join("shared").join(path)).filter(|path| path.exists());
    if found.is_none() {
        let required = std::env::var_os("KMSWATCH_REQUIRE_SHARED").is_some();
        assert!(!required, "../shared/{path} is missing, and KMSWATCH_REQUIRE_SHARED is set");
        eprintln!("left out: ../shared/{path} isn't here");
    }
    found
}
