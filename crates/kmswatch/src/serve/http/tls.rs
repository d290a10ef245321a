//! TLS with the certificate of the settings, which is read again when its file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::serve::figures::Figures;
use crate::serve::reload::{State, state};
use crate::settings::Http;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// The certificate, as it was read first.
pub(super) struct Certificate {
    files: Files,
    seen: [State; 2],
    first: ServerConfig,
}

impl Certificate {
    /// The one that is set, if one is.
    ///
    /// # Errors
    /// Where certificate or key can't be used.
    pub(super) fn of(settings: &Http) -> anyhow::Result<Option<Self>> {
        let (Some(certificate), Some(key)) = (&settings.tls_certificate, &settings.tls_key) else {
            return Ok(None);
        };
        let files = Files { certificate: certificate.clone(), key: key.clone() };
        Ok(Some(Certificate { seen: files.states(), first: files.read()?, files }))
    }

    /// What the server uses. Connections that are there keep the certificate that they began with.
    pub(super) fn kept_new(self, figures: Arc<Figures>) -> RustlsConfig {
        let config = RustlsConfig::from_config(Arc::new(self.first));
        tokio::spawn(renew(self.files, self.seen, config.clone(), figures));
        config
    }
}

struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> anyhow::Result<ServerConfig> {
        let name = |path: &Path| path.display().to_string();
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect)
            .with_context(|| format!("http.tls_certificate: {}", name(&self.certificate)))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .with_context(|| format!("http.tls_key: {}", name(&self.key)))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .context("http.tls_certificate and http.tls_key don't belong together")?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(config)
    }

    fn states(&self) -> [State; 2] {
        [&self.certificate, &self.key].map(|path| state(path))
    }
}

/// A certificate that can't be used leaves the one before in place.
async fn renew(files: Files, mut seen: [State; 2], config: RustlsConfig, figures: Arc<Figures>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let now = files.states();
        if now == seen {
            continue;
        }
        seen = now;
        match files.read() {
            Ok(read) => {
                config.reload_from_config(Arc::new(read));
                figures.set_certificate_trouble(None);
                tracing::info!("the changed certificate is used from now on");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!("the changed certificate can't be used, so the one before stays: {error}");
                figures.set_certificate_trouble(Some(error));
            }
        }
    }
}
