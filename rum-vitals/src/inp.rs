//! The longest interactions of one call of `onINP`, and, where there is attribution, the frames that presented them. The
//! entries themselves are JavaScript's: it keeps those of an interaction under the interaction's slot.

use rum_core::attribution::inp::Frames;
use rum_core::limits::INTERACTIONS;
use rum_core::vitals::inp::{Entry, Ids, Inp, Taken};

use crate::parts::leave;
use crate::state::only;

/// What one call of `onINP` is about.
#[derive(Debug, Default)]
pub struct Interactions {
    /// Nothing but the numbers is known here.
    pub(crate) inp: Inp,
    /// The interaction that attribution asks about.
    pub(crate) asked: Option<Frames<()>>,
}

/// What [`inp_longest`] answers if there is no interaction to report …
const NONE: i32 = -1;
/// … and if all were too short for an entry.
const SHORT: i32 = INTERACTIONS as i32;

only! {
    static IDS: Ids = Ids::NONE;
}

/// Interactions for one call of `onINP`.
#[unsafe(no_mangle)]
pub extern "C" fn inp_new() -> &'static mut Interactions {
    Box::leak(Box::default())
}

/// An entry that frame `frame` presented (0 where nobody asks for frames), as `slot << 2 | what`: what is 0 if it is shorter
/// than its interaction, 1 if it is as long and began with it, 2 if it is longer or the first. -1 if its interaction is none
/// of the longest. From then on another interaction may have the slot.
#[unsafe(no_mangle)]
pub extern "C" fn inp_entry(inp: &mut Interactions, id: f64, start: f64, duration: f64, frame: u32) -> i32 {
    let entry = Entry {
        id,
        start,
        duration,
        processing_start: start,
        processing_end: start,
    };
    let Some((slot, taken)) = inp.inp.interact(entry, frame) else {
        return -1;
    };
    let what = match taken {
        Taken::Shorter => 0,
        Taken::Equal => 1,
        Taken::Longer => 2,
        Taken::First => 3,
    };
    i32::try_from(slot).map_or(-1, |slot| slot << 2 | what)
}

/// The slot of the interaction that is the value, of so many; its duration is left as a part. In a scope that is `later` than
/// the document's load the first input has no entry of its own, so all may have been too short: slot 10. -1 if there is none.
#[unsafe(no_mangle)]
pub extern "C" fn inp_longest(inp: &Interactions, interactions: f64, later: bool) -> i32 {
    let place = inp.inp.place_of(interactions);
    let duration = place
        .and_then(|place| inp.inp.at(place))
        .map(|longest| longest.duration);
    leave([duration.unwrap_or(Inp::LEAST), 0.0, 0.0, 0.0, 0.0]);
    match place.map(i32::try_from) {
        Some(place) => place.unwrap_or(NONE),
        None if later && interactions != 0.0 => SHORT,
        None => NONE,
    }
}

/// Another metric begins: what was is none of its interactions.
#[unsafe(no_mangle)]
pub extern "C" fn inp_restart(inp: &mut Interactions) {
    inp.inp.restart();
}

/// How many interactions there were, guessed from their ids, with `id` besides; 0 is none.
#[unsafe(no_mangle)]
pub extern "C" fn inp_guess(id: f64) -> f64 {
    let mut ids = IDS.get();
    ids.push(id);
    IDS.set(ids);
    ids.count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::last_part;

    const FIRST: i32 = 3;

    #[test]
    fn slots_are_taken_over_by_longer_interactions() {
        let inp = inp_new();
        for (slot, duration) in (0..).zip([50.0, 100.0, 60.0, 70.0, 80.0, 90.0, 110.0, 120.0, 130.0, 140.0]) {
            let id = f64::from(slot);
            assert_eq!(inp_entry(inp, id + 1.0, id * 1_000.0, duration, 0), slot << 2 | FIRST);
        }
        assert_eq!(
            inp_entry(inp, 99.0, 20_000.0, 48.0, 0),
            -1,
            "shorter than the ten longest"
        );
        assert_eq!(inp_entry(inp, 100.0, 21_000.0, 56.0, 0), FIRST, "the slot of the 50 ms");
        assert_eq!(inp_entry(inp, 100.0, 21_000.0, 56.0, 0), 1, "as long");
        assert_eq!(inp_entry(inp, 100.0, 21_000.0, 40.0, 0), 0, "shorter");
        assert_eq!(inp_entry(inp, 100.0, 21_050.0, 500.0, 0), 2, "longer, in its own slot");
        assert_eq!(inp_longest(inp, 11.0, false), 0);
        assert_eq!(last_part(0), 500.0);
        assert_eq!(inp_longest(inp, 50.0, false), 9);
        assert_eq!(last_part(0), 140.0);
        assert_eq!(inp_longest(inp, 5_000.0, false), 2, "the last there is");
    }

    #[test]
    fn only_later_scopes_may_be_too_short() {
        let inp = inp_new();
        assert_eq!(inp_longest(inp, 3.0, false), NONE);
        assert_eq!(inp_longest(inp, 0.0, true), NONE);
        assert_eq!(inp_longest(inp, 3.0, true), SHORT);
        assert_eq!(last_part(0), 8.0);
        inp_entry(inp, 7.0, 100.0, 40.0, 0);
        assert_eq!(inp_longest(inp, 3.0, true), 0);
        inp_restart(inp);
        assert_eq!(inp_longest(inp, 3.0, false), NONE);
    }

    #[test]
    fn ids_count_where_the_browser_does_not() {
        let counts = [0.0, 4_000.0, 4_007.0, 4_028.0, 0.0].map(|id| inp_guess(id));
        assert_eq!(counts, [0.0, 1.0, 2.0, 5.0, 5.0]);
    }
}
