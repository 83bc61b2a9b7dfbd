//! What an interaction was spent on, by the long animation frames that it met
//! (<https://web.dev/articles/inp#optimize-inp>, <https://w3c.github.io/long-animation-frames/>).

/// An interaction, in ms; its start and its paint are moments since the time origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interaction {
    /// When the user acted.
    pub start: f64,
    /// Until the first handler of its frame.
    pub input_delay: f64,
    /// In handlers, and between them.
    pub processing: f64,
    /// When the next frame was presented.
    pub next_paint: f64,
}

/// A long animation frame, in ms since the time origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Frame {
    /// `startTime`.
    pub start: f64,
    /// `duration`.
    pub duration: f64,
    /// `styleAndLayoutStart`; 0 if the frame rendered nothing.
    pub style_and_layout_start: f64,
}

/// A script of a long animation frame, in ms since the time origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Script {
    /// `startTime`.
    pub start: f64,
    /// `duration`.
    pub duration: f64,
    /// `forcedStyleAndLayoutDuration`.
    pub forced_style_and_layout: f64,
}

/// The part of an interaction in which something ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Subpart {
    /// It kept the handlers from running.
    InputDelay = 0,
    /// It was a handler, or ran between them.
    Processing = 1,
    /// It kept the frame from being presented.
    Presentation = 2,
}

impl Subpart {
    /// The name in the tables, as the reference library has it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::InputDelay => "input-delay",
            Self::Processing => "processing-duration",
            Self::Presentation => "presentation-delay",
        }
    }
}

/// The script that took most of an interaction. `W` is what names a script: its record, or a handle of its entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LongestScript<W> {
    /// What names it.
    pub what: W,
    /// Where it began to matter.
    pub subpart: Subpart,
    /// How much of it lies behind the interaction's start, in ms.
    pub intersecting: f64,
}

/// Where the time of an interaction went, each in ms: they add up to it. A browser may round a duration down by some ms;
/// then paint or unattributed are as much below 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Totals {
    /// Scripts of at least 5 ms, without what they forced.
    pub script: f64,
    /// Style and layout, at a frame's end and forced by scripts.
    pub style_and_layout: f64,
    /// From the last frame's end to its presentation: compositor and GPU.
    pub paint: f64,
    /// Everything else.
    pub unattributed: f64,
}

/// Adds up the frames that met an interaction: each frame, in their order, followed by its scripts.
#[derive(Clone, Copy, Debug)]
pub struct Frames<W> {
    interaction: Interaction,
    /// The end of the last frame, once there was one.
    last_end: Option<f64>,
    script: f64,
    style_and_layout: f64,
    longest: Option<LongestScript<W>>,
}

impl<W> Frames<W> {
    /// None so far.
    #[must_use]
    pub const fn of(interaction: Interaction) -> Self {
        Self {
            interaction,
            last_end: None,
            script: 0.0,
            style_and_layout: 0.0,
            longest: None,
        }
    }

    /// The next frame that met the interaction.
    pub fn push(&mut self, frame: &Frame) {
        let end = frame.start + frame.duration;
        self.last_end = Some(end);
        // A frame that rendered nothing has 0 there, which is no moment.
        if frame.style_and_layout_start > 0.0 {
            // Added one by one, as the reference library does: the last bit of the sum is its own then.
            self.style_and_layout = self.style_and_layout + frame.start + frame.duration - frame.style_and_layout_start;
        }
    }

    /// A script of the frame that came last.
    pub fn push_script(&mut self, script: &Script, what: W) {
        let Interaction {
            start,
            input_delay,
            processing,
            ..
        } = self.interaction;
        let end = script.start + script.duration;
        if end < start {
            return;
        }
        let intersecting = end - script.start.max(start);
        // When it forced style and layout is not said: evenly, as far as anyone knows.
        let forced = if script.duration > 0.0 {
            intersecting / script.duration * script.forced_style_and_layout
        } else {
            0.0
        };
        self.script += intersecting - forced;
        self.style_and_layout += forced;
        if intersecting > self.longest.as_ref().map_or(0.0, |longest| longest.intersecting) {
            let subpart = if script.start < start + input_delay {
                Subpart::InputDelay
            } else if script.start < start + input_delay + processing {
                Subpart::Processing
            } else {
                Subpart::Presentation
            };
            self.longest = Some(LongestScript {
                what,
                subpart,
                intersecting,
            });
        }
    }

    /// The script that took most of the interaction; of equals the first.
    #[must_use]
    pub const fn longest(&self) -> Option<&LongestScript<W>> {
        self.longest.as_ref()
    }

    /// The same, to be kept.
    #[must_use]
    pub fn into_longest(self) -> Option<LongestScript<W>> {
        self.longest
    }

