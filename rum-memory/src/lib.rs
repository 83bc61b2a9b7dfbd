//! The allocator of the Wasm that pages run, for what lives as long as the page: a mark that moves, and never back. What ends
//! earlier is used again by whoever has it.
//!
//! In rum-vitals that are the handles, 2 KB for each call of `onINP`; in rum-sdk the vitals of views, 3 KB each and at most 200 of
//! them, and for each view its link, some hundred bytes, which is not used again. Other lists are in place. Of rum-vitals' Wasm (brotli) talc would cost 0.5 KB more and std's allocator 1.4 KB.
#![cfg(target_arch = "wasm32")]
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::arch::wasm32::{memory_grow, memory_size};
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

const PAGE: usize = 65_536;

unsafe extern "C" {
    /// Where the linker's own data ends. Only its address means something.
    static __heap_base: u8;
}

struct Mark(AtomicUsize);

#[global_allocator]
static ALLOCATOR: Mark = Mark(AtomicUsize::new(0));

// SAFETY: a block begins at or behind the end of every block before it, is aligned as asked, and lies within the memory.
unsafe impl GlobalAlloc for Mark {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = self.0.load(Ordering::Relaxed).max(&raw const __heap_base as usize);
        let Some(start) = free.checked_next_multiple_of(layout.align()) else {
            return ptr::null_mut();
        };
        let Some(end) = start.checked_add(layout.size()) else {
            return ptr::null_mut();
        };
        let pages = end.div_ceil(PAGE);
        let more = pages.saturating_sub(memory_size::<0>());
        if more > 0 && memory_grow::<0>(more) == usize::MAX {
            return ptr::null_mut();
        }
        self.0.store(end, Ordering::Relaxed);
        start as *mut u8
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}
