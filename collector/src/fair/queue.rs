//! Who is next. Pure: nothing waits here, and `fair` tells who waits.
//!
//! Each party has a queue of its own. What becomes free goes to the party that holds least, and among equals to the one
//! whose turn is longest ago: so a party that asks now and then is next at once, two that always ask have the same share
//! at any moment, however long their work takes, and one that is alone has everything.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Units of something scarce, who holds how many, and who waits.
pub(super) struct Queue<W> {
    capacity: u64,
    /// Units that are lent; more than there are, after these became fewer.
    lent: u64,
    /// How many may wait, of all parties together.
    room: usize,
    waiting: usize,
    tickets: u64,
    turns: u64,
    /// Those that hold or wait.
    parties: BTreeMap<Arc<str>, Party<W>>,
}

struct Party<W> {
    held: u64,
    /// The turn at which it was given something last.
    served: u64,
    waiters: VecDeque<Waiter<W>>,
}

struct Waiter<W> {
    ticket: u64,
    units: u64,
    who: W,
}

/// What became of somebody who came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Arrival<W> {
    /// It has its units.
    Served,
    /// It waits. If there was no room, the newest waiter of the party that has most of them made it some.
    Waits { ticket: u64, pushed_out: Option<W> },
    /// There is no room, and no party has more than its share of it.
    Crowded,
}

/// Somebody who waited and has its units now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next<W> {
    pub(super) party: Arc<str>,
    pub(super) units: u64,
    pub(super) who: W,
}

impl<W> Queue<W> {
    pub(super) fn new(capacity: u64, room: usize) -> Self {
        Self {
            capacity,
            lent: 0,
            room,
            waiting: 0,
            tickets: 0,
            turns: 0,
            parties: BTreeMap::new(),
        }
    }

    /// What is given for `units`: more than there are would never be free.
    pub(super) fn given_for(&self, units: u64) -> u64 {
        units.clamp(1, self.capacity)
    }

    /// Somebody of `party` comes for `units`; `who` is asked for only if it has to wait.
    pub(super) fn arrive(&mut self, party: &Arc<str>, units: u64, who: impl FnOnce() -> W) -> Arrival<W> {
        let units = self.given_for(units);
        if self.waiting == 0 && units <= self.free() {
            self.give(party, units);
            return Arrival::Served;
        }
        let mut pushed_out = None;
        if self.waiting >= self.room {
            let Some(found) = self.make_room_for(party) else {
                return Arrival::Crowded;
            };
            pushed_out = Some(found);
        }
        self.tickets += 1;
        self.waiting += 1;
        let ticket = self.tickets;
        let who = who();
        self.party(party).waiters.push_back(Waiter { ticket, units, who });
        Arrival::Waits { ticket, pushed_out }
    }

    /// The newest waiter of the party that has most, unless `party` would have as many then.
    fn make_room_for(&mut self, party: &Arc<str>) -> Option<W> {
        let own = self.parties.get(party).map_or(0, |party| party.waiters.len());
        let (_, longest) = self.parties.iter_mut().max_by_key(|(_, party)| party.waiters.len())?;
        if longest.waiters.len() <= own + 1 {
            return None;
        }
        self.waiting -= 1;
        longest.waiters.pop_back().map(|waiter| waiter.who)
    }

    /// Somebody does not wait any more, if it still did.
    pub(super) fn leave(&mut self, party: &Arc<str>, ticket: u64) {
        let Some(of) = self.parties.get_mut(party) else { return };
        let Some(at) = of.waiters.iter().position(|waiter| waiter.ticket == ticket) else {
            return;
        };
        of.waiters.remove(at);
        self.waiting -= 1;
        self.forget(party);
    }

    /// `units` of `party` are free again.
    pub(super) fn release(&mut self, party: &Arc<str>, units: u64) {
        if let Some(of) = self.parties.get_mut(party) {
            of.held = of.held.saturating_sub(units);
        }
        self.lent = self.lent.saturating_sub(units);
        self.forget(party);
    }

