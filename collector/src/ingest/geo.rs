//! Country and region of an address, from a MaxMind DB file that the operator names. <https://maxmind.github.io/MaxMind-DB/>
//!
//! The file is read into memory rather than mapped: one that is overwritten in place would change under the readers, and a mapped
//! file that becomes shorter ends the process.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use maxminddb::{MaxMindDbError, Reader, WithinOptions, path};

use crate::file_stamp::FileStamp;

/// The largest file that is read. The largest that MaxMind sells of this sort has 150 MB.
const MOST_BYTES: u64 = 1 << 30;

/// Networks that are looked at for a country: of a file that knows countries, nearly each has one.
const LOOKED_AT: usize = 1_000;

/// Where somebody is; empty what is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Location {
    /// ISO 3166-1 alpha-2, such as `DE`.
    pub(super) country: String,
    /// ISO 3166-2, such as `DE-BE`.
    pub(super) region: String,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum GeoError {
    /// It is not there or not readable.
    #[error(
        "visitors.geo_database: {} cannot be read: {source}; give the path of a MaxMind DB file, or remove the key",
        path.display()
    )]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It is larger than any real one.
    #[error(
        "visitors.geo_database: {} has {bytes} bytes, more than {MOST_BYTES}; name another file",
        path.display()
    )]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// It is no MaxMind DB, or a part of one.
    #[error(
        "visitors.geo_database: {} is no whole MaxMind DB: {source}; download it again, unpacked to .mmdb",
        path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: MaxMindDbError,
    },
    /// It is about something else.
    #[error(
        "visitors.geo_database: {} ({database_type}) says nothing about countries; name one that does, such as GeoLite2-City or \
         GeoLite2-Country",
        path.display()
    )]
    NoCountries {
        /// The file.
        path: PathBuf,
        /// What it calls itself.
        database_type: String,
    },
}

/// A file that knows countries.
pub(super) struct Geo {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    reader: Arc<Reader<Vec<u8>>>,
    stamp: FileStamp,
}

/// Looks whether the file of countries can be used.
///
/// # Errors
/// As at a start.
pub fn check(path: &Path) -> Result<(), GeoError> {
    Geo::open(path).map(drop)
}

impl Geo {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not there, damaged, or not about countries.
    pub(super) fn open(path: &Path) -> Result<Self, GeoError> {
        // Before it is read: what changes meanwhile is seen at the next look.
        let stamp = FileStamp::of(path);
        let reader = Arc::new(read(path)?);
        let type_of_file = &reader.metadata().database_type;
        tracing::info!(file = %path.display(), %type_of_file, "countries are known");
        Ok(Self {
            path: path.to_owned(),
            known: Mutex::new(Known { reader, stamp }),
        })
    }

    /// Where the file is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the file again if it was replaced. One that cannot be used is left alone, and the one before stays. Takes as long as
    /// the disk does.
    pub(super) fn refresh(&self) {
        let stamp = FileStamp::of(&self.path);
        // One that was taken away is in memory still, and may be about to be replaced.
        if !stamp.is_there() || stamp == self.known().stamp {
            return;
        }
        let read = read(&self.path);
        let mut known = self.known();
        // Also of one that is no good: it is told once, until it changes again.
        known.stamp = stamp;
        match read {
            Ok(reader) => {
                known.reader = Arc::new(reader);
                tracing::info!(file = %self.path.display(), "the file of countries was replaced, and is in use");
            }
            Err(error) => tracing::error!(%error, "the file of countries was replaced; the one before stays in use"),
        }
    }

