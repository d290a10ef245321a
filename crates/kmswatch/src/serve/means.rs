//! How mails and webhooks leave, as the settings say.

use std::fs;

use anyhow::{Context as _, anyhow};
use notify::{Courier, Folder, Mailer, Post, Roots, Signature, Web};

use super::story::Names;
use crate::settings::{SecretSetting, Settings};

/// A courier.
///
/// # Errors
/// Where no connection could ever be made with these settings.
pub(crate) fn courier(settings: &Settings) -> anyhow::Result<Courier> {
    let mut roots = Roots::of_system();
    if let Some(path) = &settings.mail.ca {
        let pem = fs::read(path).with_context(|| format!("mail.ca: can't read {}", path.display()))?;
        roots.add_pem(&pem).map_err(|error| anyhow!("mail.ca: {}: {error}", path.display()))?;
    }
    let post = match &settings.mail.server {
        Some(server) => Post::Server(Box::new(Mailer::new(server.clone(), &roots)?)),
        None => Post::Folder(Folder::new(outbox(settings))),
    };
    let secret = settings.webhook.secret.as_ref().and_then(SecretSetting::secret);
    Ok(Courier { post, web: Web::new(&roots), signature: secret.cloned().map(Signature::new) })
}

/// Where mails are kept while there is no mail server.
pub(crate) fn outbox(settings: &Settings) -> std::path::PathBuf {
    settings.mail.outbox.clone().unwrap_or_else(|| settings.data.join("outbox"))
}

/// What mails call things.
pub(crate) fn names(settings: &Settings, instance: &str) -> Names {
    Names {
        instance: instance.to_owned(),
        domain: settings.mail.own_domain(),
        from: settings.mail.sender(&settings.name).header(),
        accounts: settings.accounts.clone(),
        keys: settings.keys.clone(),
        expected: settings.expected.clone(),
        public_url: settings.public_url.clone(),
        quiet_hours: settings.notify.quiet_hours.clone(),
    }
}
