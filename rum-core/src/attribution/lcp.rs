//! What the largest contentful paint was spent on (<https://web.dev/articles/optimize-lcp#lcp-breakdown>).

/// What is known about the resource of the element that was painted. Moments are in ms since the time origin.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Resource {
    /// It needed none: text.
    None,
    /// It needed one, about which the browser says nothing (any more).
    Unknown,
    /// The last request for its URL that began before the paint.
    Timed {
        /// `requestStart`, or `startTime` where that is hidden.
        request_start: f64,
        /// `responseEnd`.
        response_end: f64,
    },
}

/// A largest contentful paint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LargestPaint {
    /// Its value in ms: after `origin`.
    pub value: f64,
    /// Where its time begins, in ms since the time origin: 0, `activationStart`, or the start of a soft navigation.
    pub origin: f64,
    /// `responseStart` of the navigation in ms since the time origin; 0 of a soft navigation.
    pub response_start: f64,
    /// What the element waited for.
    pub resource: Resource,
}

/// The parts of an LCP, each in ms: they add up to it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Parts {
    /// Until the document's first byte.
    pub time_to_first_byte: f64,
    /// What comes after it; `None` if that cannot be told apart.
    pub rest: Option<Rest>,
}

/// The parts after the first byte, each in ms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rest {
    /// Until the resource was asked for.
    pub resource_load_delay: f64,
    /// Until the resource was there.
    pub resource_load_duration: f64,
    /// Until the element was painted.
    pub element_render_delay: f64,
}

impl LargestPaint {
    /// Divides it.
    #[must_use]
    pub fn parts(&self) -> Parts {
        let time_to_first_byte = (self.response_start - self.origin).max(0.0);
        let rest = match self.resource {
            Resource::Unknown => None,
            Resource::None => Some(self.rest(time_to_first_byte, 0.0, 0.0)),
            Resource::Timed {
                request_start,
                response_end,
            } => Some(self.rest(
                time_to_first_byte,
                request_start - self.origin,
                response_end - self.origin,
            )),
        };
        Parts {
            time_to_first_byte,
            rest,
        }
    }

    /// Of a resource whose request and end are moments after `origin`.
    fn rest(&self, first_byte: f64, request_start: f64, response_end: f64) -> Rest {
        // A request may begin before the document's first byte, by a preload in a header.
        let request_start = request_start.max(first_byte);
        // A video goes on loading after its first frame was painted.
        let response_end = response_end.max(request_start).min(self.value);
        Rest {
            resource_load_delay: request_start - first_byte,
            resource_load_duration: response_end - request_start,
            element_render_delay: self.value - response_end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMAGE: LargestPaint = LargestPaint {
        value: 1_000.0,
        origin: 0.0,
        response_start: 200.0,
        resource: Resource::Timed {
            request_start: 350.0,
            response_end: 800.0,
        },
    };

    const fn timed(request_start: f64, response_end: f64) -> Resource {
        Resource::Timed {
            request_start,
            response_end,
        }
    }

    /// Time to first byte, load delay, load duration, render delay.
    #[track_caller]
    fn check(paint: LargestPaint, expected: [f64; 4]) {
        let Parts {
            time_to_first_byte,
            rest,
        } = paint.parts();
        let rest = rest.unwrap();
        let found = [
            time_to_first_byte,
            rest.resource_load_delay,
            rest.resource_load_duration,
            rest.element_render_delay,
        ];
        assert_eq!(found, expected, "{paint:?}");
        assert_eq!(found.iter().sum::<f64>(), paint.value);
    }

    /// A mistake found in peers: the resource's start stands for the paint, and the render delay is always 0.
    #[test]
    fn render_delay_is_what_follows_the_resource() {
        check(IMAGE, [200.0, 150.0, 450.0, 200.0]);
    }

    #[test]
    fn text_waits_for_no_resource() {
        let text = LargestPaint {
            resource: Resource::None,
            ..IMAGE
        };
        check(text, [200.0, 0.0, 0.0, 800.0]);
    }

    #[test]
    fn a_preload_begins_before_the_first_byte() {
        let preload = LargestPaint {
            resource: timed(120.0, 600.0),
            ..IMAGE
        };
        check(preload, [200.0, 0.0, 400.0, 400.0]);
        let early = LargestPaint {
            resource: timed(50.0, 150.0),
            ..IMAGE
        };
        check(early, [200.0, 0.0, 0.0, 800.0]);
    }

    #[test]
    fn a_video_that_goes_on_loading_ends_with_the_paint() {
        let video = LargestPaint {
            resource: timed(350.0, 30_000.0),
            ..IMAGE
        };
        check(video, [200.0, 150.0, 650.0, 0.0]);
    }

    /// A mistake found in peers: no prerender offset.
    #[test]
    fn parts_begin_with_the_activation() {
        let activated = LargestPaint {
            value: 700.0,
            origin: 300.0,
            ..IMAGE
        };
        check(activated, [0.0, 50.0, 450.0, 200.0]);
        let long_done = LargestPaint {
            value: 0.0,
            origin: 9_000.0,
            ..IMAGE
        };
        check(long_done, [0.0; 4]);
    }

    #[test]
    fn a_soft_navigation_has_no_first_byte() {
        let soft = LargestPaint {
            value: 500.0,
            origin: 20_000.0,
            response_start: 0.0,
            resource: timed(20_100.0, 20_400.0),
        };
        check(soft, [0.0, 100.0, 300.0, 100.0]);
    }

    #[test]
    fn what_nobody_knows_is_absent_and_not_zero() {
        let unknown = LargestPaint {
            resource: Resource::Unknown,
            ..IMAGE
        };
        let expected = Parts {
            time_to_first_byte: 200.0,
            rest: None,
        };
        assert_eq!(unknown.parts(), expected);
    }
}
