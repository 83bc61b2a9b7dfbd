#![doc = include_str!("../README.md")]
#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects
)]

mod settings;

use gloo_timers::callback::Timeout;
use js_sys::Function;
use rum_core::Engine;
use rum_core::engine::Urgency;
use rum_core::wire::raw::read_raw;
use settings::Settings;
use wasm_bindgen::prelude::*;

// Half the size of std's allocator in the page, and a page's engine allocates little.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

/// What [`Sdk::push`] answers.
mod diagnostics {
    /// All records were taken.
    pub(crate) const OK: u32 = 0;
    /// The records are no JSON array of records; those before the error were taken.
    pub(crate) const UNREADABLE: u32 = 1;
}

/// One document's engine, its deadline, and what to call when that has passed.
#[wasm_bindgen]
pub struct Sdk {
    engine: Engine,
    document: String,
    due_ms: u32,
    due: Function,
    /// Dropping it cancels it.
    deadline: Option<Timeout>,
}

#[wasm_bindgen]
impl Sdk {
    /// `settings` is an object of [`Settings`], each field optional; `document` is the JSON of the wire's `Document`;
    /// `due` is called when what waits should be sent although the page is still visible.
    #[wasm_bindgen(constructor)]
    #[must_use]
    pub fn new(settings: JsValue, document: String, due: Function) -> Self {
        let settings = Settings::read(&settings);
        Self {
            engine: Engine::new(settings.limits()),
            document,
            due_ms: settings.due_ms,
            due,
            deadline: None,
        }
    }

    /// Takes the JSON text of an array of records. Returns 0, or a diagnostics number.
    pub fn push(&mut self, records: &str) -> u32 {
        let read = read_raw(records, |record| self.engine.push(record));
        self.arm();
        read.map_or(diagnostics::UNREADABLE, |_| diagnostics::OK)
    }

    /// The next body to send, as long as anything waits. `batch_id` is 16 random hexadecimal digits.
    pub fn flush(&mut self, batch_id: &str, sent_at_ms: f64) -> Option<String> {
        self.deadline = None;
        #[expect(clippy::cast_possible_truncation, reason = "Date.now() is an integer below 2^53")]
        self.engine.take_body(batch_id, sent_at_ms as i64, &self.document)
    }

    /// Starts the deadline of what waits, if it has none yet.
    fn arm(&mut self) {
        let ms = match self.engine.urgency() {
            Urgency::None => return,
            Urgency::Soon if self.deadline.is_some() => return,
            Urgency::Soon => self.due_ms,
            Urgency::Now => 0,
        };
        let due = self.due.clone();
        // Not called at once even when it is due now: `due` calls `flush`, and this instance is in use.
        self.deadline = Some(Timeout::new(ms, move || {
            let _ = due.call0(&JsValue::UNDEFINED);
        }));
    }
}
