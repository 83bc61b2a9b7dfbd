//! The least a page needs around a form, without wasm-bindgen: what differs between the three is the form alone.

/// Exports of a Wasm module that computes a page in the given form.
#[macro_export]
macro_rules! page {
    ($form:ty) => {
        #[cfg(target_arch = "wasm32")]
        #[global_allocator]
        static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

        /// One document.
        #[derive(Default)]
        pub struct Page {
            engine: rum_core::Engine,
            buffer: Vec<u8>,
            body: Vec<u8>,
        }

        /// A new document.
        #[unsafe(no_mangle)]
        pub extern "C" fn open() -> *mut Page {
            Box::into_raw(Box::default())
        }

        /// Where the page writes `length` bytes for the next call.
        #[unsafe(no_mangle)]
        pub extern "C" fn input(page: &mut Page, length: usize) -> *mut u8 {
            page.buffer.resize(length, 0);
            page.buffer.as_mut_ptr()
        }

        /// Takes the records in the input.
        #[unsafe(no_mangle)]
        pub extern "C" fn push(page: &mut Page) -> bool {
            let engine = &mut page.engine;
            <$form as $crate::Form>::read_records(&page.buffer, |record| engine.push(record))
        }

        /// Makes a body with the document in the input; its length, 0 if nothing waits.
        #[unsafe(no_mangle)]
        pub extern "C" fn flush(page: &mut Page, batch_id: u64, sent_at_ms: f64) -> usize {
            let head = $crate::Head {
                batch_id: rum_core::Id(batch_id),
                sent_at_ms: sent_at_ms as i64,
                document: &page.buffer,
            };
            page.body = <$form as $crate::Form>::take_body(&mut page.engine, &head).unwrap_or_default();
            page.body.len()
        }

        /// Where that body is.
        #[unsafe(no_mangle)]
        pub extern "C" fn body(page: &Page) -> *const u8 {
            page.body.as_ptr()
        }
    };
}
