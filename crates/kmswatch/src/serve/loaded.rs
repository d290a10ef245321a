//! What the service begins with: the template of now, and the state as it was when it ended.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use chain::Chain;
use monitor::Monitor;
use store_sqlite::Store;

use super::applied::Applied;
use super::arguments::ServeArguments;
use super::data_folder::DataFolder;
use crate::settings::{Durability, Settings};

/// Everything that is read before anything is begun.
pub(crate) struct Loaded {
    /// What is applied now.
    pub(crate) applied: Applied,
    /// What was applied before.
    pub(crate) before: Option<Applied>,
    pub(crate) chain: Arc<Chain>,
    pub(crate) store: Store,
    pub(crate) monitor: Monitor,
}

impl Loaded {
    /// Reads all of it.
    ///
    /// # Errors
    /// Everything that is wrong with the template; why the database can't be used.
    pub(crate) fn from(
        settings: &Settings,
        arguments: &ServeArguments,
        folder: &DataFolder,
        sources: &[String],
    ) -> anyhow::Result<Self> {
        let durability = match settings.durability {
            Durability::Full => store_sqlite::Durability::Full,
            Durability::Normal => store_sqlite::Durability::Normal,
        };
        let applied = Applied::of(settings, arguments, sources)?;
        let chain = Arc::new(applied.chain()?);
        let store = Store::open(&folder.database(), durability)?;
        let before = applied_before(&store)?;
        let monitor = restore(&store, before.as_ref(), &chain)?;
        Ok(Loaded { applied, before, chain, store, monitor })
    }
}

/// What was applied last, as far as this version understands it.
fn applied_before(store: &Store) -> anyhow::Result<Option<Applied>> {
    Ok(store.template()?.and_then(|template| Applied::stored(&template).ok()))
}

/// The monitor as it was when the service ended, however it ended.
fn restore(store: &Store, before: Option<&Applied>, now: &Chain) -> anyhow::Result<Monitor> {
    let before = match before {
        Some(before) => before.chain(),
        None if store.template()?.is_some() => Err(anyhow!("another version wrote it")),
        None => return Ok(Monitor::new()),
    };
    let configuration = match &before {
        Ok(before) => &before.configuration,
        Err(error) => {
            tracing::warn!(
                "the template that was applied before can't be read any more, so alarms count as unchanged: {error:#}"
            );
            &now.configuration
        }
    };
    Monitor::load(store.load()?, configuration).context("the state in the database")
}
