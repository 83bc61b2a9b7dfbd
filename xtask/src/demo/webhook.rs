//! The receiver of the demo's alerts: a webhook on loopback. It remembers what is firing, in a file, because an alert
//! that still fires after a restart is not sent again.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::mpsc::SyncSender;

use anyhow::{Context, Result, anyhow};
use serde_json::Value;

use super::Event;

/// The largest notification that is read, in bytes.
const BODY_LIMIT: u64 = 64 * 1024;

/// One notification.
#[derive(Clone, Debug)]
pub(super) struct Notification {
    pub(super) firing: bool,
    /// Same for the firing and the resolved of one alert.
    pub(super) fingerprint: String,
    /// A line for people.
    pub(super) text: String,
}

impl Notification {
    fn read(body: &Value) -> Option<Self> {
        let alert = body["alert"].as_str()?;
        let firing = match body["status"].as_str()? {
            "firing" => true,
            "resolved" => false,
            _ => return None,
        };
        let labels = body["labels"].as_object();
        let labels: Vec<String> = labels
            .into_iter()
            .flatten()
            .filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
            .collect();
        let summary = body["annotations"]["summary"].as_str().unwrap_or_default();
        let status = if firing { "FIRING" } else { "resolved" };
        let mut text = format!("{status:<8}  {alert}");
        for part in [labels.join(" "), summary.to_owned()] {
            if !part.is_empty() {
                text += &format!("  {part}");
            }
        }
        let fingerprint = body["fingerprint"]
            .as_str()
            .map_or_else(|| format!("{alert} {}", labels.join(" ")), str::to_owned);
        Some(Self {
            firing,
            fingerprint,
            text,
        })
    }
}

/// Listens; every notification becomes an [`Event::Alert`]. Gives the address to configure. The port is the one of the
/// last time, which `port_file` holds, if it is free: the collector knows a webhook, and what it still has to be
/// told, by its address.
pub(super) fn listen(port_file: &Path, events: SyncSender<Event>) -> Result<String> {
    let last = fs::read_to_string(port_file)
        .ok()
        .and_then(|text| text.trim().parse::<u16>().ok());
    let bind = |port| tiny_http::Server::http(("127.0.0.1", port));
    let server = bind(last.unwrap_or(0))
        .or_else(|_| bind(0))
        .map_err(|error| anyhow!("no port for the alerts' webhook: {error}"))?;
    let address = server
        .server_addr()
        .to_ip()
        .context("the webhook listens on no IP address")?;
    fs::write(port_file, address.port().to_string())
        .with_context(|| format!("{} cannot be written", port_file.display()))?;
    std::thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let mut body = Vec::new();
            #[expect(clippy::disallowed_methods, reason = "limited by BODY_LIMIT")]
            let read = request.as_reader().take(BODY_LIMIT).read_to_end(&mut body);
            let notification = read
                .ok()
                .and_then(|_| serde_json::from_slice(&body).ok())
                .and_then(|value: Value| Notification::read(&value));
            let status = if notification.is_some() { 204 } else { 400 };
            if let Some(notification) = notification
                && events.send(Event::Alert(notification)).is_err()
            {
                return;
            }
            // The sender repeats what it has no answer to.
            let _ = request.respond(tiny_http::Response::empty(status));
        }
    });
    Ok(format!("http://{address}/alerts"))
}

/// What is firing, kept over restarts.
pub(super) struct Firing {
    file: PathBuf,
    alerts: Vec<Notification>,
    has_fired: bool,
}

impl Firing {
    /// A file that cannot be read counts as: nothing fires.
    pub(super) fn load(file: PathBuf) -> Self {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let alerts = text
            .lines()
            .filter_map(|line| line.split_once('\t'))
            .map(|(fingerprint, text)| Notification {
                firing: true,
                fingerprint: fingerprint.to_owned(),
                text: text.to_owned(),
            })
            .collect();
        Self {
            file,
            alerts,
            has_fired: false,
        }
    }

