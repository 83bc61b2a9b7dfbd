//! Places for connections, or for requests: so many in all, and so many of one client, who can therefore not have all of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::client::Client;

/// The places; a handle.
#[derive(Clone)]
pub(super) struct Places(Arc<Shared>);

struct Shared {
    free: Arc<Semaphore>,
    of_client: usize,
    /// Clients who have some: never more of them than places.
    taken: Mutex<HashMap<Client, usize>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// All are taken.
    All,
    /// The client has as many as one may have.
    Client,
}

/// A place that nobody has yet.
type Free = OwnedSemaphorePermit;

/// A place that is taken, until it is dropped.
pub(super) struct Place {
    taken: Option<(Arc<Shared>, Client)>,
    // After the client's own: who waits for a place finds that room in its share, too.
    _free: Free,
}

impl Places {
    pub(super) fn new(in_all: usize, of_client: usize) -> Self {
        Self(Arc::new(Shared {
            free: Arc::new(Semaphore::new(in_all)),
            of_client,
            taken: Mutex::default(),
        }))
    }

    /// Waits for a place.
    pub(super) async fn free(&self) -> Option<Free> {
        Arc::clone(&self.0.free).acquire_owned().await.ok()
    }

    /// A place, if there is one at once.
    pub(super) fn try_free(&self) -> Result<Free, Full> {
        Arc::clone(&self.0.free).try_acquire_owned().map_err(|_| Full::All)
    }

    /// Gives a place to `client`; to nobody in particular where that is `None`, such as a proxy, behind which are many.
    pub(super) fn take(&self, free: Free, client: Option<Client>) -> Result<Place, Full> {
        let Some(client) = client else {
            return Ok(Place {
                taken: None,
                _free: free,
            });
        };
        let mut taken = self.0.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let has = taken.entry(client).or_default();
        if *has >= self.0.of_client {
            return Err(Full::Client);
        }
        *has += 1;
        Ok(Place {
            taken: Some((Arc::clone(&self.0), client)),
            _free: free,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((places, client)) = &self.taken else { return };
        let mut taken = places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(has) = taken.get_mut(client) {
            *has -= 1;
            if *has == 0 {
                taken.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(text: &str) -> Option<Client> {
        Some(Client::of(text.parse().unwrap()))
    }

    fn take(places: &Places, client: Option<Client>) -> Result<Place, Full> {
        places.take(places.try_free()?, client)
    }

    #[test]
    fn nobody_has_more_than_a_share_and_all_together_no_more_than_there_are() {
        let places = Places::new(5, 2);
        let (one, other) = (client("192.0.2.1"), client("2001:db8::1"));
        let first = take(&places, one).unwrap();
        let _second = take(&places, one).unwrap();
        assert_eq!(take(&places, one).err(), Some(Full::Client));
        let _neighbour = take(&places, other).unwrap();
        let _of_the_same_subscriber = take(&places, client("2001:db8::2")).unwrap();
        assert_eq!(take(&places, other).err(), Some(Full::Client));
        drop(first);
        let _again = take(&places, one).unwrap();
        let _proxy = take(&places, None).unwrap();
        assert_eq!(take(&places, None).err(), Some(Full::All));
    }

    #[test]
    fn who_has_none_is_not_remembered() {
        let places = Places::new(8, 1);
        drop(take(&places, client("192.0.2.1")).unwrap());
        let kept = take(&places, client("192.0.2.2")).unwrap();
        assert_eq!(places.0.taken.lock().unwrap().len(), 1);
        drop(kept);
        assert!(places.0.taken.lock().unwrap().is_empty());
    }
}
