//! The batches of late, so that a repetition is recognised before it costs anything. Only that: what slips through is
//! inserted again and counts once, because rows have an identity.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use rum_core::Id;

use super::frame::BatchKey;

/// The latest batches, the oldest forgotten first. Apps are few and batches many, so an app is a number here.
#[derive(Debug)]
pub(super) struct Seen {
    capacity: usize,
    apps: HashMap<Arc<str>, usize>,
    /// The batches of each app, by its number.
    known: Vec<HashSet<Id>>,
    order: VecDeque<(u32, Id)>,
}

impl Seen {
    /// Remembers up to `capacity` batches.
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            apps: HashMap::new(),
            known: Vec::new(),
            order: VecDeque::new(),
        }
    }

    /// Whether the batch is remembered.
    pub(super) fn contains(&self, BatchKey { app, id }: &BatchKey) -> bool {
        let known = self.apps.get(app).and_then(|number| self.known.get(*number));
        known.is_some_and(|known| known.contains(id))
    }

    /// Remembers a batch. Call it when its frame is durable, not before.
    pub(super) fn insert(&mut self, BatchKey { app, id }: BatchKey) {
        let number = *self.apps.entry(app).or_insert_with(|| {
            self.known.push(HashSet::new());
            self.known.len() - 1
        });
        if !self.known.get_mut(number).is_some_and(|known| known.insert(id)) {
            return;
        }
        self.order.push_back((number as u32, id));
        if self.order.len() > self.capacity
            && let Some((number, oldest)) = self.order.pop_front()
            && let Some(known) = self.known.get_mut(number as usize)
        {
            known.remove(&oldest);
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
