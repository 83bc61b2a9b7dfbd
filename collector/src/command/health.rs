//! `rum-collector health`: whether the collector of this configuration is ready, asked from the machine that it runs on.

use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use rum_collector::config::Config;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(4);

/// Prints what `/readyz` says, of `part` or of all.
pub(crate) fn run(config: &Config, part: Option<&str>) -> anyhow::Result<ExitCode> {
    let part = part.map(|part| format!("/{part}")).unwrap_or_default();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let url = format!("{scheme}://{}/readyz{part}", here(config.listen));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ready, told) = runtime.block_on(async {
        let http = reqwest::Client::builder()
            .timeout(PATIENCE)
            // A proxy of the environment is not for this machine, nor has a certificate a name for its loopback.
            .no_proxy()
            .tls_danger_accept_invalid_certs(true)
            .build()?;
        let answer = http.get(&url).send().await;
        let answer =
            answer.with_context(|| format!("no collector answers at {url}; is it running, and with this listen?"))?;
        anyhow::Ok((answer.status().is_success(), answer.text().await?))
    })?;
    writeln!(io::stdout(), "{told}")?;
    Ok(if ready { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Where a collector that listens there is found from this machine.
fn here(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_listens_everywhere_is_asked_here() {
        for (listen, expected) in [
            ("0.0.0.0:4318", "127.0.0.1:4318"),
            ("[::]:4318", "[::1]:4318"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            assert_eq!(here(listen.parse().unwrap()).to_string(), expected);
        }
    }
}
