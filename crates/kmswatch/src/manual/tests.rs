//! Do shells and `man` get all there is?

use clap::ValueEnum as _;

use super::*;

fn text(page: &Command) -> String {
    String::from_utf8(rendered(page).unwrap()).unwrap()
}

#[test]
fn each_command_has_a_page_with_its_options_and_the_exit_statuses() {
    let pages = pages();
    let commands = Arguments::command();
    assert_eq!(pages.len(), commands.get_subcommands().count() + 1);
    let scan = text(page(&pages, Some("scan")).unwrap());
    assert!(scan.contains(".TH kmswatch-scan 1"), "{scan}");
    for expected in ["\\-\\-fail\\-on", "kmswatch scan", "Exit status: 0 done", "\\(aqroot={"] {
        assert!(scan.contains(expected), "{expected}: {scan}");
    }
    for command in commands.get_subcommands() {
        let name = format!("kmswatch\\-{}", command.get_name());
        assert!(text(&pages[0]).contains(&name), "{name}");
    }
}

#[test]
fn a_slip_in_a_command_is_said() {
    let pages = pages();
    let error = |name: &str| page(&pages, Some(name)).unwrap_err().to_string();
    assert_eq!(error("scann"), "there is no command `scann`; write `scan`");
    assert!(
        error("\u{1b}").starts_with("there is no command `\\x1b`; there are serve, scan, "),
        "{}",
        error("\u{1b}")
    );
}

#[test]
fn all_pages_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let man1 = folder.path().join("share/man1");
    write_all(&pages(), &man1).unwrap();
    assert_eq!(fs::read_dir(&man1).unwrap().count(), pages().len());
    assert!(fs::read_to_string(man1.join("kmswatch.1")).unwrap().contains(".TH kmswatch 1"));
}

#[test]
fn each_shell_completes_commands_and_options() {
    for shell in Shell::value_variants() {
        let written = String::from_utf8(completions_for(*shell)).unwrap();
        assert!(written.contains("scan") && written.contains("fail-on"), "{shell}");
    }
}
