//! What values are made of: the parts of LCP, INP and TTFB, and how far the page was loaded.

use rum_core::attribution::inp::{Frame, Frames, Interaction, Script};
use rum_core::attribution::lcp::{LargestPaint, Resource};
use rum_core::attribution::ttfb::{Parts, RequestMoments};
use rum_core::attribution::{LoadMoments, lcp};
use rum_core::vitals::inp::Entry;

use crate::inp::Interactions;
use crate::parts::leave;

/// How far the page was loaded at `t`: 0 loading, 1 interactive, 2 content loaded, 3 complete.
#[unsafe(no_mangle)]
pub extern "C" fn load_state(t: f64, dom_interactive: f64, dom_content_loaded_start: f64, dom_complete: f64) -> u32 {
    let moments = LoadMoments {
        dom_interactive,
        dom_content_loaded_start,
        dom_complete,
    };
    moments.state_at(t) as u32
}

/// Leaves the parts of an LCP of `value` ms: time to first byte, resource load delay, resource load duration, element render
/// delay. `request_start` is NaN where there is no resource, or none that is known.
#[unsafe(no_mangle)]
pub extern "C" fn lcp_parts(value: f64, origin: f64, response_start: f64, request_start: f64, response_end: f64) {
    let resource = if request_start.is_nan() {
        // The reference library does not tell a resource that is not known from one that is not needed.
        Resource::None
    } else {
        Resource::Timed {
            request_start,
            response_end,
        }
    };
    let paint = LargestPaint {
        value,
        origin,
        response_start,
        resource,
    };
    let lcp::Parts {
        time_to_first_byte,
        rest,
    } = paint.parts();
    if let Some(rest) = rest {
        leave([
            time_to_first_byte,
            rest.resource_load_delay,
            rest.resource_load_duration,
            rest.element_render_delay,
            0.0,
        ]);
    }
}

/// Leaves the parts of a TTFB of `value` ms: waiting, cache, name look-up, connection, request.
#[unsafe(no_mangle)]
pub extern "C" fn ttfb_parts(
    value: f64,
    activation: f64,
    worker_start: f64,
    fetch_start: f64,
    dns_start: f64,
    connect_start: f64,
    connect_end: f64,
) {
    let moments = RequestMoments {
        activation,
        worker_start,
        fetch_start,
        dns_start,
        connect_start,
        connect_end,
        response_start: 0.0,
    };
    let Parts {
        waiting,
        cache,
        dns,
        connection,
        request,
    } = moments.parts(value);
    leave([waiting, cache, dns, connection, request]);
}

/// The number of the frame that presented an entry; entries of one frame share it.
#[unsafe(no_mangle)]
pub extern "C" fn frame_of(
    inp: &mut Interactions,
    start: f64,
    duration: f64,
    processing_start: f64,
    processing_end: f64,
) -> u32 {
    inp.inp.present(&Entry {
        id: 0.0,
        start,
        duration,
        processing_start,
        processing_end,
    })
}

/// Forgets the frames that nothing will ask for any more.
#[unsafe(no_mangle)]
pub extern "C" fn frames_tidy(inp: &mut Interactions) {
    inp.inp.tidy();
}

/// 1 while the frame is remembered.
#[unsafe(no_mangle)]
pub extern "C" fn frames_has(inp: &Interactions, number: u32) -> bool {
    inp.inp.has_frame(number)
}

/// 1 if a long animation frame may be part of an interaction; it is the `latest`th from the end.
#[unsafe(no_mangle)]
pub extern "C" fn frames_may_need(inp: &Interactions, start: f64, duration: f64, latest: u32) -> bool {
    inp.inp.may_need(start, start + duration, latest)
}

/// Asks about the interaction of an entry that a frame presented. Leaves: input delay, processing, presentation, next
/// paint, end of processing.
#[unsafe(no_mangle)]
pub extern "C" fn inp_ask(inp: &mut Interactions, frame: u32, start: f64, duration: f64) {
    let phases = inp.inp.phases_in(frame, start, duration);
    let (input_delay, processing) = (phases.input_delay(), phases.processing());
    inp.asked = Some(Frames::of(Interaction {
        start,
        input_delay,
        processing,
        next_paint: phases.paint,
    }));
    leave([
        input_delay,
        processing,
        phases.presentation(),
        phases.paint,
        phases.processing_end,
    ]);
}

/// A long animation frame that met the interaction which was asked about; its scripts follow.
#[unsafe(no_mangle)]
pub extern "C" fn inp_long_frame(inp: &mut Interactions, start: f64, duration: f64, style_and_layout_start: f64) {
    if let Some(asked) = &mut inp.asked {
        asked.push(&Frame {
            start,
            duration,
            style_and_layout_start,
        });
    }
}