    /// Where the time went. `None` without a frame: the browser has no such frames, or none was long.
    #[must_use]
    pub fn totals(&self) -> Option<Totals> {
        let last_end = self.last_end?;
        let Interaction {
            start,
            input_delay,
            processing,
            next_paint,
        } = self.interaction;
        // A frame that ended before the last handler did is not the one that was presented.
        let paint = if last_end >= start + input_delay + processing {
            next_paint - last_end
        } else {
            0.0
        };
        Some(Totals {
            script: self.script,
            style_and_layout: self.style_and_layout,
            paint,
            unattributed: next_paint - start - self.script - self.style_and_layout - paint,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 1,000 to 1,300: 50 ms delay, 150 ms processing, 100 ms presentation.
    const CLICK: Interaction = Interaction {
        start: 1_000.0,
        input_delay: 50.0,
        processing: 150.0,
        next_paint: 1_300.0,
    };

    const FRAME: Frame = Frame {
        start: 980.0,
        duration: 300.0,
        style_and_layout_start: 1_220.0,
    };

    const fn script(start: f64, duration: f64) -> Script {
        Script {
            start,
            duration,
            forced_style_and_layout: 0.0,
        }
    }

    fn frames(scripts: &[Script]) -> Frames<usize> {
        let mut frames = Frames::of(CLICK);
        frames.push(&FRAME);
        for (at, script) in scripts.iter().enumerate() {
            frames.push_script(script, at);
        }
        frames
    }

    #[track_caller]
    fn check(frames: &Frames<usize>, script: f64, style_and_layout: f64, paint: f64) {
        let totals = frames.totals().unwrap();
        let expected = Totals {
            script,
            style_and_layout,
            paint,
            unattributed: 300.0 - script - style_and_layout - paint,
        };
        assert_eq!(totals, expected);
    }

    #[test]
    fn totals_add_up_to_the_interaction() {
        check(
            &frames(&[script(1_060.0, 100.0), script(1_180.0, 20.0)]),
            120.0,
            60.0,
            20.0,
        );
    }

    #[test]
    fn scripts_are_cut_to_the_interaction() {
        // 20 of its 60 ms lie behind the click, and so a third of what it forced; the one before it is none of its business.
        let cut = Script {
            forced_style_and_layout: 30.0,
            ..script(960.0, 60.0)
        };
        let frames = frames(&[script(980.0, 10.0), cut]);
        check(&frames, 10.0, 70.0, 20.0);
        let longest = frames.longest().unwrap();
        assert_eq!((longest.what, longest.intersecting), (1, 20.0));
    }

    #[test]
    fn the_longest_script_is_named_with_its_part() {
        for (scripts, what, subpart) in [
            ([script(990.0, 70.0), script(1_100.0, 40.0)], 0, Subpart::InputDelay),
            ([script(1_049.0, 41.0), script(1_100.0, 40.0)], 0, Subpart::InputDelay),
            ([script(1_050.0, 40.0), script(1_100.0, 40.0)], 0, Subpart::Processing),
            ([script(1_199.0, 20.0), script(1_200.0, 60.0)], 1, Subpart::Presentation),
            // 200 ms long, but only 5 of them after the click.
            ([script(805.0, 200.0), script(1_199.0, 6.0)], 1, Subpart::Processing),
        ] {
            let frames = frames(&scripts);
            let longest = frames.longest().unwrap();
            assert_eq!((longest.what, longest.subpart), (what, subpart), "{scripts:?}");
        }
        assert_eq!(frames(&[script(1_050.0, 0.0)]).longest(), None);
    }

    /// A mistake found in peers: style and layout from 0 on, where the frame rendered nothing.
    #[test]
    fn a_frame_without_rendering_has_no_style_and_layout() {
        let mut frames = Frames::of(CLICK);
        frames.push(&Frame {
            style_and_layout_start: 0.0,
            ..FRAME
        });
        frames.push_script(&script(1_060.0, 100.0), 0);
        check(&frames, 100.0, 0.0, 20.0);
    }

    #[test]
    fn of_several_frames_the_last_one_was_presented() {
        let mut frames = frames(&[]);
        frames.push(&Frame {
            start: 1_280.0,
            duration: 10.0,
            style_and_layout_start: 1_288.0,
        });
        check(&frames, 0.0, 62.0, 10.0);
    }

    #[test]
    fn a_frame_before_the_last_handler_was_not_presented() {
        let mut frames = Frames::of(CLICK);
        frames.push(&Frame {
            duration: 100.0,
            style_and_layout_start: 1_070.0,
            ..FRAME
        });
        check(&frames, 0.0, 10.0, 0.0);
    }

    #[test]
    fn without_frames_nothing_is_known() {
        let mut frames = Frames::of(CLICK);
        frames.push_script(&script(1_060.0, 100.0), 0);
        assert_eq!(Frames::<usize>::of(CLICK).totals(), None);
        assert_eq!(frames.totals(), None, "a script needs its frame");
    }
}