    /// Takes over a notification.
    pub(super) fn note(&mut self, notification: Notification) -> Result<()> {
        self.alerts
            .retain(|known| known.fingerprint != notification.fingerprint);
        if notification.firing {
            self.has_fired = true;
            self.alerts.push(notification);
        }
        let lines: String = self
            .alerts
            .iter()
            .map(|alert| format!("{}\t{}\n", alert.fingerprint, alert.text))
            .collect();
        fs::write(&self.file, lines).with_context(|| format!("{} cannot be written", self.file.display()))
    }

    /// Lines for people, the oldest first.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.alerts.iter().map(|alert| alert.text.as_str())
    }

    /// Has an alert fired since this was loaded? What earlier demos left firing does not count.
    pub(super) fn has_fired(&self) -> bool {
        self.has_fired
    }

    pub(super) fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::TcpStream;
    use std::sync::mpsc::sync_channel;
    use std::time::Duration;

    use serde_json::json;

    use super::*;

    fn notification(status: &str, page: &str) -> Value {
        json!({
            "version": 1, "status": status, "alert": "SlowLcp", "fingerprint": format!("slow-{page}"),
            "labels": { "page": page, "severity": "warning" }, "annotations": { "summary": "LCP p75 is 3210 ms" }, "value": 3210.0
        })
    }

    #[test]
    fn a_notification_reads_as_a_line() {
        let read = Notification::read(&notification("firing", "/")).unwrap();
        assert_eq!(
            read.text,
            "FIRING    SlowLcp  page=/ severity=warning  LCP p75 is 3210 ms"
        );
        assert!(Notification::read(&notification("unheard of", "/")).is_none());
    }

    #[test]
    fn what_fires_is_remembered_until_it_is_resolved() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("firing");
        let note = |status: &str, page: &str| {
            let mut firing = Firing::load(file.clone());
            firing
                .note(Notification::read(&notification(status, page)).unwrap())
                .unwrap();
        };
        let pages = || {
            Firing::load(file.clone())
                .alerts
                .iter()
                .map(|alert| alert.fingerprint.clone())
                .collect::<Vec<_>>()
        };
        note("firing", "/");
        note("firing", "/cart");
        note("firing", "/");
        assert_eq!(pages(), ["slow-/cart", "slow-/"]);
        note("resolved", "/cart");
        assert_eq!(pages(), ["slow-/"]);
        note("resolved", "/");
        assert!(Firing::load(file.clone()).is_empty());
    }

    #[test]
    fn only_what_fires_now_has_fired() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("firing");
        let told = |status: &str| Notification::read(&notification(status, "/")).unwrap();
        let mut earlier = Firing::load(file.clone());
        earlier.note(told("firing")).unwrap();
        assert!(earlier.has_fired());
        let mut firing = Firing::load(file);
        assert!(!firing.is_empty() && !firing.has_fired(), "it fired before");
        firing.note(told("resolved")).unwrap();
        assert!(!firing.has_fired());
        firing.note(told("firing")).unwrap();
        firing.note(told("resolved")).unwrap();
        assert!(firing.is_empty() && firing.has_fired(), "it fired, and is over");
    }

    #[test]
    fn a_post_becomes_an_event_and_nonsense_a_400() {
        let (events, received) = sync_channel(4);
        let folder = tempfile::tempdir().unwrap();
        let address = listen(&folder.path().join("port"), events).unwrap();
        let host = address
            .trim_start_matches("http://")
            .trim_end_matches("/alerts")
            .to_owned();
        let post = |body: &str| {
            let mut stream = TcpStream::connect(&host).unwrap();
            write!(
                stream,
                "POST /alerts HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}",
                body.len()
            )
            .unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).unwrap();
            String::from_utf8_lossy(&answer[9..]).into_owned()
        };
        assert_eq!(post(&notification("firing", "/").to_string()), "204");
        let event = received.recv_timeout(Duration::from_secs(10)).unwrap();
        assert!(matches!(event, Event::Alert(notification) if notification.firing));
        assert_eq!(post("{}"), "400");
    }
}
