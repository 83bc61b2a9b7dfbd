//! How much memory is in use, and the most of it since somebody began to look: what Rust has asked for, to the byte, and what of the
//! process is in RAM, where Linux tells. The latter has what C libraries take (zstd's windows) and misses what was free already.

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator, which counts.
pub(crate) struct Counting;

// SAFETY: every call is passed on as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let used = USED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        MOST.fetch_max(used, Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `work` gives, and how many bytes more than before it were in use at a time, by all threads and by either count.
pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, usize) {
    // From here on the peak is that of the work. Where that cannot be said the peak of all the time before hides some of it.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let resident = in_ram("VmRSS:");
    let before = USED.load(Ordering::Relaxed);
    MOST.store(before, Ordering::Relaxed);
    let done = work();
    let asked = MOST.load(Ordering::Relaxed).saturating_sub(before);
    (done, asked.max(in_ram("VmHWM:").saturating_sub(resident)))
}

/// What Linux says of this process' memory, in bytes; 0 elsewhere.
fn in_ram(name: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib = line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<usize>().ok());
    kib.unwrap_or(0) << 10
}
