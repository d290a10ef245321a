//! The template that is applied, and what it is read with: kept in the store, so that after a start it is known what was watched
//! before.

use std::collections::BTreeMap;

use anyhow::Context as _;
use chain::Chain;
use filter_pattern::Wildcards;
use monitor::Subscription;
use serde::{Deserialize, Serialize};
use stack::Environment;
use store_sqlite::StoredTemplate;

use super::arguments::ServeArguments;
use super::reserved;
use crate::settings::{Evaluation, Settings};
use crate::{builtin, template};

/// A template's text, and everything that the chain is made with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Applied {
    /// Where it came from, for people.
    pub(crate) name: String,
    pub(crate) text: String,
    with: With,
}

/// What a template is read with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct With {
    stack_name: String,
    account_id: String,
    region: String,
    parameters: BTreeMap<String, String>,
    imports: BTreeMap<String, String>,
    leftmost_wildcards: bool,
    cloudwatch_cadence: bool,
    sources: Vec<String>,
    /// Since when each source is followed, in seconds since 1970.
    #[serde(default)]
    followed: BTreeMap<String, i64>,
    /// Protocols and endpoints.
    subscribers: Vec<(String, String)>,
    reminder: Option<i64>,
    storm: u32,
}

impl Applied {
    /// What the settings say now.
    ///
    /// # Errors
    /// Where the template can't be read.
    pub(crate) fn of(
        settings: &Settings,
        arguments: &ServeArguments,
        sources: &[String],
    ) -> anyhow::Result<Self> {
        let (name, text) = match &settings.template {
            Some(path) => (path.display().to_string(), template::text(path)?),
            None => (builtin::NAME.to_owned(), builtin::TEMPLATE.to_owned()),
        };
        let environment = arguments.template.environment_with(settings);
        let with = With {
            stack_name: environment.stack_name,
            account_id: environment.account_id,
            region: environment.region,
            parameters: environment.parameters,
            imports: environment.imports,
            leftmost_wildcards: settings.wildcards == Wildcards::Leftmost,
            cloudwatch_cadence: settings.evaluation == Evaluation::CloudWatch,
            sources: sources.to_vec(),
            followed: BTreeMap::new(),
            subscribers: subscribers(settings),
            storm: settings.notify.storm,
            reminder: settings.notify.reminder.and_then(|time| i64::try_from(time.as_millis()).ok()),
        };
        Ok(Applied { name, text, with })
    }

    /// Notes since when its sources are followed: as `before` says, else from `now` (seconds since 1970) on.
    pub(crate) fn follow(&mut self, before: Option<&Applied>, now: i64) {
        let since = |source: &String| before.and_then(|before| before.followed_since(source)).unwrap_or(now);
        self.with.followed = self.with.sources.iter().map(|source| (source.clone(), since(source))).collect();
    }

    /// Since when a source is followed, in seconds since 1970; `None` if it never was.
    pub(crate) fn followed_since(&self, source: &str) -> Option<i64> {
        self.with.followed.get(source).copied()
    }

    /// What was applied last, as the store has it.
    ///
    /// # Errors
    /// Where an older version wrote what this one doesn't understand.
    pub(crate) fn stored(stored: &StoredTemplate) -> anyhow::Result<Self> {
        let with = serde_json::from_str(&stored.settings).context("what the template was read with")?;
        Ok(Applied { name: stored.name.clone(), text: stored.text.clone(), with })
    }

    pub(crate) fn to_store(&self, now: i64) -> anyhow::Result<StoredTemplate> {
        let settings = serde_json::to_string(&self.with)?;
        Ok(StoredTemplate { name: self.name.clone(), text: self.text.clone(), settings, applied_at: now })
    }