/// One of its scripts. 0 if another one took longer; else 1 if it kept the handlers from running, 2 if it ran while they
/// did, 3 if it kept the frame from being presented, and its share of the interaction in ms is left as a part.
#[unsafe(no_mangle)]
pub extern "C" fn inp_script(inp: &mut Interactions, start: f64, duration: f64, forced_style_and_layout: f64) -> u32 {
    let Some(asked) = &mut inp.asked else { return 0 };
    let before = asked.longest().map_or(0.0, |longest| longest.intersecting);
    let script = Script {
        start,
        duration,
        forced_style_and_layout,
    };
    asked.push_script(&script, ());
    match asked.longest() {
        Some(longest) if longest.intersecting > before => {
            leave([longest.intersecting, 0.0, 0.0, 0.0, 0.0]);
            (longest.subpart as u32).saturating_add(1)
        }
        _ => 0,
    }
}

/// Leaves where the time of the interaction went: scripts, style and layout, paint, unattributed.
#[unsafe(no_mangle)]
pub extern "C" fn inp_totals(inp: &Interactions) {
    if let Some(totals) = inp.asked.and_then(|asked| asked.totals()) {
        leave([
            totals.script,
            totals.style_and_layout,
            totals.paint,
            totals.unattributed,
            0.0,
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inp::{inp_entry, inp_new};
    use crate::parts::last_part;

    #[track_caller]
    fn left<const N: usize>(expected: [f64; N]) {
        let found: [f64; N] = core::array::from_fn(|number| last_part(number));
        assert_eq!(found, expected);
    }

    #[test]
    fn an_image_has_four_parts_and_text_two() {
        lcp_parts(1_000.0, 0.0, 200.0, 350.0, 800.0);
        left([200.0, 150.0, 450.0, 200.0]);
        lcp_parts(1_000.0, 0.0, 200.0, f64::NAN, f64::NAN);
        left([200.0, 0.0, 0.0, 800.0]);
    }

    #[test]
    fn a_first_byte_has_five_parts() {
        ttfb_parts(200.0, 0.0, 0.0, 10.0, 12.0, 32.0, 60.0);
        left([10.0, 2.0, 20.0, 28.0, 140.0]);
    }

    #[test]
    fn a_page_loads_in_four_states() {
        let states = [0.0, 100.0, 150.0, 400.0].map(|t| load_state(t, 100.0, 150.0, 400.0));
        assert_eq!(states, [0, 1, 2, 3]);
    }

    #[test]
    fn entries_of_one_frame_are_one_interaction_with_its_scripts() {
        let inp = inp_new();
        let down = frame_of(inp, 1_000.0, 304.0, 1_050.0, 1_100.0);
        let click = frame_of(inp, 1_090.0, 208.0, 1_100.0, 1_200.0);
        assert_eq!(down, click, "8 ms apart is the rounding of durations");
        assert!(inp_entry(inp, 7.0, 1_000.0, 304.0, down) >= 0);
        inp_ask(inp, down, 1_000.0, 304.0);
        left([50.0, 150.0, 104.0, 1_304.0, 1_200.0]);
        inp_long_frame(inp, 980.0, 300.0, 1_220.0);
        assert_eq!(inp_script(inp, 990.0, 40.0, 0.0), 1);
        left([30.0]);
        assert_eq!(inp_script(inp, 1_060.0, 20.0, 0.0), 0, "shorter");
        assert_eq!(inp_script(inp, 1_060.0, 100.0, 10.0), 2);
        left([100.0]);
        inp_totals(inp);
        left([140.0, 70.0, 24.0, 70.0]);
    }

    #[test]
    fn frames_are_remembered_as_long_as_they_may_be_asked_for() {
        let inp = inp_new();
        let longest = frame_of(inp, 0.0, 496.0, 10.0, 20.0);
        inp_entry(inp, 7.0, 0.0, 496.0, longest);
        let mut latest = 0;
        for n in 1..=500 {
            let start = f64::from(n) * 1_000.0;
            latest = frame_of(inp, start, 48.0, start + 5.0, start + 30.0);
        }
        assert!(frames_has(inp, latest - 20), "entries of a moment come in any order");
        frames_tidy(inp);
        let known = [longest, latest, latest - 9, latest - 10].map(|number| frames_has(inp, number));
        assert_eq!(known, [true, true, true, false]);
        // Long animation frames: of the longest, of a forgotten one, of one that may come yet.
        assert!(frames_may_need(inp, 0.0, 60.0, 99));
        assert!(!frames_may_need(inp, 100_000.0, 60.0, 99));
        assert!(frames_may_need(inp, 501_000.0, 60.0, 1));
        assert!(!frames_may_need(inp, 501_000.0, 60.0, 11), "too many came since");
    }
}
