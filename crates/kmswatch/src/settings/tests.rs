//! What do settings say? The case files below `cases/settings`, and the file that `init` writes.

mod outline;

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use clap::{Args as _, Command, FromArgMatches as _};
use testkit::{Case, Expectation, repository, run_cases};

use super::keys::{EXPECTED_KEYS, KEYS, Key, TRAIL_KEYS};
use super::*;
use crate::serve::arguments::{self, ServeArguments};
use outline::outline;

const WRITTEN: &str = include_str!("../../../../examples/kmswatch.toml");

#[test]
fn cases() {
    run_cases("cases/settings", |case| match case.get("settings") {
        Some(text) => Expectation::of(
            "answer",
            match Settings::parse(text) {
                Ok(settings) => outline(&settings),
                Err(errors) => render(&errors, &masked(text), "kmswatch.toml"),
            },
        ),
        None => of_service(case),
    });
}

/// A case with any of: `kmswatch.toml` and other files by their names, `environment` and `arguments`, a line each.
fn of_service(case: &Case) -> Expectation {
    let folder = tempfile::tempdir().unwrap();
    let known = ["environment", "arguments", "answer"];
    for title in case.titles().filter(|title| !known.contains(title)) {
        let path = folder.path().join(title);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{}\n", case.section(title))).unwrap();
    }
    let lines = |section| case.get(section).unwrap_or_default().lines().filter(|line| !line.is_empty());
    let variable =
        |line: &str| line.split_once('=').map(|(name, value)| (name.into(), value.into())).unwrap();
    let arguments = parsed(lines("arguments")).map_err(|error| anyhow::anyhow!("{error}"));
    let answer = arguments.and_then(|arguments| {
        service::in_folder(folder.path(), &arguments, lines("environment").map(variable))
    });
    let answer = match answer {
        Ok(settings) => outline(&settings),
        Err(error) => format!("{error:#}"),
    };
    Expectation::of("answer", answer.replace(&format!("{}/", folder.path().display()), ""))
}

fn parsed<'a>(arguments: impl Iterator<Item = &'a str>) -> Result<ServeArguments, clap::Error> {
    let command = ServeArguments::augment_args(Command::new("serve").no_binary_name(true));
    let mut matches = command.try_get_matches_from(arguments)?;
    ServeArguments::from_arg_matches_mut(&mut matches)
}

