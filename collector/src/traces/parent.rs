//! `traceparent`, the header by which a caller names its trace. <https://www.w3.org/TR/trace-context/#traceparent-header>

use http::{HeaderMap, HeaderName};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};

const NAME: HeaderName = HeaderName::from_static("traceparent");

/// The caller's span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parent {
    trace: TraceId,
    span: SpanId,
    recorded: bool,
}

impl Parent {
    /// What the header says; `None` if it is absent or is none.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let mut lines = headers.get_all(NAME).iter();
        let (one, None) = (lines.next()?, lines.next()) else {
            return None;
        };
        Self::read(one.to_str().ok()?)
    }

    fn read(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |length: usize| parts.next().filter(|part| is_hex(part, length));
        let (version, trace, span, flags) = (part(2)?, part(32)?, part(16)?, part(2)?);
        // A later version may say more behind this; ff is none.
        let more = parts.next().is_some();
        if version == "ff" || (version == "00" && more) {
            return None;
        }
        let parent = Self {
            trace: TraceId::from_hex(trace).ok()?,
            span: SpanId::from_hex(span).ok()?,
            recorded: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        };
        (parent.trace != TraceId::INVALID && parent.span != SpanId::INVALID).then_some(parent)
    }

    pub(super) fn trace_id(&self) -> TraceId {
        self.trace
    }

    /// Whether the caller records it.
    pub(super) fn is_recorded(&self) -> bool {
        self.recorded
    }

    /// For who continues it.
    pub(super) fn context(&self) -> Context {
        let flags = if self.recorded {
            TraceFlags::SAMPLED
        } else {
            TraceFlags::NOT_SAMPLED
        };
        let remote = SpanContext::new(self.trace, self.span, flags, true, TraceState::NONE);
        Context::new().with_remote_span_context(remote)
    }
}

fn is_hex(part: &str, length: usize) -> bool {
    part.len() == length && part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parent_is_read_as_the_recommendation_has_it() {
        let (trace, span) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
        for (text, recorded) in [
            (format!("00-{trace}-{span}-01"), Some(true)),
            (format!("00-{trace}-{span}-00"), Some(false)),
            (format!("00-{trace}-{span}-03"), Some(true)),
            (format!("cc-{trace}-{span}-01-what-is-to-come"), Some(true)),
            (format!("00-{trace}-{span}-01-more"), None),
            (format!("ff-{trace}-{span}-01"), None),
            (format!("00-{}-{span}-01", "0".repeat(32)), None),
            (format!("00-{trace}-{}-01", "0".repeat(16)), None),
            (format!("00-{}-{span}-01", trace.to_uppercase()), None),
            (format!("00-{trace}-{span}"), None),
            (format!("00-{trace}-{span}-1"), None),
            (String::new(), None),
        ] {
            let parent = Parent::read(&text);
            assert_eq!(parent.as_ref().map(Parent::is_recorded), recorded, "{text}");
            if let Some(parent) = parent {
                assert_eq!(parent.trace_id().to_string(), trace);
            }
        }
    }
}
