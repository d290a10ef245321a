//! What does `init` do where something goes wrong? `cases/cli/init.txt` holds what a user sees.

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_file_that_cant_be_put_into_place_leaves_none() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(SETTINGS_NAME)).unwrap();
    for replace in [false, true] {
        let error = write_files(folder.path(), replace).unwrap_err();
        assert!(format!("{error:#}").contains("kmswatch.toml can't be written"), "{error:#}");
    }
    // With `--force` the template was put there before the settings failed, complete.
    assert_eq!(names(folder.path()), [SETTINGS_NAME, TEMPLATE_NAME]);
    fs::remove_file(folder.path().join(TEMPLATE_NAME)).unwrap();
    write_files(folder.path(), false).unwrap_err();
    assert_eq!(names(folder.path()), [SETTINGS_NAME]);
}

#[test]
fn a_link_that_leads_nowhere_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("nowhere", folder.path().join(TEMPLATE_NAME)).unwrap();
    let error = refuse_existing(folder.path(), false).unwrap_err();
    assert!(error.to_string().contains("kmswatch.yaml exists"), "{error}");
    assert!(write_files(folder.path(), false).is_err());
    assert_eq!(names(folder.path()), [TEMPLATE_NAME]);
}

#[cfg(unix)]
#[test]
fn the_files_are_readable_as_new_files_are() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("other"), "").unwrap();
    write_files(folder.path(), false).unwrap();
    let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
    assert_eq!(mode(TEMPLATE_NAME), mode("other"));
}

#[test]
fn a_path_is_one_word_for_a_shell() {
    for (path, expected) in [
        ("a/kmswatch.yaml", "a/kmswatch.yaml"),
        ("my files/it's", r"'my files/it'\''s'"),
        ("-x/kmswatch.yaml", "./-x/kmswatch.yaml"),
        ("$(id)", "'$(id)'"),
        ("été", "été"),
        ("a\u{1b}[31m", r"'a\x1b[31m'"),
    ] {
        assert_eq!(word(Path::new(path)), expected);
    }
}
