//! What surrounds the engine: it reads the record at hand and keeps the rows. In the page that is JavaScript, which has
//! texts and JSON anyway; in the collector it is [`Replay`](crate::replay::Replay). So the engine is numbers only: no text,
//! no JSON, no list that grows with what a page says crosses the border to Wasm, and none of it costs bytes there.

use core::num::NonZeroU32;

/// The JSON of a field or a record, which the engine names and never reads. The host keeps it at least for as long as
/// [`Engine::texts`](crate::Engine::texts) tells of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Text(pub NonZeroU32);

/// The surroundings of one engine. Views are named by their numbers, fields by their places. An integer is a double, as the page
/// has it (the wire has none beyond 2^53), and an absent one is NaN, with which nothing compares; an absent text is `None`.
pub trait Host {
    /// A field of the record at hand that is an integer.
    fn int(&mut self, field: usize) -> f64;
    /// Keeps a field of the record at hand.
    fn keep(&mut self, field: usize) -> Option<Text>;
    /// Keeps the record at hand: all its fields as one array, behind its ordinal if it is to be `numbered`.
    fn keep_all(&mut self, numbered: bool) -> Option<Text>;
    /// The record at hand is an event of `view` as it is, reported at `seq`.
    fn carry(&mut self, view: u32, seq: f64);
    /// The record at hand is lost, for it has no view.
    fn lose(&mut self);

    /// The row of `view` changes, or begins, as report `seq`.
    fn touch(&mut self, view: u32, seq: f64);
    /// Sets a field of a view's row.
    fn set(&mut self, view: u32, field: usize, value: f64);
    /// Sets a field of a view's row to field `from` of the record at hand.
    fn take(&mut self, view: u32, field: usize, from: usize);
    /// Sets a field of a view's row to all fields of the record at hand.
    fn take_all(&mut self, view: u32, field: usize);
    /// Says in a view's row how many records were lost so far.
    fn tell_lost(&mut self, view: u32);
    /// Sets a field of a view's row to field `from` of another one's.
    fn copy(&mut self, view: u32, field: usize, other: u32, from: usize);
    /// True if a field of two views' rows is the same.
    fn is_same(&mut self, view: u32, other: u32, field: usize) -> bool;
    /// Nothing will be said of `view` any more: once its row is sent it may go.
    fn forget(&mut self, view: u32);

    /// Begins the report `seq` of a vital of `view`. Its fields follow.
    fn begin(&mut self, view: u32, seq: f64);
    /// The next field is an integer.
    fn put(&mut self, value: f64);
    /// The next field is a text.
    fn put_text(&mut self, text: Option<Text>);
    /// A text of the list that is the last field.
    fn put_item(&mut self, text: Text);
    /// It is complete. An earlier report of the same vital that still waits is replaced.
    fn end(&mut self);
}
