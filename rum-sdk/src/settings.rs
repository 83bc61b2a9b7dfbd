//! What the wrapper may set, as an object of open shape: unknown fields are ignored, missing ones have defaults, and so
//! have those of a wrong type: a bug of the wrapper is no reason to lose the page view.

use rum_core::Limits;
use wasm_bindgen::JsValue;

/// Settings of one instance.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "serde-settings", derive(serde::Deserialize), serde(default))]
pub(crate) struct Settings {
    /// Bytes of one body at most.
    pub(crate) batch_bytes: u32,
    /// Waiting bytes at which a body is due at once.
    pub(crate) due_bytes: u32,
    /// How long an event that is no vital waits for company, in ms.
    pub(crate) due_ms: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            batch_bytes: 60_000,
            due_bytes: 16_384,
            due_ms: 30_000,
        }
    }
}

impl Settings {
    #[cfg(feature = "serde-settings")]
    pub(crate) fn read(object: &JsValue) -> Self {
        serde_wasm_bindgen::from_value(object.clone()).unwrap_or_default()
    }

    #[cfg(not(feature = "serde-settings"))]
    pub(crate) fn read(object: &JsValue) -> Self {
        let field = |name: &str, default: u32| {
            let value = js_sys::Reflect::get(object, &JsValue::from_str(name))
                .ok()
                .and_then(|value| value.as_f64());
            // A cast from a float saturates: no number can be out of range.
            value.map_or(default, |value| value as u32)
        };
        let default = Self::default();
        Self {
            batch_bytes: field("batch_bytes", default.batch_bytes),
            due_bytes: field("due_bytes", default.due_bytes),
            due_ms: field("due_ms", default.due_ms),
        }
    }

    /// The engine's limits.
    pub(crate) fn limits(self) -> Limits {
        Limits {
            batch_bytes: self.batch_bytes as usize,
            due_bytes: self.due_bytes as usize,
            ..Limits::default()
        }
    }
}
