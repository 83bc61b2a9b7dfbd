//! Certificate and key: both or none. Whether they are what they should be is looked at where they are read.

use super::Problems;
use crate::config::Tls;
use crate::config::raw::RawTls;

pub(super) fn check(raw: RawTls, problems: &mut Problems) -> Option<Tls> {
    match (raw.certificate, raw.key) {
        (Some(certificate), Some(key)) => Some(Tls { certificate, key }),
        (None, None) => None,
        (certificate, _) => {
            let (there, absent) = if certificate.is_some() {
                ("certificate", "key")
            } else {
                ("key", "certificate")
            };
            problems.add(
                format!("tls.{absent}"),
                format!("is absent, and tls.{there} is set"),
                "give the paths of both PEM files, or of none to speak plain HTTP",
            );
            None
        }
    }
}
