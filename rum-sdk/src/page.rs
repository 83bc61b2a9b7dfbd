//! The page as the engine's host: every method is a function of the page. An absent text is 0.

use core::num::NonZeroU32;

use rum_core::{Host, Text};

#[link(wasm_import_module = "p")]
unsafe extern "C" {
    safe fn int(field: usize) -> f64;
    safe fn keep(field: usize) -> u32;
    #[link_name = "all"]
    safe fn keep_all(numbered: u32) -> u32;
    safe fn carry(view: u32, seq: f64);
    safe fn lose();
    safe fn touch(view: u32, seq: f64);
    safe fn set(view: u32, field: usize, value: f64);
    safe fn take(view: u32, field: usize, from: usize);
    #[link_name = "rest"]
    safe fn take_all(view: u32, field: usize);
    #[link_name = "tell"]
    safe fn tell_lost(view: u32);
    safe fn copy(view: u32, field: usize, other: u32, from: usize);
    #[link_name = "same"]
    safe fn is_same(view: u32, other: u32, field: usize) -> u32;
    safe fn forget(view: u32);
    safe fn begin(view: u32, seq: f64);
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

impl Host for Page {
    fn int(&mut self, field: usize) -> f64 {
        int(field)
    }

    fn keep(&mut self, field: usize) -> Option<Text> {
        NonZeroU32::new(keep(field)).map(Text)
    }

    fn keep_all(&mut self, numbered: bool) -> Option<Text> {
        NonZeroU32::new(keep_all(numbered.into())).map(Text)
    }

    fn carry(&mut self, view: u32, seq: f64) {
        carry(view, seq);
    }

    fn lose(&mut self) {
        lose();
    }

    fn touch(&mut self, view: u32, seq: f64) {
        touch(view, seq);
    }

    fn set(&mut self, view: u32, field: usize, value: f64) {
        set(view, field, value);
    }

    fn take(&mut self, view: u32, field: usize, from: usize) {
        take(view, field, from);
    }

    fn take_all(&mut self, view: u32, field: usize) {
        take_all(view, field);
    }

    fn tell_lost(&mut self, view: u32) {
        tell_lost(view);
    }

    fn copy(&mut self, view: u32, field: usize, other: u32, from: usize) {
        copy(view, field, other, from);
    }

    fn is_same(&mut self, view: u32, other: u32, field: usize) -> bool {
        is_same(view, other, field) != 0
    }

    fn forget(&mut self, view: u32) {
        forget(view);
    }

    fn begin(&mut self, view: u32, seq: f64) {
        begin(view, seq);
    }

    fn put(&mut self, value: f64) {
        put(value);
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
