//! The batches of late, so that a repetition is recognised before it costs anything. Only that: what slips through is
//! inserted again and counts once, because rows have an identity.

use std::collections::{HashSet, VecDeque};

use super::frame::BatchKey;

/// The latest batches, the oldest forgotten first.
#[derive(Debug)]
pub(super) struct Seen {
    capacity: usize,
    known: HashSet<BatchKey>,
    order: VecDeque<BatchKey>,
}

impl Seen {
    /// Remembers up to `capacity` batches.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            known: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether the batch is remembered.
    pub(super) fn contains(&self, key: &BatchKey) -> bool {
        self.known.contains(key)
    }

    /// Remembers a batch. Call it when its frame is durable, not before.
    pub(super) fn insert(&mut self, key: BatchKey) {
        if !self.known.insert(key.clone()) {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rum_core::Id;

    #[test]
    fn the_oldest_batch_is_forgotten_and_apps_do_not_meet() {
        let key = |app: &str, id| BatchKey {
            app: app.into(),
            id: Id(id),
        };
        let mut seen = Seen::new(2);
        for id in [1, 2, 2, 1, 3] {
            seen.insert(key("shop", id));
        }
        assert!(!seen.contains(&key("shop", 1)));
        assert!(seen.contains(&key("shop", 2)) && seen.contains(&key("shop", 3)));
        assert!(!seen.contains(&key("blog", 3)));
    }
}