    /// The next one who has its units, until there is nobody. Who wants more than is free is waited for: else those who
    /// want little would keep it out for ever.
    pub(super) fn next(&mut self) -> Option<Next<W>> {
        let free = self.free();
        let waiting = self.parties.iter_mut().filter(|(_, party)| !party.waiters.is_empty());
        let (name, party) = waiting.min_by_key(|(_, party)| (party.held, party.served))?;
        if party.waiters.front()?.units > free {
            return None;
        }
        let name = Arc::clone(name);
        let Waiter { units, who, .. } = party.waiters.pop_front()?;
        self.waiting -= 1;
        self.give(&name, units);
        Some(Next {
            party: name,
            units,
            who,
        })
    }

    /// From now on there are `capacity` units, and `room` to wait. What is lent stays lent, and who waits goes on waiting; nobody
    /// waits for more than there is.
    pub(super) fn resize(&mut self, capacity: u64, room: usize) {
        self.capacity = capacity;
        self.room = room;
        let waiters = self.parties.values_mut().flat_map(|party| &mut party.waiters);
        waiters.for_each(|waiter| waiter.units = waiter.units.min(capacity));
    }

    fn free(&self) -> u64 {
        self.capacity.saturating_sub(self.lent)
    }

    /// How many of `party` wait.
    pub(super) fn waiting(&self, party: &str) -> usize {
        self.parties.get(party).map_or(0, |party| party.waiters.len())
    }

    fn give(&mut self, party: &Arc<str>, units: u64) {
        self.turns += 1;
        let turn = self.turns;
        self.lent += units;
        let party = self.party(party);
        party.held += units;
        party.served = turn;
    }

    fn party(&mut self, name: &Arc<str>) -> &mut Party<W> {
        self.parties.entry(Arc::clone(name)).or_insert_with(|| Party {
            held: 0,
            served: 0,
            waiters: VecDeque::new(),
        })
    }

