//! TLS: a certificate and its key, which may be replaced while connections are open.
//!
//! New connections get the pair that was read last. It is read again when one of the files changes and on SIGHUP. A pair that
//! cannot be used changes nothing: the last good one stays, and log, `/readyz` and metrics say so.

mod pair;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::spawn_blocking;
use tokio::time::{MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, aws_lc_rs};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_util::sync::CancellationToken;

use self::pair::Pair;
pub use self::pair::TlsError;
use super::condition::Condition;
use crate::background::finished;
use crate::config::Tls;
use crate::file_stamp::FileStamp;
use crate::meter::Counter;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A certificate that ends sooner than this should have been renewed: those that renew themselves do it weeks before.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The protocols that are spoken, the preferred one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// The certificate of the collector; a handle.
#[derive(Clone)]
pub struct Certificates(Arc<Shared>);

struct Shared {
    files: Tls,
    provider: Arc<CryptoProvider>,
    acceptor: TlsAcceptor,
    current: Arc<Current>,
    /// Which files were read last, and what was wrong then. Held while they are read.
    last: Mutex<Last>,
    reloads: Reloads,
}

struct Last {
    stamps: [FileStamp; 2],
    problem: Option<String>,
}

/// How often files that had changed were read.
#[derive(Debug, Default)]
pub(super) struct Reloads {
    /// They are in use.
    pub(super) loaded: Counter,
    /// They cannot be used.
    pub(super) refused: Counter,
}

/// The pair in use.
struct Current(RwLock<Pair>);

impl Current {
    fn until(&self) -> Timestamp {
        self.0.read().unwrap_or_else(PoisonError::into_inner).until
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current(…)")
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let pair = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Some(Arc::clone(&pair.key))
    }
}

impl Certificates {
    /// Reads the pair.
    ///
    /// # Errors
    /// When it cannot be used: what is wrong, and how to mend it.
    pub fn open(files: &Tls) -> Result<Self, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let stamps = stamps(files);
        let current = Arc::new(Current(RwLock::new(Pair::load(files, &provider)?)));
        let config = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions();
        // An error means that the provider has no cipher for these versions, and it has.
        let mut config = config
            .map_err(|error| TlsError::NoCertificate {
                path: files.certificate.clone(),
                reason: error.to_string(),
            })?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&current) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).into();
        Ok(Self(Arc::new(Shared {
            files: files.clone(),
            provider,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            current,
            last: Mutex::new(Last { stamps, problem: None }),
            reloads: Reloads::default(),
        })))
    }

    /// What shakes hands.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.0.acceptor.clone()
    }

    /// Reads the pair again, whether the files have changed or not. Takes as long as the disk does.
    pub fn reload(&self) {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(&mut last);
    }

    /// Reads the pair again if a file has changed since.
    fn look(&self) {
        let mut last = self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if stamps(&self.0.files) != last.stamps {
            self.read(&mut last);
        }
    }

    fn read(&self, last: &mut Last) {
        let Shared {
            files,
            provider,
            current,
            reloads,
            ..
        } = &*self.0;
        // Before they are read: what changes meanwhile is seen at the next look.
        last.stamps = stamps(files);
        match Pair::load(files, provider) {
            Ok(pair) => {
                let until = pair.until;
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
                last.problem = None;
                reloads.loaded.add(1);
                tracing::info!(%until, "the certificate was read again: new connections get it");
            }
            Err(error) => {
                reloads.refused.add(1);
                tracing::error!(%error, "the new certificate cannot be used: the last one stays");
                last.problem = Some(error.to_string());
            }
        }
    }

    /// Reads the pair again when a file changes and on SIGHUP, until `shutdown`.
    pub(crate) async fn watch(self, shutdown: CancellationToken) {
        let mut hangups = signal(SignalKind::hangup())
            .inspect_err(|error| tracing::error!(%error, "SIGHUP will not be noticed; changed files will"))
            .ok();
        let mut ticks = interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let read = tokio::select! {
                () = shutdown.cancelled() => return,
                _ = ticks.tick() => Self::look,
                Some(()) = hangup(&mut hangups) => Self::reload,
            };
            let certificates = self.clone();
            if finished(spawn_blocking(move || read(&certificates))).await.is_none() {
                return;
            }
        }
    }

    /// When the certificate in use ends.
    pub(super) fn until(&self) -> Timestamp {
        self.0.current.until()
    }

    /// How often it was read again.
    pub(super) fn reloads(&self) -> &Reloads {
        &self.0.reloads
    }

    /// How it is, for `/readyz`.
    pub(super) fn condition(&self, now: Timestamp) -> Condition {
        let until = self.until();
        let problem = self
            .0
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .problem
            .clone();
        if until < now {
            let reason = problem.map_or_else(String::new, |problem| format!("; {problem}"));
            return Condition::Unhealthy(format!("the certificate has expired at {until}{reason}"));
        }
        if let Some(problem) = problem {
            return Condition::Degraded(format!("the last good certificate is in use, until {until}: {problem}"));
        }
        if until.duration_since(now) < SOON {
            return Condition::Degraded(format!("the certificate expires at {until}: have it renewed"));
        }
        Condition::Healthy
    }
}

/// Of the certificate and of its key.
fn stamps(files: &Tls) -> [FileStamp; 2] {
    [&files.certificate, &files.key].map(|path| FileStamp::of(path))
}

async fn hangup(hangups: &mut Option<tokio::signal::unix::Signal>) -> Option<()> {
    match hangups {
        Some(hangups) => hangups.recv().await,
        None => std::future::pending().await,
    }
}
