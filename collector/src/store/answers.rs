//! The answers to a group of appends. To wake a runtime from another thread is a call of the system, so each runtime is woken once for all
//! who wait on it; there they are told one after the other, and what they had handed over is freed where it was made.

use tokio::runtime::Handle;

use super::commit::{Append, Fate};

/// Who is to be told what, by where they wait: on a handful of runtimes.
#[derive(Default)]
pub(super) struct Answers(Vec<(Handle, Vec<(Append, Fate)>)>);

impl Answers {
    /// One more.
    pub(super) fn add(&mut self, mut append: Append, fate: Fate) {
        let Some(caller) = append.caller.take() else {
            return append.answer(fate);
        };
        match self.0.iter_mut().find(|(runtime, _)| runtime.id() == caller.id()) {
            Some((_, answers)) => answers.push((append, fate)),
            None => self.0.push((caller, vec![(append, fate)])),
        }
    }

    /// Tells them.
    pub(super) fn give(self) {
        for (runtime, answers) in self.0 {
            runtime.spawn(async move {
                for (append, fate) in answers {
                    append.answer(fate);
                }
            });
        }
    }
}
