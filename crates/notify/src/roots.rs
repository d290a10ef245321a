//! Whose certificates are trusted.

use std::fmt;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use ureq::tls::RootCerts;

/// Certificates of those whom we trust to vouch for servers.
#[derive(Debug, Clone, Default)]
pub struct Roots {
    certificates: Vec<CertificateDer<'static>>,
}

/// Why a file of certificates can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootsError {
    /// It isn't PEM, or holds something damaged.
    Damaged(String),
    /// It holds no certificate.
    Empty,
}

impl Roots {
    /// Those that the system trusts. What of them can't be read is left out: servers that need it aren't trusted.
    #[must_use]
    pub fn of_system() -> Self {
        let mut roots = Roots::default();
        for certificate in rustls_native_certs::load_native_certs().certs {
            roots.add(certificate);
        }
        roots
    }

    /// Those of a PEM file besides.
    ///
    /// # Errors
    /// Where the file has none, or a damaged one.
    pub fn add_pem(&mut self, pem: &[u8]) -> Result<(), RootsError> {
        let mut any = false;
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| RootsError::Damaged(error.to_string()))?;
            if !self.add(certificate) {
                return Err(RootsError::Damaged("a certificate can't be read".into()));
            }
            any = true;
        }
        if any { Ok(()) } else { Err(RootsError::Empty) }
    }

    /// Whether there are none: then no server is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty()
    }

    /// One more, unless it can't be read.
    fn add(&mut self, certificate: CertificateDer<'static>) -> bool {
        let readable = RootCertStore::empty().add(certificate.clone()).is_ok();
        if readable {
            self.certificates.push(certificate);
        }
        readable
    }

    pub(crate) fn der(&self) -> impl Iterator<Item = &[u8]> {
        self.certificates.iter().map(AsRef::as_ref)
    }

    pub(crate) fn for_web(&self) -> RootCerts {
        let certificates = self.der().map(|der| ureq::tls::Certificate::from_der(der).to_owned());
        RootCerts::Specific(Arc::new(certificates.collect()))
    }
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RootsError::Damaged(why) => write!(f, "the certificates can't be read: {why}"),
            RootsError::Empty => {
                f.write_str("there is no certificate in it; write one in PEM, `-----BEGIN CERTIFICATE-----`")
            }
        }
    }
}

impl std::error::Error for RootsError {}