    /// A party that neither holds nor waits takes no memory.
    fn forget(&mut self, name: &Arc<str>) {
        if self
            .parties
            .get(name)
            .is_some_and(|party| party.held == 0 && party.waiters.is_empty())
        {
            self.parties.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names() -> [Arc<str>; 3] {
        ["a", "b", "c"].map(Arc::from)
    }

    /// Who is served by `queue` when units come back one at a time, each from the party that `order` names.
    fn served(queue: &mut Queue<&'static str>, releases: &[&Arc<str>]) -> Vec<&'static str> {
        let mut order = Vec::new();
        for party in releases {
            queue.release(party, 1);
            while let Some(next) = queue.next() {
                order.push(next.who);
            }
        }
        order
    }

    fn arrive(queue: &mut Queue<&'static str>, party: &Arc<str>, who: &'static str) -> Arrival<&'static str> {
        queue.arrive(party, 1, || who)
    }

    #[test]
    fn one_that_is_alone_has_everything() {
        let [a, ..] = names();
        let mut queue = Queue::new(4, 10);
        for _ in 0..4 {
            assert_eq!(arrive(&mut queue, &a, "a"), Arrival::Served);
        }
        assert!(matches!(arrive(&mut queue, &a, "a5"), Arrival::Waits { .. }));
        assert_eq!(served(&mut queue, &[&a]), ["a5"]);
    }

    #[test]
    fn who_comes_now_and_then_is_next_however_many_of_another_wait() {
        let [a, b, _] = names();
        let mut queue = Queue::new(2, 100);
        for who in ["a1", "a2", "a3", "a4", "a5", "a6"] {
            arrive(&mut queue, &a, who);
        }
        arrive(&mut queue, &b, "b1");
        // One unit comes back: b1 has it before a3, which came first.
        assert_eq!(served(&mut queue, &[&a, &a]), ["b1", "a3"]);
        assert_eq!(served(&mut queue, &[&b, &a]), ["a4", "a5"]);
    }

    #[test]
    fn parties_that_always_wait_hold_the_same() {
        let [a, b, c] = names();
        let mut queue = Queue::new(6, 1_000);
        for _ in 0..100 {
            arrive(&mut queue, &a, "a");
        }
        for _ in 0..20 {
            arrive(&mut queue, &b, "b");
            arrive(&mut queue, &c, "c");
        }
        // All units were a's; as they come back they go to those that hold less, until each has two.
        assert_eq!(served(&mut queue, &[&a, &a, &a, &a]), ["b", "c", "b", "c"]);
        // From now on whoever gives one back has the next one: a's long work does not make its share larger.
        assert_eq!(served(&mut queue, &[&b, &c, &b, &a, &b]), ["b", "c", "b", "a", "b"]);
    }

    #[test]
    fn among_equals_it_is_in_turn() {
        let [a, b, c] = names();
        let mut queue = Queue::new(1, 100);
        arrive(&mut queue, &a, "a");
        for _ in 0..3 {
            for (party, who) in [(&a, "a"), (&b, "b"), (&c, "c")] {
                arrive(&mut queue, party, who);
            }
        }
        let releases = [&a, &b, &c, &a, &b, &c, &a, &b, &c];
        assert_eq!(
            served(&mut queue, &releases),
            ["b", "c", "a", "b", "c", "a", "b", "c", "a"]
        );
    }

    #[test]
    fn fewer_units_are_lent_again_only_when_that_many_have_come_back() {
        let [a, b, _] = names();
        let mut queue = Queue::new(4, 10);
        for _ in 0..4 {
            arrive(&mut queue, &a, "a");
        }
        assert!(matches!(queue.arrive(&b, 4, || "b wants all"), Arrival::Waits { .. }));
        queue.resize(2, 10);
        assert_eq!(served(&mut queue, &[&a, &a, &a]), [""; 0]);
        assert_eq!(served(&mut queue, &[&a]), ["b wants all"], "which are two now");
        assert!(matches!(arrive(&mut queue, &a, "a"), Arrival::Waits { .. }));
        queue.resize(3, 10);
        assert_eq!(queue.next().map(|next| next.who), Some("a"));
        assert!(queue.next().is_none());
    }

    #[test]
    fn a_full_room_is_shared_too() {
        let [a, b, c] = names();
        let mut queue = Queue::new(1, 4);
        arrive(&mut queue, &a, "a");
        for who in ["a1", "a2", "a3", "a4"] {
            arrive(&mut queue, &a, who);
        }
        assert_eq!(arrive(&mut queue, &a, "a5"), Arrival::Crowded);
        // b has less than its share: a's newest goes. Then both have two, and nobody pushes anybody out.
        for (who, expected) in [("b1", "a4"), ("b2", "a3")] {
            let Arrival::Waits { pushed_out, .. } = arrive(&mut queue, &b, who) else {
                panic!("{who} has no room")
            };
            assert_eq!(pushed_out, Some(expected));
        }
        assert_eq!(arrive(&mut queue, &b, "b3"), Arrival::Crowded);
        assert_eq!(arrive(&mut queue, &a, "a6"), Arrival::Crowded);
        // A third one finds room as well, from one of those who have two.
        assert!(matches!(
            arrive(&mut queue, &c, "c1"),
            Arrival::Waits {
                pushed_out: Some(_),
                ..
            }
        ));
        assert_eq!(
            queue.waiting("a") + queue.waiting("b") + queue.waiting("c"),
            4,
            "never more than there is room for"
        );
    }

    #[test]
    fn who_wants_much_is_waited_for_and_who_wants_more_than_there_is_gets_all() {
        let [a, b, c] = names();
        let mut queue = Queue::new(10, 10);
        assert_eq!(queue.arrive(&a, 6, || "a"), Arrival::Served);
        assert!(matches!(queue.arrive(&b, 99, || "b"), Arrival::Waits { .. }));
        // Four are free; c wants one, and b was first.
        assert!(matches!(queue.arrive(&c, 1, || "c"), Arrival::Waits { .. }));
        assert_eq!(queue.next(), None);
        queue.release(&a, 6);
        let next = queue.next().unwrap();
        assert_eq!((next.who, next.units), ("b", 10));
        assert_eq!(queue.next(), None);
        queue.release(&b, 10);
        assert_eq!(queue.next().unwrap().who, "c");
    }

    #[test]
    fn who_leaves_leaves_nothing_behind() {
        let [a, b, _] = names();
        let mut queue = Queue::new(1, 10);
        arrive(&mut queue, &a, "a");
        let Arrival::Waits { ticket, .. } = arrive(&mut queue, &b, "b1") else {
            panic!("there is nothing free")
        };
        arrive(&mut queue, &b, "b2");
        queue.leave(&b, ticket);
        queue.leave(&b, ticket);
        assert_eq!(served(&mut queue, &[&a]), ["b2"]);
        queue.release(&b, 1);
        assert_eq!((queue.waiting, queue.free()), (0, 1));
        assert!(queue.parties.is_empty());
    }

    /// What may happen to a queue.
    #[derive(Clone, Copy, Debug)]
    enum Step {
        Arrive { party: usize, units: u64 },
        Leave { party: usize },
        Release { party: usize },
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..3_usize, 1..8_u64).prop_map(|(party, units)| Step::Arrive { party, units }),
            1 => (0..3_usize).prop_map(|party| Step::Leave { party }),
            2 => (0..3_usize).prop_map(|party| Step::Release { party }),
        ]
    }

