//! State that there is one of.

/// `only! { static NAME: Type = value; }`: one in the page's instance of the Wasm, which has one thread; one a thread on a
/// machine that has more, where it is tested. Has `get` and `set`.
macro_rules! only {
    ($(#[$doc:meta])* static $name:ident: $type:ty = $value:expr;) => {
        #[cfg(target_arch = "wasm32")]
        $(#[$doc])*
        static $name: $crate::state::Only<$type> = $crate::state::Only::new($value);

        #[cfg(not(target_arch = "wasm32"))]
        thread_local! {
            $(#[$doc])*
            static $name: core::cell::Cell<$type> = const { core::cell::Cell::new($value) };
        }
    };
}
pub(crate) use only;

/// A cell for an instance of one thread. Thread-locals look the same, and cost 0.2 KB more (brotli).
#[cfg(target_arch = "wasm32")]
pub(crate) struct Only<T>(core::cell::Cell<T>);

#[cfg(target_arch = "wasm32")]
impl<T: Copy> Only<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(core::cell::Cell::new(value))
    }

    pub(crate) fn get(&self) -> T {
        self.0.get()
    }

    pub(crate) fn set(&self, value: T) {
        self.0.set(value);
    }
}

// SAFETY: the Wasm is built without threads, so nothing is ever shared.
#[cfg(target_arch = "wasm32")]
unsafe impl<T> Sync for Only<T> {}
