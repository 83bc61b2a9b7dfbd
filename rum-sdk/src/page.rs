//! The page as the engine's host: every method is a function of the page. Integers are doubles on the border, for it has
//! none of JavaScript's; an absent one is NaN, and an absent text is 0.

use core::num::NonZeroU32;

use rum_core::{Host, Text};

#[link(wasm_import_module = "p")]
unsafe extern "C" {
    safe fn int(field: usize) -> f64;
    safe fn keep(field: usize) -> u32;
    #[link_name = "all"]
    safe fn keep_all(numbered: u32) -> u32;
    safe fn carry(view: f64, seq: f64);
    safe fn lose();
    safe fn touch(view: f64, seq: f64);
    safe fn set(view: f64, field: usize, value: f64);
    safe fn take(view: f64, field: usize, from: usize);
    #[link_name = "rest"]
    safe fn take_all(view: f64, field: usize);
    #[link_name = "tell"]
    safe fn tell_lost(view: f64);
    safe fn copy(view: f64, field: usize, other: f64, from: usize);
    #[link_name = "same"]
    safe fn is_same(view: f64, other: f64, field: usize) -> u32;
    safe fn forget(view: f64);
    safe fn begin(view: f64, seq: f64);
    safe fn put(value: f64);
    #[link_name = "text"]
    safe fn put_text(text: u32);
    #[link_name = "item"]
    safe fn put_item(text: u32);
    safe fn end();
    #[link_name = "live"]
    safe fn is_live(text: u32);
}

/// The page around the instance.
pub(crate) struct Page;

/// A text may still be asked for.
pub(crate) fn live(text: Option<Text>) {
    is_live(number(text));
}

/// As the page knows it.
fn number(text: Option<Text>) -> u32 {
    text.map_or(0, |text| text.0.get())
}

#[expect(clippy::cast_precision_loss, reason = "the wire has integers below 2^53")]
const fn double(value: i64) -> f64 {
    value as f64
}

impl Host for Page {
    fn int(&mut self, field: usize) -> Option<i64> {
        let value = int(field);
        // A cast from a float saturates: no number can be out of range.
        (!value.is_nan()).then_some(value as i64)
    }

    fn keep(&mut self, field: usize) -> Option<Text> {
        NonZeroU32::new(keep(field)).map(Text)
    }

    fn keep_all(&mut self, numbered: bool) -> Option<Text> {
        NonZeroU32::new(keep_all(numbered.into())).map(Text)
    }

    fn carry(&mut self, view: i64, seq: i64) {
        carry(double(view), double(seq));
    }

    fn lose(&mut self) {
        lose();
    }

    fn touch(&mut self, view: i64, seq: i64) {
        touch(double(view), double(seq));
    }

    fn set(&mut self, view: i64, field: usize, value: i64) {
        set(double(view), field, double(value));
    }

    fn take(&mut self, view: i64, field: usize, from: usize) {
        take(double(view), field, from);
    }

    fn take_all(&mut self, view: i64, field: usize) {
        take_all(double(view), field);
    }

    fn tell_lost(&mut self, view: i64) {
        tell_lost(double(view));
    }

    fn copy(&mut self, view: i64, field: usize, other: i64, from: usize) {
        copy(double(view), field, double(other), from);
    }

    fn is_same(&mut self, view: i64, other: i64, field: usize) -> bool {
        is_same(double(view), double(other), field) != 0
    }

    fn forget(&mut self, view: i64) {
        forget(double(view));
    }

    fn begin(&mut self, view: i64, seq: i64) {
        begin(double(view), double(seq));
    }

    fn put(&mut self, value: Option<i64>) {
        put(value.map_or(f64::NAN, double));
    }

    fn put_text(&mut self, text: Option<Text>) {
        put_text(number(text));
    }

    fn put_item(&mut self, text: Text) {
        put_item(text.0.get());
    }

    fn end(&mut self) {
        end();
    }
}
