//! What a vital's value is made of, by its event and that of its view: all questions of this module at once.

use super::inp::{Frame, Frames, Interaction, LongestScript, Script, Totals};
use super::lcp::{self, LargestPaint, Resource};
use super::load_state::{LoadMoments, LoadState};
use super::navigation_type::NavigationType;
use super::ttfb::{self, RequestMoments};
use crate::ViewKind;
use crate::report::millis;
use crate::vitals::Metric;
use crate::wire::event::{ViewEvent, VitalEvent};
use crate::wire::record::{self, NavigationRecord};

/// A long task says nothing about scripts and rendering.
const FRAME: i64 = 0;

/// What is known; everything else is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Attribution<'a> {
    /// What sort of navigation its view came from.
    pub navigation_type: Option<NavigationType>,
    /// How far the document was when it came about; not of TTFB.
    pub load_state: Option<LoadState>,
    /// LCP: its parts.
    pub paint: Option<lcp::Parts>,
    /// TTFB: its parts.
    pub request: Option<ttfb::Parts>,
    /// FCP: ms until the first byte, which are part of it.
    pub first_byte: Option<f64>,
    /// INP: how many long animation frames it met; 0 may as well mean that the browser has none.
    pub frames: Option<u16>,
    /// INP: the script that took most of it.
    pub longest: Option<LongestScript<&'a record::Script>>,
    /// INP: where its time went.
    pub totals: Option<Totals>,
}

impl<'a> Attribution<'a> {
    /// Asks only the vital's own view, for that is in the batch in both executions. `None` for a metric of a newer writer.
    #[must_use]
    pub fn of(view: &ViewEvent, vital: &'a VitalEvent) -> Option<Self> {
        let metric = Metric::from_wire(vital.metric)?;
        let origin = Origin::of(view, metric, vital);
        let known = Self {
            navigation_type: origin.navigation_type(),
            load_state: origin.load_state(metric, vital),
            ..Self::default()
        };
        Some(match metric {
            Metric::Lcp => Self {
                paint: origin.paint(vital),
                ..known
            },
            Metric::Ttfb => Self {
                request: origin.request(vital),
                ..known
            },
            Metric::Fcp => Self {
                first_byte: origin.first_byte(),
                ..known
            },
            Metric::Inp => known.spent(vital),
            Metric::Cls => known,
        })
    }

    /// Adds what an interaction was spent on.
    fn spent(self, vital: &'a VitalEvent) -> Self {
        let (Some(start), Some(input_delay), Some(processing)) = (vital.at, vital.input_delay, vital.processing) else {
            return self;
        };
        let parts = [input_delay, processing, vital.presentation.unwrap_or(0)];
        let interaction = Interaction {
            start: millis(start),
            input_delay: millis(input_delay),
            processing: millis(processing),
            next_paint: millis(parts.into_iter().fold(start, i64::saturating_add)),
        };
        let mut frames = Frames::of(interaction);
        let mut met: u16 = 0;
        let known = vital.frames.iter().flat_map(|frames| &frames.0);
        for frame in known.map(|frame| &frame.what).filter(|frame| frame.kind == FRAME) {
            met = met.saturating_add(1);
            frames.push(&Frame {
                start: millis(frame.start),
                duration: millis(frame.duration),
                style_and_layout_start: frame.style_start.map_or(0.0, millis),
            });
            for script in frame.scripts.iter().flat_map(|scripts| &scripts.0) {
                let times = Script {
                    start: millis(script.start),
                    duration: millis(script.duration),
                    forced_style_and_layout: millis(script.forced_style),
                };
                frames.push_script(&times, script);
            }
        }
        Self {
            frames: vital.frames.as_ref().map(|_| met),
            totals: frames.totals(),
            longest: frames.into_longest(),
            ..self
        }
    }
}

/// Where the time of a view's vitals began.
struct Origin<'a> {
    kind: Option<ViewKind>,
    navigation: Option<&'a NavigationRecord>,
    /// In ms since the time origin.
    start: f64,
}

impl<'a> Origin<'a> {
    fn of(view: &'a ViewEvent, metric: Metric, vital: &VitalEvent) -> Self {
        let kind = ViewKind::from_wire(view.kind);
        let navigation = view.navigation.as_ref();
        let start = match (kind, vital.at) {
            // The browser's soft navigation may have begun before the view that the route opened.
            (Some(ViewKind::Soft), Some(at)) if metric == Metric::Lcp => at.saturating_sub(vital.value),
            (Some(ViewKind::Soft | ViewKind::BackForwardCache), _) => view.start,
            _ => navigation.and_then(|navigation| navigation.activation).unwrap_or(0),
        };
        Self {
            kind,
            navigation,
            start: millis(start),
        }
    }

    fn navigation_type(&self) -> Option<NavigationType> {
        NavigationType::of(self.kind?, self.navigation)
    }

    /// Of a view that nothing had to be fetched for, the first byte was there at once.
    fn first_byte(&self) -> Option<f64> {
        match self.kind? {
            ViewKind::BackForwardCache | ViewKind::Soft => Some(0.0),
            _ => Some(RequestMoments::from(self.navigation?).first_byte()),
        }
    }

    fn request(&self, vital: &VitalEvent) -> Option<ttfb::Parts> {
        match self.kind? {
            ViewKind::BackForwardCache | ViewKind::Soft => Some(ttfb::Parts::default()),
            _ => Some(RequestMoments::from(self.navigation?).parts(millis(vital.value))),
        }
    }

    fn paint(&self, vital: &VitalEvent) -> Option<lcp::Parts> {
        let first_byte = self.first_byte()?;
        let resource = match (&vital.detail, &vital.resource) {
            (_, Some(resource)) => Resource::Timed {
                request_start: millis(resource.request_start),
                response_end: millis(resource.response_end),
            },
            (Some(_), None) => Resource::Unknown,
            (None, None) => Resource::None,
        };
        let paint = LargestPaint {
            value: millis(vital.value),
            origin: self.start,
            response_start: self.start + first_byte,
            resource,
        };
        Some(paint.parts())
    }

    fn load_state(&self, metric: Metric, vital: &VitalEvent) -> Option<LoadState> {
        let t = match metric {
            Metric::Fcp | Metric::Lcp => self.start + millis(vital.value),
            Metric::Cls | Metric::Inp => millis(vital.at?),
            Metric::Ttfb => return None,
        };
        match self.kind? {
            // Only documents that are loaded go into that cache, and routes are watched from then on.
            ViewKind::BackForwardCache | ViewKind::Route | ViewKind::Soft => Some(LoadState::Complete),
            _ => self.navigation.map(|navigation| match navigation.dom_interactive {
                // Left while its HTML was still coming.
                None => LoadState::Loading,
                Some(_) => LoadMoments::from(navigation).state_at(t),
            }),
        }
    }
}
