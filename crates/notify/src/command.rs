//! Commands that a reader can copy into a shell.
//!
//! Values come from records. Each is quoted so that a POSIX shell takes it as one word; one that the reader couldn't see
//! as it is, or that the aws CLI would take for the name of a file or an address to load, makes no command at all.

use crate::hostile;

/// How many bytes a value may have: ARNs of principals have at most 2,048.
const MAX_VALUE: usize = 2_048;

/// A command of the aws CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Command {
    /// The command's name, and then an option and its value each: what is kept together in a line.
    parts: Vec<String>,
}

/// A command that is being written, unless a value of it can't be written down.
pub(crate) struct Writing(Option<Command>);

impl Command {
    /// `aws` with the names of service and operation.
    pub(crate) fn aws(names: &str) -> Writing {
        Writing(Some(Command { parts: vec![format!("aws {names}")] }))
    }

    /// In lines of at most `width` columns where that is possible, continued by a backslash.
    pub(crate) fn in_lines(&self, width: usize) -> String {
        let mut text = String::new();
        let mut column = 0;
        for part in &self.parts {
            let length = part.chars().count();
            if column > 0 && column + 1 + length > width.saturating_sub(2) {
                text.push_str(" \\\n    ");
                column = 4;
            } else if column > 0 {
                text.push(' ');
                column += 1;
            }
            text.push_str(part);
            column += length;
        }
        text
    }
}

impl Writing {
    /// An option without a value, or one whose value we wrote ourselves.
    pub(crate) fn flag(mut self, text: &str) -> Self {
        if let Some(command) = &mut self.0 {
            command.parts.push(text.to_owned());
        }
        self
    }

    /// An option with a value of any origin.
    pub(crate) fn option(mut self, name: &str, value: &str) -> Self {
        let harmless = can_be_written(value);
        self.0 = self.0.filter(|_| harmless);
        if let Some(command) = &mut self.0 {
            // Behind an equals sign, a value that begins with a hyphen isn't another option.
            let sign = if value.starts_with('-') { '=' } else { ' ' };
            command.parts.push(format!("{name}{sign}{}", quoted(value)));
        }
        self
    }

    /// What `lookup-events` is to look for, as JSON: in the CLI's own shorthand a comma in the value would begin another
    /// attribute.
    pub(crate) fn attribute(self, key: &str, value: &str) -> Self {
        if !can_be_written(value) {
            return Writing(None);
        }
        let json = serde_json::json!([{ "AttributeKey": key, "AttributeValue": value }]);
        self.flag(&format!("--lookup-attributes {}", quoted(&json.to_string())))
    }

    /// The command, if it can be written down.
    pub(crate) fn done(self) -> Option<Command> {
        self.0
    }
}

fn can_be_written(value: &str) -> bool {
    !value.is_empty() && value.len() <= MAX_VALUE && hostile::is_harmless(value) && !value.contains("://")
}

/// One word for a POSIX shell.
fn quoted(value: &str) -> String {
    let plain = |found: char| found.is_ascii_alphanumeric() || "_@%+:,./-".contains(found);
    if value.chars().all(plain) { value.to_owned() } else { format!("'{}'", value.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(value: &str) -> Option<String> {
        Command::aws("kms describe-key").option("--key-id", value).done().map(|command| command.in_lines(999))
    }

    #[test]
    fn a_value_stays_one_word() {
        let arn = "arn:aws:kms:us-east-1:111122223333:key/a";
        assert_eq!(line(arn), Some(format!("aws kms describe-key --key-id {arn}")));
        assert_eq!(line("a; rm -rf ~"), Some("aws kms describe-key --key-id 'a; rm -rf ~'".into()));
        assert_eq!(line("a'$(id)'"), Some("aws kms describe-key --key-id 'a'\\''$(id)'\\'''".into()));
        assert_eq!(line("--profile"), Some("aws kms describe-key --key-id=--profile".into()));
        assert_eq!(line("~"), Some("aws kms describe-key --key-id '~'".into()));
        assert_eq!(line("a=b"), Some("aws kms describe-key --key-id 'a=b'".into()));
    }

    #[test]
    fn what_cannot_be_seen_or_would_be_loaded_makes_no_command() {
        for value in ["", "a\nb", "a\u{202e}b", "file:///etc/passwd", "https://evil.example", "e\u{301}"] {
            assert_eq!(line(value), None, "{value:?}");
        }
        assert_eq!(line(&"a".repeat(3_000)), None);
    }

    #[test]
    fn an_attribute_stays_one_attribute() {
        let command = Command::aws("cloudtrail lookup-events").attribute("Username", "a',AttributeKey=\"b");
        let expected = r#"aws cloudtrail lookup-events --lookup-attributes '[{"AttributeKey":"Username","AttributeValue":"a'\'',AttributeKey=\"b"}]'"#;
        assert_eq!(command.done().unwrap().in_lines(999), expected);
    }

    #[test]
    fn a_long_command_goes_on_in_the_next_line() {
        let command =
            Command::aws("kms list-grants").option("--key-id", "alias/a").flag("--limit 10").done().unwrap();
        assert_eq!(command.in_lines(40), "aws kms list-grants --key-id alias/a \\\n    --limit 10");
    }

    /// What a shell makes of a command's words.
    fn words_in_a_shell(line: &str) -> Vec<String> {
        let script = format!("aws() {{ for word; do printf '%s\\0' \"$word\"; done; }}\n{line}\n");
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{line}: {output:?}");
        let words = String::from_utf8(output.stdout).unwrap();
        words.split_terminator('\0').map(str::to_owned).collect()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(200))]

        #[test]
        fn a_shell_sees_the_value_and_nothing_else(value in "[ -~äé王$`\"'\\\\;&|<>(){}*?~!#=-]{1,20}", width in 20_usize..200) {
            let command = Command::aws("kms describe-key").option("--key-id", &value).attribute("Username", &value);
            if let Some(command) = command.flag("--max-items 100").done() {
                let words = words_in_a_shell(&command.in_lines(width));
                let json = serde_json::json!([{ "AttributeKey": "Username", "AttributeValue": value }]).to_string();
                let key = if value.starts_with('-') { vec![format!("--key-id={value}")] } else { vec!["--key-id".into(), value] };
                let mut expected = vec!["kms".to_owned(), "describe-key".to_owned()];
                expected.extend(key);
                expected.extend(["--lookup-attributes".into(), json, "--max-items".into(), "100".into()]);
                proptest::prop_assert_eq!(words, expected);
            }
        }
    }
}