/// The file with each `# name = value` and each `# [[table]]` switched on that `keep` keeps.
fn switched_on(keep: impl Fn(&str) -> bool) -> String {
    let lines = WRITTEN.lines().map(|line| match line.strip_prefix("# ") {
        Some(table) if table.starts_with("[[") => table,
        Some(setting) => match setting.split_once(" = ") {
            Some((name, _)) if !name.contains(' ') && keep(name) => setting,
            _ => line,
        },
        None => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_init_writes_is_read_and_sets_only_the_template() {
    let settings = Settings::parse(WRITTEN).unwrap();
    assert_eq!(settings, Settings { template: Some("kmswatch.yaml".into()), ..Settings::default() });
}

#[test]
fn what_init_writes_shows_the_defaults_of_the_template() {
    let settings = Settings::parse(&switched_on(|name| !name.ends_with("_file"))).unwrap();
    assert_eq!(settings.stack_name.as_deref(), Some(DEFAULT_STACK_NAME));
    assert_eq!(settings.account_id.as_deref(), Some(DEFAULT_ACCOUNT_ID));
    assert_eq!(settings.region.as_deref(), Some(DEFAULT_REGION));
    let Settings { parameters, .. } = &settings;
    assert!(parameters.len() > 3);
    let mut environment = settings.environment();
    let with = stack::read(crate::builtin::TEMPLATE, &environment).unwrap();
    environment.parameters.retain(|name, _| name == "NotificationEmail");
    assert_eq!(with, stack::read(crate::builtin::TEMPLATE, &environment).unwrap());
}

#[test]
fn all_that_init_writes_can_be_switched_on() {
    for secrets_in_files in [false, true] {
        let value = ["token", "password", "secret"];
        let keep =
            |name: &str| if secrets_in_files { !value.contains(&name) } else { !name.ends_with("_file") };
        let settings = Settings::parse(&switched_on(keep));
        assert!(settings.is_ok(), "{settings:?}");
    }
}

/// What documentation and example have of a setting.
struct Row {
    name: String,
    variable: String,
    flag: Option<&'static str>,
    default: &'static str,
}

fn rows() -> Vec<Row> {
    fn row<T>(prefix: &str, key: &Key<T>) -> Row {
        let variable = if prefix.is_empty() { key.variable() } else { String::new() };
        Row { name: format!("{prefix}{}", key.name), variable, flag: key.flag, default: key.default }
    }
    let trail = TRAIL_KEYS.iter().map(|key| row("trail.", key));
    let expected = EXPECTED_KEYS.iter().map(|key| row("expected.", key));
    KEYS.iter().map(|key| row("", key)).chain(trail).chain(expected).collect()
}

#[test]
fn each_setting_is_described() {
    let described = fs::read_to_string(repository().join("docs/settings.md")).unwrap();
    let table: Vec<Vec<&str>> =
        described.lines().map(|line| line.split('|').map(str::trim).collect()).collect();
    for Row { name, variable, flag, default } in rows() {
        let code = |text: &str| format!("`{text}`");
        let mut found = table.iter().filter(|cells| cells.get(1) == Some(&code(&name).as_str()));
        let cells = found.next().unwrap_or_else(|| panic!("`{name}` isn't described"));
        assert!(found.next().is_none(), "`{name}` is described twice");
        assert_eq!(cells[2], if variable.is_empty() { variable } else { code(&variable) }, "{name}");
        assert_eq!(flag.map(code).unwrap_or_default(), cells[3].trim_matches('–'), "{name}");
        assert!(default.is_empty() || cells[5] == code(default), "{name}: {default}, {}", cells[5]);
    }
    let described = described.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(described, rows().len(), "something is described that is no setting");
}

#[test]
fn each_setting_is_written_out_in_its_table_with_its_default() {
    let (mut table, mut written) = (String::new(), Vec::new());
    for line in switched_on(|_| true).lines() {
        if let Some(name) = line.strip_prefix('[') {
            table = name.trim_matches(['[', ']']).to_owned();
            written.push((table.clone(), String::new()));
        } else if let Some((name, value)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let dot = if table.is_empty() { "" } else { "." };
            written.push((format!("{table}{dot}{name}"), value.to_owned()));
        }
    }
    for Row { name, default, .. } in rows() {
        let found = written.iter().find(|(other, _)| *other == name);
        let (_, value) = found.unwrap_or_else(|| panic!("`{name}` isn't written out"));
        assert!(default.is_empty() || value == default, "{name}: {default}, {value}");
    }
}

#[test]
fn the_documented_defaults_are_the_defaults() {
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        let text = match key.name.split_once('.') {
            Some((section, name)) => format!("[{section}]\n{name} = {}\n", key.default),
            None => format!("{} = {}\n", key.name, key.default),
        };
        let mut read = Settings::parse(&text).unwrap();
        if ["stack_name", "account_id", "region"].contains(&key.name) {
            (read.stack_name, read.account_id, read.region) = (None, None, None);
        }
        assert_eq!(read, Settings::default(), "{}", key.name);
    }
    let text: String = TRAIL_KEYS
        .iter()
        .filter(|key| !key.default.is_empty())
        .map(|key| format!("{} = {}\n", key.name, key.default))
        .collect();
    let read = Settings::parse(&format!("[[trail]]\npath = \"a\"\n{text}")).unwrap();
    assert_eq!(read.trails, [Trail { path: "a".into(), ..Trail::default() }]);
}

#[test]
fn each_setting_has_a_variable_and_each_option_a_setting() {
    let mut variables: Vec<String> = KEYS.iter().map(Key::variable).collect();
    variables.sort();
    variables.dedup();
    assert_eq!(variables.len(), KEYS.len());
    let command = ServeArguments::augment_args(Command::new("serve"));
    let known = |name: &str| command.get_arguments().any(|argument| argument.get_long() == Some(name));
    for flag in rows().iter().filter_map(|row| row.flag) {
        assert!(known(flag.trim_start_matches("--")), "{flag}");
    }
    let own = ["demo", "import", "config"];
    for name in command.get_arguments().filter_map(|argument| argument.get_long()) {
        let flag = format!("--{name}");
        assert!(own.contains(&name) || rows().iter().any(|row| row.flag == Some(&flag)), "{flag}");
    }
}

#[test]
fn the_help_names_options_that_exist() {
    let command = ServeArguments::augment_args(Command::new("serve"));
    let words = arguments::HELP.split_whitespace().filter_map(|word| word.strip_prefix("--"));
    let options: Vec<&str> = words.collect();
    assert!(options.len() > 3);
    for option in options {
        assert!(command.get_arguments().any(|argument| argument.get_long() == Some(option)), "{option}");
    }
}

#[test]
fn the_unit_of_systemd_starts_it_with_options_that_exist() {
    let unit = fs::read_to_string(repository().join("packaging/kmswatch.service")).unwrap();
    let start = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let arguments = start.strip_prefix("/usr/local/bin/kmswatch serve ").unwrap();
    let arguments = parsed(arguments.split(' ')).unwrap();
    assert_eq!(arguments.data, Some("/var/lib/kmswatch".into()));
    assert_eq!(arguments.template.config(), Some(Path::new("/etc/kmswatch/kmswatch.toml")));
}

#[test]
fn the_service_reads_the_file_that_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("my.toml");
    fs::write(&path, "name = \"mine\"\n").unwrap();
    let variable = (OsString::from("KMSWATCH_CONFIG"), path.clone().into_os_string());
    let settings = for_service(&ServeArguments::default(), [variable].into_iter()).unwrap();
    assert_eq!(settings.name, "mine");
    assert_eq!(settings.origin("name"), &Origin::File(path, 1));
}

#[test]
fn no_secret_is_shown() {
    let text = "[mail]\nserver = \"smtp://me:hunter2@mail\"\npassword = \"hunter2\"\nusername = \"me\"\n[http]\ntoken = \"hunter2\"\n[webhook]\nsecret = \"hunter2\"";
    let settings = Settings::parse(text).unwrap();
    assert!(!format!("{settings:?}").contains("hunter2"));
    let variables =
        KEYS.iter().filter(|key| key.secret).map(|key| (key.variable().into(), "hunter2\u{1b}".into()));
    let folder = tempfile::tempdir().unwrap();
    let settings = service::in_folder(folder.path(), &ServeArguments::default(), variables);
    assert!(!format!("{:?}", settings.unwrap_err()).contains("hunter2"));
}

#[test]
fn what_isnt_utf8_is_refused_by_its_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let folder = tempfile::tempdir().unwrap();
    let variable: (OsString, OsString) = ("KMSWATCH_REGION".into(), OsString::from_vec(vec![b'a', 0xff]));
    let error =
        service::in_folder(folder.path(), &ServeArguments::default(), [variable].into_iter()).unwrap_err();
    assert!(error.to_string().ends_with("error[C004]: `KMSWATCH_REGION` isn't UTF-8"), "{error}");
}

