//! What do settings say? The case files below `cases/settings`, and the file that `init` writes.

use std::fs;

use testkit::{Expectation, repository, run_cases};

use super::*;

const WRITTEN: &str = include_str!("../../../../examples/kmswatch.toml");

#[test]
fn cases() {
    run_cases("cases/settings", |case| {
        let text = case.section("settings");
        Expectation::of(
            "answer",
            match Settings::parse(text) {
                Ok(settings) => outline(&settings),
                Err(errors) => render(&errors, text, "kmswatch.toml"),
            },
        )
    });
}

fn outline(settings: &Settings) -> String {
    let Settings { template, stack_name, account_id, region, parameters } = settings;
    let template = template.as_ref().map(|path| path.display().to_string());
    let names = ["template", "stack_name", "account_id", "region"];
    let texts = [template.as_ref(), stack_name.as_ref(), account_id.as_ref(), region.as_ref()];
    let set = names.into_iter().zip(texts).filter_map(|(name, text)| Some(format!("{name}: {}\n", text?)));
    let parameters = parameters.iter().map(|(name, value)| format!("parameter {name}: {value}\n"));
    set.chain(parameters).collect()
}

/// The file with each `# name = value` switched on.
fn all_switched_on() -> String {
    let lines = WRITTEN.lines().map(|line| match line.strip_prefix("# ") {
        Some(setting) if setting.split_once(" = ").is_some_and(|(name, _)| !name.contains(' ')) => setting,
        _ => line,
    });
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_init_writes_is_read_and_sets_only_the_template() {
    let settings = Settings::parse(WRITTEN).unwrap();
    assert_eq!(settings, Settings { template: Some("kmswatch.yaml".into()), ..Settings::default() });
}

#[test]
fn what_init_writes_shows_the_defaults() {
    let settings = Settings::parse(&all_switched_on()).unwrap();
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
fn each_setting_is_written_out_and_described() {
    let described = fs::read_to_string(repository().join("docs/settings.md")).unwrap();
    let written = all_switched_on();
    for name in NAMES {
        assert!(described.contains(&format!("| `{name}` |")), "{name}");
        let is_set = |line: &str| line.starts_with(&format!("{name} = ")) || line == format!("[{name}]");
        assert!(written.lines().any(is_set), "{name}");
    }
}

#[test]
fn a_file_names_its_template_from_its_own_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kmswatch.toml");
    fs::write(&path, "template = \"keys/alarms.yaml\"\n").unwrap();
    assert_eq!(Settings::read(&path).unwrap().template, Some(folder.path().join("keys/alarms.yaml")));
    fs::write(&path, "template = \"/etc/alarms.yaml\"\n").unwrap();
    assert_eq!(Settings::read(&path).unwrap().template, Some("/etc/alarms.yaml".into()));
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
    fs::write(&path, b"template = \"\xff\"").unwrap();
    assert!(error().contains("UTF-8"), "{}", error());
}
