//! The views of a document, linked from the newest to the oldest: the code that makes a vector grow is larger than all that is
//! done with them.

use alloc::boxed::Box;
use core::mem;

use crate::view::View;

#[derive(Clone, Debug)]
struct Link {
    view: View,
    older: Option<Box<Self>>,
}

#[derive(Clone, Debug)]
pub(crate) struct Views {
    newest: Option<Box<Link>>,
    count: usize,
}

impl Views {
    pub(crate) const NONE: Self = Self { newest: None, count: 0 };

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn push(&mut self, view: View) {
        let older = self.newest.take();
        set(&mut self.newest, Some(Box::new(Link { view, older })));
        self.count = self.count.saturating_add(1);
    }

    /// Takes the view of this number out.
    pub(crate) fn remove(&mut self, number: u32) -> Option<View> {
        let mut at = &mut self.newest;
        while at.as_ref()?.view.number != number {
            at = &mut at.as_mut()?.older;
        }
        let link = at.take()?;
        set(at, link.older);
        self.count = self.count.saturating_sub(1);
        Some(link.view)
    }

    pub(crate) fn newest(&mut self) -> Option<&mut View> {
        self.newest.as_mut().map(|link| &mut link.view)
    }

    /// From the newest on.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &View> {
        let mut next = &self.newest;
        core::iter::from_fn(move || {
            let link = next.as_ref()?;
            next = &link.older;
            Some(&link.view)
        })
    }

    /// From the newest on.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut View> {
        let mut next = self.newest.as_deref_mut();
        core::iter::from_fn(move || {
            let link = next.take()?;
            next = link.older.as_deref_mut();
            Some(&mut link.view)
        })
    }
}

/// Sets a link whose own was taken before: the code that would drop the rest of the list, were it still there, is not compiled.
fn set(taken: &mut Option<Box<Link>>, link: Option<Box<Link>>) {
    mem::forget(mem::replace(taken, link));
}
