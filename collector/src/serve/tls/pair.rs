//! A certificate and its key as they lie on disk, read and checked: rather no pair than one that browsers will refuse.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{Error as RustlsError, InconsistentKeys};
use x509_parser::parse_x509_certificate;

use crate::config::Tls;

/// The longest file that is read, in bytes: a chain of certificates has a few KiB.
const LONGEST: u64 = 1 << 20;

/// A certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file is missing or not readable.
    #[error("tls.{key}: {} cannot be read: {source}. Give the path of a PEM file that the collector may read", path.display())]
    Read {
        /// The setting.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file holds no certificate.
    #[error(
        "tls.certificate: {} holds no certificate: {reason}. It has to be PEM, -----BEGIN CERTIFICATE-----, the server's own \
         certificate first and then those that it was signed with",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// The file holds no key.
    #[error("tls.key: {} holds no private key: {reason}. It has to be PEM, -----BEGIN PRIVATE KEY-----, without a password", path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What the reader says.
        reason: String,
    },
    /// Each is fine, and they are not of each other.
    #[error(
        "tls.key: the key in {} does not fit the certificate in {}. Give the key that this certificate was made for; if both are \
         being replaced, the second one is missing yet",
        key.display(), certificate.display()
    )]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// Browsers would refuse it.
    #[error("tls.certificate: the certificate in {} {}, so browsers refuse it. Have it renewed, or set this machine's clock right", path.display(), when(*.from, *.until))]
    NotNow {
        /// The file.
        path: PathBuf,
        /// Since when it is good.
        from: Timestamp,
        /// Until when it is good.
        until: Timestamp,
    },
}

fn when(from: Timestamp, until: Timestamp) -> String {
    if Timestamp::now() < from {
        format!("is not good before {from}")
    } else {
        format!("has expired: it was good until {until}")
    }
}

/// A pair that can be used.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) key: Arc<CertifiedKey>,
    /// The end of the certificate.
    pub(super) until: Timestamp,
}

impl Pair {
    /// Reads both files.
    pub(super) fn load(tls: &Tls, provider: &CryptoProvider) -> Result<Self, TlsError> {
        let chain = chain(&tls.certificate)?;
        let (from, until) = validity(&tls.certificate, &chain)?;
        let now = Timestamp::now();
        if now < from || until < now {
            return Err(TlsError::NotNow {
                path: tls.certificate.clone(),
                from,
                until,
            });
        }
        let no_key = |reason: String| TlsError::NoKey {
            path: tls.key.clone(),
            reason,
        };
        let key = PrivateKeyDer::from_pem_slice(&read("key", &tls.key)?).map_err(|error| no_key(error.to_string()))?;
        let key = CertifiedKey::from_der(chain, key, provider).map_err(|error| match error {
            RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                key: tls.key.clone(),
                certificate: tls.certificate.clone(),
            },
            error => no_key(error.to_string()),
        })?;
        Ok(Self {
            key: Arc::new(key),
            until,
        })
    }
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let none = |reason: String| TlsError::NoCertificate {
        path: path.to_owned(),
        reason,
    };
    let pem = read("certificate", path)?;
    let chain = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let chain = chain.map_err(|error| none(error.to_string()))?;
    if chain.is_empty() {
        return Err(none("there is none in it".to_owned()));
    }
    Ok(chain)
}

/// From when until when the first certificate of a chain is good.
fn validity(path: &Path, chain: &[CertificateDer<'static>]) -> Result<(Timestamp, Timestamp), TlsError> {
    let none = |reason: String| TlsError::NoCertificate {
        path: path.to_owned(),
        reason,
    };
    let der = chain.first().map(AsRef::<[u8]>::as_ref).unwrap_or_default();
    let (_, certificate) = parse_x509_certificate(der).map_err(|error| none(error.to_string()))?;
    let validity = certificate.validity();
    // Clamped: certificates of machines are good until the year 9999.
    let time = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    Ok((
        time(validity.not_before.timestamp()),
        time(validity.not_after.timestamp()),
    ))
}

fn read(key: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let failed = |source| TlsError::Read {
        key,
        path: path.to_owned(),
        source,
    };
    let length = std::fs::metadata(path).map_err(failed)?.len();
    if length > LONGEST {
        let source = io::Error::other(format!(
            "it is {length} bytes long, and no PEM file is longer than {LONGEST}"
        ));
        return Err(failed(source));
    }
    std::fs::read(path).map_err(failed)
}