    proptest! {
        /// Whatever happens: nothing is lent twice or lost, nobody is forgotten, the room is kept, and what becomes free never
        /// goes to a party that holds more than another one that waits.
        #[test]
        fn nothing_is_lost_and_nobody_is_passed_over(steps in prop::collection::vec(step(), 0..200)) {
            const CAPACITY: u64 = 10;
            const ROOM: usize = 6;
            let names = names();
            let mut queue: Queue<u64> = Queue::new(CAPACITY, ROOM);
            let mut held: [Vec<u64>; 3] = Default::default();
            let mut waiting: [Vec<u64>; 3] = Default::default();
            for (number, step) in (0..).zip(steps) {
                match step {
                    Step::Arrive { party, units } => match queue.arrive(&names[party], units, || number) {
                        Arrival::Served => held[party].push(units),
                        Arrival::Crowded => {}
                        Arrival::Waits { pushed_out, .. } => {
                            waiting[party].push(number);
                            for of in &mut waiting {
                                of.retain(|who| Some(*who) != pushed_out);
                            }
                        }
                    },
                    Step::Leave { party } => {
                        let first = queue.parties.get(&names[party]).and_then(|party| party.waiters.front());
                        if let Some((ticket, who)) = first.map(|waiter| (waiter.ticket, waiter.who)) {
                            queue.leave(&names[party], ticket);
                            waiting[party].retain(|one| *one != who);
                        }
                    }
                    Step::Release { party } => {
                        if let Some(units) = held[party].pop() {
                            queue.release(&names[party], units);
                        }
                    }
                }
                loop {
                    let sums = held.each_ref().map(|of| of.iter().sum::<u64>());
                    let Some(next) = queue.next() else { break };
                    let party = names.iter().position(|name| *name == next.party).unwrap();
                    for other in 0..3 {
                        prop_assert!(waiting[other].is_empty() || sums[party] <= sums[other]);
                    }
                    waiting[party].retain(|who| *who != next.who);
                    held[party].push(next.units);
                }
                let lent: u64 = held.iter().flatten().sum();
                prop_assert_eq!(queue.free() + lent, CAPACITY);
                for (name, of) in names.iter().zip(&waiting) {
                    prop_assert_eq!(queue.waiting(name), of.len());
                }
                prop_assert!(queue.waiting <= ROOM);
                prop_assert!(lent > 0 || queue.waiting == 0, "nothing is lent, and somebody waits");
            }
        }
    }
}