    /// Where `address` is.
    pub(super) fn locate(&self, address: IpAddr) -> Location {
        let reader = Arc::clone(&self.known().reader);
        let found = reader.lookup(address).and_then(|found| {
            let country = found.decode_path::<String>(&path!["country", "iso_code"])?;
            let region = found.decode_path::<String>(&path!["subdivisions", 0, "iso_code"])?;
            Ok((country.unwrap_or_default(), region.unwrap_or_default()))
        });
        // A place in the file that cannot be read is a place that is not known.
        let (country, region) = found.unwrap_or_default();
        Location::said(&country, &region)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Location {
    /// Of what somebody says: codes that cannot be are left out. `XX` and `ZZ` mean that nobody knows. A region may be said with or
    /// without its country.
    pub(super) fn said(country: &str, region: &str) -> Self {
        let country = country.trim().to_ascii_uppercase();
        let is_code = country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase());
        if !is_code || matches!(&*country, "XX" | "ZZ") {
            return Self::default();
        }
        let region = region.trim().to_ascii_uppercase();
        let own = region.strip_prefix(&country).and_then(|rest| rest.strip_prefix('-'));
        let part = own.unwrap_or(&region);
        let is_part = (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let region = if is_part {
            format!("{country}-{part}")
        } else {
            String::new()
        };
        Self { country, region }
    }
}

fn read(path: &Path) -> Result<Reader<Vec<u8>>, GeoError> {
    let failed = |source| GeoError::Read {
        path: path.to_owned(),
        source,
    };
    let bytes = fs::metadata(path).map_err(failed)?.len();
    if bytes > MOST_BYTES {
        return Err(GeoError::TooLarge {
            path: path.to_owned(),
            bytes,
        });
    }
    let content = fs::read(path).map_err(failed)?;
    let damaged = |source| GeoError::Damaged {
        path: path.to_owned(),
        source,
    };
    let reader = Reader::from_source(content).map_err(damaged)?;
    let mut knows = false;
    for network in reader
        .networks(WithinOptions::default())
        .map_err(damaged)?
        .take(LOOKED_AT)
    {
        let country = network.and_then(|found| found.decode_path::<String>(&path!["country", "iso_code"]));
        knows |= country.map_err(damaged)?.is_some();
    }
    if !knows {
        return Err(GeoError::NoCountries {
            path: path.to_owned(),
            database_type: reader.metadata().database_type.clone(),
        });
    }
    Ok(reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// MaxMind's own files for tests; tests/geo/README.md says where they are from.
    fn file(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/geo").join(name)
    }

    fn location(country: &str, region: &str) -> Location {
        Location {
            country: country.to_owned(),
            region: region.to_owned(),
        }
    }

    #[test]
    fn a_file_knows_countries_and_regions() {
        let geo = Geo::open(&file("GeoIP2-City-Test.mmdb")).unwrap();
        for (address, country, region) in [
            ("81.2.69.160", "GB", "GB-ENG"),
            ("216.160.83.56", "US", "US-WA"),
            ("::ffff:216.160.83.56", "US", "US-WA"),
            ("89.160.20.128", "SE", "SE-E"),
            ("2001:218::1", "JP", ""),
            ("127.0.0.1", "", ""),
            ("10.1.2.3", "", ""),
            ("::1", "", ""),
        ] {
            assert_eq!(
                geo.locate(address.parse().unwrap()),
                location(country, region),
                "{address}"
            );
        }
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let whole = fs::read(file("GeoIP2-City-Test.mmdb")).unwrap();
        let write = |name: &str, content: &[u8]| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        for (path, expected) in [
            (folder.path().join("absent.mmdb"), "cannot be read"),
            (write("half.mmdb", &whole[..whole.len() / 2]), "no whole MaxMind DB"),
            (write("empty.mmdb", b""), "no whole MaxMind DB"),
            (write("text.mmdb", b"1.2.3.4,DE\n"), "no whole MaxMind DB"),
            (
                file("GeoLite2-ASN-Test.mmdb"),
                "(GeoLite2-ASN) says nothing about countries",
            ),
        ] {
            let error = Geo::open(&path)
                .err()
                .map(|error| error.to_string())
                .unwrap_or_default();
            assert!(error.contains(expected), "{}: {error}", path.display());
            assert!(error.starts_with("visitors.geo_database: "), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_replaced_is_read_again_and_a_bad_one_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("geo.mmdb");
        fs::copy(file("GeoIP2-City-Test.mmdb"), &path).unwrap();
        let geo = Geo::open(&path).unwrap();
        let address = "216.160.83.56".parse().unwrap();
        fs::write(&path, b"no such file").unwrap();
        geo.refresh();
        assert_eq!(geo.locate(address), location("US", "US-WA"));
        fs::copy(file("GeoLite2-Country-Test.mmdb"), &path).unwrap();
        geo.refresh();
        assert_eq!(geo.locate(address), location("US", ""), "the new file knows no regions");
        fs::remove_file(&path).unwrap();
        geo.refresh();
        assert_eq!(geo.locate(address), location("US", ""));
    }

    #[test]
    fn codes_are_of_their_form() {
        for (country, region, expected) in [
            ("DE", "", ("DE", "")),
            ("de", "be", ("DE", "DE-BE")),
            ("US", "US-WA", ("US", "US-WA")),
            ("US", "CA-ON", ("US", "")),
            ("GB", "ENG", ("GB", "GB-ENG")),
            ("AT", "9", ("AT", "AT-9")),
            ("XX", "", ("", "")),
            ("ZZ", "", ("", "")),
            ("T1", "", ("", "")),
            ("Germany", "BE", ("", "")),
            ("", "BE", ("", "")),
            ("DE", "<b>", ("DE", "")),
        ] {
            assert_eq!(
                Location::said(country, region),
                location(expected.0, expected.1),
                "{country} {region}"
            );
        }
    }
}
