//! TLS as clients see it: both versions of HTTP, a certificate that is replaced while connections are open, and pairs that cannot
//! be used.

#![expect(
    clippy::unwrap_used,
    reason = "a test says by a panic what went wrong; clippy's own exception is for functions marked as tests only"
)]

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use http::{Request, Response, Version};
use http_body_util::BodyExt as _;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rum_collector::config::{Config, Tls};
use rum_collector::run::Collector;
use rum_collector::serve::Certificates;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_util::sync::CancellationToken;

/// No wait may take longer.
const PATIENCE: Duration = Duration::from_secs(60);

const BATCH: &str = r#"[1,0,"00000000000000ff",1795226217000,[1795226212000,"https://shop.example","0.1.0"],
    [[1,0,1200,"6b00f0a400000001","6b00f0a400000002",0,0,"/product/7"],[2,0,1200,1,0,1100000]]]"#;

/// A certificate that signed itself, and its key.
struct Pair {
    certificate: String,
    key: String,
}

impl Pair {
    /// Good from one year to another, or for a long time.
    fn good(years: Option<(i32, i32)>) -> Self {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        if let Some((from, until)) = years {
            params.not_before = date_time_ymd(from, 1, 1);
            params.not_after = date_time_ymd(until, 1, 1);
        }
        let key = KeyPair::generate().unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// Puts both where they are configured.
    fn lie_at(&self, files: &Tls) {
        fs::write(&files.key, &self.key).unwrap();
        fs::write(&files.certificate, &self.certificate).unwrap();
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

/// In the place of the file before, at once: whoever looks at it sees no half of it.
fn replace(file: &Path, text: &str) {
    let new = file.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

fn files(folder: &Path) -> Tls {
    Tls {
        certificate: folder.join("certificate.pem"),
        key: folder.join("key.pem"),
    }
}

/// A collector without a database, that listens by TLS.
struct Server {
    address: SocketAddr,
    files: Tls,
    shutdown: CancellationToken,
    served: JoinHandle<()>,
    _folder: TempDir,
}

impl Server {
    async fn start(pair: &Pair, limits: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        let files = files(folder.path());
        pair.lie_at(&files);
        let text = |path: &PathBuf| path.display().to_string();
        let mut environment = vec![
            ("RUM_DATA".to_owned(), text(&folder.path().join("data"))),
            ("RUM_TLS_CERTIFICATE".to_owned(), text(&files.certificate)),
            ("RUM_TLS_KEY".to_owned(), text(&files.key)),
            (
                "RUM_APPS".to_owned(),
                r#"[{name = "shop", key = "k", origins = ["*"]}]"#.to_owned(),
            ),
        ];
        environment.extend(
            limits
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let config = Config::load(None, environment).unwrap();
        let collector = Collector::open(&config, watch::channel(None).1).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shutdown = CancellationToken::new();
        let served = tokio::spawn(collector.serve(listener, shutdown.clone()));
        Self {
            address,
            files,
            shutdown,
            served,
            _folder: folder,
        }
    }

    /// A connection that trusts these, and speaks one of those.
    async fn connect(&self, trusted: &[&Pair], protocols: &[&str]) -> Client {
        let mut roots = RootCertStore::empty();
        for pair in trusted {
            roots.add(pair.der()).unwrap();
        }
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let mut config = config.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let stream = TlsConnector::from(Arc::new(config))
            .connect(name, stream)
            .await
            .unwrap();
        Client::over(stream).await
    }

    /// Looks at the metrics until one of them has this value.
    async fn until(&self, trusted: &[&Pair], sample: &str) {
        let looking = async {
            loop {
                let page = self.connect(trusted, &["http/1.1"]).await.get("/metrics").await;
                if page.text.lines().any(|line| line == sample) {
                    return;
                }
                sleep(Duration::from_millis(100)).await;
            }
        };
        timeout(PATIENCE, looking).await.unwrap();
    }

    async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.served).await.unwrap().unwrap();
    }
}

enum Sender {
    One(http1::SendRequest<Body>),
    Two(http2::SendRequest<Body>),
}

struct Client {
    sender: Sender,
    shown: CertificateDer<'static>,
}

struct Answer {
    head: Response<()>,
    text: String,
}

impl Client {
    async fn over(stream: TlsStream<TcpStream>) -> Self {
        let (_, session) = stream.get_ref();
        let shown = session.peer_certificates().unwrap()[0].clone();
        let two = session.alpn_protocol() == Some(b"h2");
        let stream = TokioIo::new(stream);
        let sender = if two {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            Sender::Two(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            Sender::One(sender)
        };
        Self { sender, shown }
    }

    async fn send(&mut self, request: Request<Body>) -> Answer {
        let answer = match &mut self.sender {
            Sender::One(sender) => {
                sender.ready().await.unwrap();
                sender.send_request(request).await
            }
            Sender::Two(sender) => sender.send_request(request).await,
        };
        let (parts, body) = answer.unwrap().into_parts();
        let body: Bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            head: Response::from_parts(parts, ()),
            text: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&mut self, path: &str) -> Answer {
        let request = match &self.sender {
            Sender::One(_) => Request::get(path).header("host", "localhost"),
            Sender::Two(_) => Request::get(format!("https://localhost{path}")),
        };
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// What `/readyz/tls` says.
    async fn tls(&mut self) -> serde_json::Value {
        serde_json::from_str(&self.get("/readyz/tls").await.text).unwrap()
    }
}

#[tokio::test]
async fn both_versions_are_spoken_and_a_batch_is_taken_by_either() {
    let pair = Pair::good(None);
    let server = Server::start(&pair, &[]).await;
    for (offered, version) in [
        (&["h2", "http/1.1"][..], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ] {
        let mut client = server.connect(&[&pair], offered).await;
        let path = match &client.sender {
            Sender::One(_) => "/v1/batches?k=k",
            Sender::Two(_) => "https://localhost/v1/batches?k=k",
        };
        let request = Request::post(path).header("origin", "https://shop.example");
        let answer = client.send(request.body(Body::from(BATCH)).unwrap()).await;
        assert_eq!((answer.head.status().as_u16(), answer.head.version()), (204, version));
        let headers = answer.head.headers();
        assert_eq!(headers["strict-transport-security"], "max-age=31536000");
        assert_eq!(headers["access-control-allow-origin"], "*");
    }
    // By HTTP/2 the host is in the address: a login by a page of this server is one, whatever the version.
    let mut client = server.connect(&[&pair], &["h2"]).await;
    for (origin, code) in [
        ("https://localhost", "unknown_token"),
        ("https://evil.example", "cross_site"),
    ] {
        let request = Request::post("https://localhost/v1/login").header("origin", origin);
        let answer = client
            .send(request.body(Body::from("{\"token\": \"x\"}")).unwrap())
            .await;
        assert!(answer.text.contains(code), "{origin}: {}", answer.text);
    }
    server.stop().await;
}

#[tokio::test]
async fn new_connections_get_a_new_certificate_and_open_ones_go_on() {
    let (first, second) = (Pair::good(None), Pair::good(Some((2020, 2090))));
    let both = [&first, &second];
    let server = Server::start(&first, &[("RUM_LIMITS_HEADER_TIMEOUT", "5m")]).await;
    let mut open = server.connect(&both, &["h2"]).await;
    assert_eq!(open.shown, first.der());
    assert_eq!(open.tls().await["state"], "healthy");

    // The key alone does not fit: the last pair stays.
    replace(&server.files.key, &second.key);
    server
        .until(&both, "rum_tls_reloads_total{outcome=\"refused\"} 1")
        .await;
    assert_eq!(server.connect(&both, &["h2"]).await.shown, first.der());
    let told = open.tls().await;
    assert_eq!(
        (&told["state"], &told["ready"]),
        (&"degraded".into(), &true.into()),
        "{told}"
    );
    let problem = told["problem"].as_str().unwrap();
    assert!(
        problem.contains("does not fit the certificate") && problem.contains("key.pem"),
        "{problem}"
    );
    assert!(!told.to_string().contains("BEGIN"), "{told}");

    replace(&server.files.certificate, &second.certificate);
    server.until(&both, "rum_tls_reloads_total{outcome=\"loaded\"} 1").await;
    assert_eq!(server.connect(&both, &["h2"]).await.shown, second.der());
    let told = open.tls().await;
    assert_eq!(
        (&told["state"], &told["expires"]),
        (&"healthy".into(), &"2090-01-01T00:00:00Z".into()),
        "{told}"
    );
    let expiry = format!("rum_tls_certificate_expiry_seconds {:.1}", 3_786_912_000.0);
    server.until(&both, &expiry).await;

    fs::remove_file(&server.files.certificate).unwrap();
    server
        .until(&both, "rum_tls_reloads_total{outcome=\"refused\"} 2")
        .await;
    assert_eq!(server.connect(&both, &["http/1.1"]).await.shown, second.der());
    // The one from the beginning is still open, and knows.
    assert!(open.tls().await["problem"].as_str().unwrap().contains("cannot be read"));
    server.stop().await;
}

#[tokio::test]
async fn who_does_not_shake_hands_is_sent_away_and_counted() {
    let pair = Pair::good(None);
    let server = Server::start(&pair, &[("RUM_LIMITS_HEADER_TIMEOUT", "10s")]).await;
    let gone = async |sent: &[u8]| {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        stream.write_all(sent).await.unwrap();
        let mut left = Vec::new();
        #[expect(clippy::disallowed_methods, reason = "a take is before it")]
        // It ends, by whatever; what is left of a hello that was not read resets it.
        let _ = timeout(PATIENCE, stream.take(1 << 16).read_to_end(&mut left))
            .await
            .unwrap();
    };
    // Nothing, and the beginning of a hello.
    tokio::join!(gone(b""), gone(&[0x16, 3, 1, 2, 0]));
    server
        .until(&[&pair], "rum_connections_timed_out_total{stage=\"handshake\"} 2")
        .await;
    gone(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    server
        .until(&[&pair], "rum_connections_refused_total{reason=\"handshake\"} 1")
        .await;
    server.stop().await;
}

#[tokio::test]
async fn the_command_that_asks_how_it_is_speaks_tls() {
    let server = Server::start(&Pair::good(None), &[]).await;
    let Tls { certificate, key } = &server.files;
    let mut health = tokio::process::Command::new(env!("CARGO_BIN_EXE_rum-collector"));
    health
        .args(["health", "tls"])
        .env("RUM_LISTEN", server.address.to_string())
        .env("RUM_TLS_CERTIFICATE", certificate)
        .env("RUM_TLS_KEY", key)
        .env("RUM_APPS", r#"[{name = "shop", key = "k", origins = ["*"]}]"#);
    // It has no patience with a machine that stands still, and is asked again, as it is by whoever looks after a collector.
    let ready = async {
        loop {
            let told = health.output().await.unwrap();
            if told.status.success() {
                return told;
            }
            sleep(Duration::from_millis(100)).await;
        }
    };
    let told = timeout(PATIENCE, ready).await.unwrap();
    assert!(String::from_utf8_lossy(&told.stdout).contains("4096-01-01"), "{told:?}");
    server.stop().await;
}

/// Why a pair cannot be used.
fn wrong(certificate: Option<&str>, key: Option<&str>) -> String {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    for (path, text) in [(&files.certificate, certificate), (&files.key, key)] {
        if let Some(text) = text {
            fs::write(path, text).unwrap();
        }
    }
    let error = Certificates::open(&files).err().unwrap().to_string();
    error.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_pair_that_browsers_would_refuse_is_none_and_the_error_says_why() {
    let (pair, other) = (Pair::good(None), Pair::good(None));
    let (old, early) = (Pair::good(Some((2001, 2002))), Pair::good(Some((2080, 2090))));
    for (certificate, key, parts) in [
        (
            None,
            Some(&pair.key),
            &["tls.certificate: certificate.pem cannot be read"][..],
        ),
        (Some(&pair.certificate), None, &["tls.key: key.pem cannot be read"]),
        (
            Some(&pair.key),
            Some(&pair.key),
            &["tls.certificate: certificate.pem holds no certificate"],
        ),
        (Some(&String::new()), Some(&pair.key), &["holds no certificate"]),
        (
            Some(&pair.certificate),
            Some(&pair.certificate),
            &["tls.key: key.pem holds no private key"],
        ),
        (
            Some(&pair.certificate),
            Some(&other.key),
            &["tls.key: the key in key.pem does not fit the certificate in certificate.pem"],
        ),
        (
            Some(&old.certificate),
            Some(&old.key),
            &["has expired: it was good until 2002-01-01T00:00:00Z", "renewed"],
        ),
        (
            Some(&early.certificate),
            Some(&early.key),
            &["is not good before 2080-01-01T00:00:00Z", "clock"],
        ),
    ] {
        let error = wrong(certificate.map(String::as_str), key.map(String::as_str));
        for part in parts {
            assert!(error.contains(part), "{part:?} is not in {error:?}");
        }
        assert!(!error.contains("BEGIN PRIVATE KEY-----\n"), "{error}");
    }
}

#[test]
fn a_key_that_everybody_may_read_is_a_warning() {
    let folder = TempDir::new().unwrap();
    let files = files(folder.path());
    Pair::good(None).lie_at(&files);
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o660, true)] {
        fs::set_permissions(&files.key, fs::Permissions::from_mode(mode)).unwrap();
        let environment = [("RUM_TLS_CERTIFICATE", &files.certificate), ("RUM_TLS_KEY", &files.key)];
        let environment = environment.map(|(name, path)| (name.to_owned(), path.display().to_string()));
        let warnings = Config::load(None, environment).unwrap().warnings();
        let told = warnings.iter().any(|warning| warning.contains("tls.key"));
        assert_eq!(told, warned, "{mode:o}: {warnings:?}");
    }
}