#[test]
fn an_expected_call_is_compared_exactly_and_ends() {
    let text = "[[expected]]\nprincipal = \"p\"\noperation = \"o\"\nerror = \"e\"\nreason = \"r\"\nuntil = \"2025-03-10\"";
    let expected = Settings::parse(text).unwrap().expected.remove(0);
    let last = 1_741_651_199;
    assert!(expected.covers(("p", "o"), None, Some("e"), Some(last)));
    assert!(!expected.covers(("p", "o"), None, Some("e"), Some(last + 1)));
    assert!(!expected.covers(("p", "o"), None, Some("e"), None));
    assert!(!expected.covers(("P", "o"), None, Some("e"), Some(0)));
    assert!(!expected.covers(("p", "O"), None, Some("e"), Some(0)));
    assert!(!expected.covers(("p", "o"), Some("k"), Some("e"), Some(0)));
    assert!(!expected.covers(("p", "o"), None, None, Some(0)));
}

#[test]
fn who_sends_follows_from_what_is_set() {
    let sender = |text: &str| {
        let mail = Settings::parse(&format!("[mail]\n{text}")).unwrap().mail;
        format!("{} at {}", mail.sender("kmswatch").address, mail.own_domain())
    };
    assert_eq!(sender(""), "kmswatch@localhost at localhost");
    assert_eq!(sender("to = [\"a@example.com\"]"), "kmswatch@example.com at example.com");
    assert_eq!(
        sender("to = [\"a@example.com\"]\nusername = \"b@example.org\""),
        "b@example.org at example.org"
    );
    assert_eq!(sender("server = \"smtp://b%40example.org:x@mail\""), "b@example.org at example.org");
    assert_eq!(
        sender("username = \"b@example.org\"\nfrom = \"c@example.net\""),
        "c@example.net at example.net"
    );
    assert_eq!(sender("domain = \"example.edu\""), "kmswatch@example.edu at example.edu");
}

#[test]
fn a_file_names_its_paths_from_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kmswatch.toml");
    fs::write(&path, "template = \"keys/alarms.yaml\"\n").unwrap();
    assert_eq!(Settings::read(&path).unwrap().template, Some(folder.path().join("keys/alarms.yaml")));
    fs::write(&path, "template = \"/etc/alarms.yaml\"\n").unwrap();
    assert_eq!(Settings::read(&path).unwrap().template, Some(PathBuf::from("/etc/alarms.yaml")));
}

#[test]
fn what_is_wrong_with_a_file_is_said_with_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kmswatch.toml");
    let error = || format!("{:#}", Settings::read(&path).unwrap_err());
    assert!(error().contains("kmswatch.toml: No such file"), "{}", error());
    fs::write(&path, "regoin = 1\n").unwrap();
    assert!(error().contains("kmswatch.toml: the settings are refused\nerror[C002]"), "{}", error());
    assert!(error().contains("kmswatch.toml:1:1\n"), "{}", error());
    fs::write(&path, "#".repeat(usize::try_from(MAX_SETTINGS).unwrap() + 1)).unwrap();
    assert!(error().ends_with("at most 262144 bytes"), "{}", error());
}