    /// The chain that it makes.
    ///
    /// # Errors
    /// Everything that is wrong with it, rendered.
    pub(crate) fn chain(&self) -> anyhow::Result<Chain> {
        let With { stack_name, account_id, region, parameters, imports, .. } = &self.with;
        let environment = Environment {
            parameters: parameters.clone(),
            imports: imports.clone(),
            ..Environment::new(stack_name, account_id, region)
        };
        let wildcards = if self.with.leftmost_wildcards { Wildcards::Leftmost } else { Wildcards::Glob };
        let chain = template::chain(&self.text, &self.name, (&environment, wildcards), false)?;
        let subscriber = |(protocol, endpoint): &(String, String)| Subscription {
            protocol: protocol.clone(),
            endpoint: endpoint.clone(),
        };
        let subscribers: Vec<Subscription> = self.with.subscribers.iter().map(subscriber).collect();
        let mut chain = reserved::with_reserved(chain, &environment, &self.with.sources, &subscribers)?;
        chain.configuration.reminder = self.with.reminder;
        chain.configuration.storm = Some(self.with.storm);
        if self.with.cloudwatch_cadence {
            let alarms = chain.configuration.alarms.iter_mut();
            alarms.for_each(|alarm| alarm.mode = alarm::Mode::CloudWatch);
        }
        Ok(chain)
    }
}

/// Who gets all notifications. While there is neither a mail server nor anybody to write to, mails are files in the outbox, for
/// whoever looks there.
fn subscribers(settings: &Settings) -> Vec<(String, String)> {
    let Settings { mail, .. } = settings;
    let nobody = mail.to.is_empty() && mail.server.is_none();
    let addresses = mail.to.iter().map(|to| to.address.clone());
    let all = addresses.chain(nobody.then(|| OUTBOX_READER.to_owned()));
    all.map(|address| ("email".to_owned(), address)).collect()
}

/// To whom mails in the outbox are addressed that nobody else gets.
pub(super) const OUTBOX_READER: &str = "operator@localhost";

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(sources: &[&str]) -> Applied {
        let with = With {
            stack_name: "stack".to_owned(),
            account_id: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            parameters: BTreeMap::new(),
            imports: BTreeMap::new(),
            leftmost_wildcards: false,
            cloudwatch_cadence: true,
            sources: sources.iter().map(|source| (*source).to_owned()).collect(),
            followed: BTreeMap::new(),
            subscribers: vec![("email".to_owned(), "soc@example.org".to_owned())],
            reminder: Some(60_000),
            storm: 7,
        };
        Applied { name: builtin::NAME.to_owned(), text: builtin::TEMPLATE.to_owned(), with }
    }

    #[test]
    fn a_source_is_followed_since_it_was_for_the_first_time() {
        let mut first = applied(&["a", "b"]);
        assert_eq!(first.followed_since("a"), None);
        first.follow(None, 100);
        assert_eq!((first.followed_since("a"), first.followed_since("c")), (Some(100), None));
        let mut second = applied(&["b", "c"]);
        second.follow(Some(&first), 200);
        let since = ["a", "b", "c"].map(|source| second.followed_since(source));
        assert_eq!(since, [None, Some(100), Some(200)]);
    }

    #[test]
    fn what_is_stored_is_what_was_applied() {
        let mut before = applied(&["a"]);
        before.follow(None, 100);
        let stored = before.to_store(5).unwrap();
        assert_eq!(stored.applied_at, 5);
        assert_eq!(Applied::stored(&stored).unwrap(), before);
        // Older versions didn't know since when.
        let mut settings: serde_json::Value = serde_json::from_str(&stored.settings).unwrap();
        settings.as_object_mut().unwrap().remove("followed").unwrap();
        let older = StoredTemplate { settings: settings.to_string(), ..stored.clone() };
        assert_eq!(Applied::stored(&older).unwrap().followed_since("a"), None);
        assert!(Applied::stored(&StoredTemplate { settings: "{}".to_owned(), ..stored }).is_err());
    }

    #[test]
    fn the_chain_has_what_the_settings_say() {
        let configuration = applied(&["a"]).chain().unwrap().configuration;
        assert_eq!((configuration.reminder, configuration.storm), (Some(60_000), Some(7)));
        assert!(configuration.alarms.iter().all(|alarm| alarm.mode == alarm::Mode::CloudWatch));
        let names: Vec<&str> =
            configuration.alarms.iter().map(|alarm| alarm.definition.name.as_str()).collect();
        for reserved in [reserved::DRILL_ALARM, "kmswatch-silent-a", "kmswatch-unreadable-a"] {
            assert!(names.contains(&reserved), "{names:?}");
        }
        let hears =
            |topic: &monitor::Topic| topic.subscriptions.iter().any(|one| one.endpoint == "soc@example.org");
        assert!(configuration.topics.iter().all(hears));
    }
}
