//! The C interface of libchdb, opened at run time. The only `unsafe` of the crate is here, and what
//! it hands out is safe: owned connections, results and streams that free themselves.
//!
//! The package of libchdb carries no header; the signatures are those of chdb.h of the same release.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    marker::PhantomData,
    path::Path,
    ptr::NonNull,
    slice,
};

use crate::locate::LibraryError;

/// A `chdb_connection *`: libchdb's own handle is a pointer to a pointer.
type RawConnection = *mut *mut c_void;
type RawResult = *mut c_void;
type RawInsert = *mut c_void;

type QueryWithParams = unsafe extern "C" fn(
    *mut c_void,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> *mut c_void;

/// `chdb_query_analysis_v1`, versioned by its own size.
#[repr(C)]
struct Analysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// The functions of libchdb that this crate uses. It is never unloaded: libchdb's threads outlive
/// its connections.
pub(crate) struct Library {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> RawConnection,
    close: unsafe extern "C" fn(RawConnection),
    query: QueryWithParams,
    stream: QueryWithParams,
    fetch: unsafe extern "C" fn(*mut c_void, RawResult) -> RawResult,
    cancel: unsafe extern "C" fn(*mut c_void, RawResult),
    destroy: unsafe extern "C" fn(RawResult),
    buffer: unsafe extern "C" fn(RawResult) -> *const u8,
    length: unsafe extern "C" fn(RawResult) -> usize,
    error: unsafe extern "C" fn(RawResult) -> *const c_char,
    rows_read: unsafe extern "C" fn(RawResult) -> u64,
    bytes_read: unsafe extern "C" fn(RawResult) -> u64,
    rows_written: unsafe extern "C" fn(RawResult) -> u64,
    bytes_written: unsafe extern "C" fn(RawResult) -> u64,
    insert: QueryWithParams,
    insert_append: unsafe extern "C" fn(RawInsert, *const u8, usize) -> c_int,
    insert_done: unsafe extern "C" fn(RawInsert) -> RawResult,
    insert_error: unsafe extern "C" fn(RawInsert) -> *const c_char,
    insert_destroy: unsafe extern "C" fn(RawInsert),
    classify: unsafe extern "C" fn(*mut c_void, *const c_char, usize, *const c_char, usize, *mut Analysis) -> c_int,
}

impl Library {
    /// Opens the library at `path` and declines its signal handlers, so that those of this process
    /// stay. Loading starts no thread of libchdb: a sandbox may still be entered afterwards.
    ///
    /// # Errors
    /// When the file is no loadable library, or lacks a function (another version of libchdb).
    pub(crate) fn open(path: &Path) -> Result<&'static Self, LibraryError> {
        let unusable = |source| LibraryError::Unusable {
            path: path.to_owned(),
            source,
        };
        // SAFETY: libchdb's initialisers are what opening it means; they have no precondition.
        let library = unsafe { libloading::Library::new(path) }.map_err(unusable)?;
        macro_rules! symbol {
            ($name:literal) => {
                // SAFETY: the types of the fields are those of chdb.h for the function so named.
                *unsafe { library.get($name) }.map_err(unusable)?
            };
        }
        let functions = Self {
            connect: symbol!(b"chdb_connect\0"),
            close: symbol!(b"chdb_close_conn\0"),
            query: symbol!(b"chdb_query_with_params_n\0"),
            stream: symbol!(b"chdb_stream_query_with_params_n\0"),
            fetch: symbol!(b"chdb_stream_fetch_result\0"),
            cancel: symbol!(b"chdb_stream_cancel_query\0"),
            destroy: symbol!(b"chdb_destroy_query_result\0"),
            buffer: symbol!(b"chdb_result_buffer\0"),
            length: symbol!(b"chdb_result_length\0"),
            error: symbol!(b"chdb_result_error\0"),
            rows_read: symbol!(b"chdb_result_storage_rows_read\0"),
            bytes_read: symbol!(b"chdb_result_storage_bytes_read\0"),
            rows_written: symbol!(b"chdb_result_rows_written\0"),
            bytes_written: symbol!(b"chdb_result_bytes_written\0"),
            insert: symbol!(b"chdb_stream_insert_with_params_n\0"),
            insert_append: symbol!(b"chdb_stream_append\0"),
            insert_done: symbol!(b"chdb_stream_done\0"),
            insert_error: symbol!(b"chdb_stream_insert_error\0"),
            insert_destroy: symbol!(b"chdb_destroy_insert_stream\0"),
            classify: symbol!(b"chdb_classify_query_n\0"),
        };
        let decline_signals: unsafe extern "C" fn(c_int) = symbol!(b"chdb_set_signal_handlers_enabled\0");
        // SAFETY: called once, before the first connection, as its contract asks.
        unsafe { decline_signals(0) };
        std::mem::forget(library);
        Ok(Box::leak(Box::new(functions)))
    }

    /// Opens a connection; the first one starts the engine. `None` when libchdb refuses: it gives
    /// no reason (a data folder in use by another process, or a setting with a wrong value).
    pub(crate) fn connect(&'static self, arguments: &[CString]) -> Option<Connection> {
        let mut pointers: Vec<*mut c_char> = arguments.iter().map(|argument| argument.as_ptr().cast_mut()).collect();
        let count = c_int::try_from(pointers.len()).ok()?;
        // SAFETY: `pointers` holds `count` NUL-terminated strings that outlive the call; libchdb
        // copies them.
        let raw = unsafe { (self.connect)(count, pointers.as_mut_ptr()) };
        NonNull::new(raw).map(|raw| Connection { library: self, raw })
    }
}

/// One connection: a session of its own (settings, current database, temporary tables) that runs
/// one statement at a time.
pub(crate) struct Connection {
    library: &'static Library,
    raw: NonNull<*mut c_void>,
}

// SAFETY: libchdb allows a connection on any thread, one at a time; `&mut self` sees to the latter.
unsafe impl Send for Connection {}

impl Connection {
    /// Runs a statement and holds its whole result.
    pub(crate) fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<Output, String> {
        let raw = self.call(self.library.query, sql, format, parameters);
        Output::checked(self.library, raw)
    }

    /// Starts a SELECT whose result comes in pieces.
    pub(crate) fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<Stream<'_>, String> {
        let raw = self.call(self.library.stream, sql, format, parameters);
        let handle = Output::checked(self.library, raw)?;
        Ok(Stream {
            connection: self,
            handle,
            finished: false,
        })
    }

    /// Starts `INSERT INTO … (columns)`; its data, in `format`, is appended piece by piece.
    pub(crate) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> Result<Insert<'_>, String> {
        let library = self.library;
        let raw = self.call(library.insert, sql, format, parameters);
        let insert = Insert {
            library,
            raw,
            connection: PhantomData,
        };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }

    /// What the engine's own parser says of a statement. Nothing runs.
    pub(crate) fn classify(&mut self, sql: &[u8]) -> Classification {
        let mut analysis = Analysis {
            struct_size: size_of::<Analysis>() as u32,
            statement_count: 0,
            flags: 0,
            query_class: 4,
        };
        // SAFETY: pointer and length describe `sql`; a null target database is allowed; `analysis`
        // carries its size.
        unsafe {
            (self.library.classify)(
                self.handle(),
                sql.as_ptr().cast(),
                sql.len(),
                std::ptr::null(),
                0,
                &raw mut analysis,
            )
        };
        Classification {
            statements: analysis.statement_count,
            effect: match analysis.query_class {
                0 => Effect::Reads,
                1 | 2 => Effect::Writes,
                3 => Effect::Controls,
                _ => Effect::Unknown,
            },
        }
    }

    fn handle(&self) -> *mut c_void {
        // SAFETY: `raw` came from chdb_connect and lives until drop.
        unsafe { *self.raw.as_ptr() }
    }

    fn call(
        &mut self,
        function: QueryWithParams,
        sql: &[u8],
        format: &str,
        parameters: &[(String, String)],
    ) -> *mut c_void {
        let pointer = |text: &String| text.as_ptr().cast::<c_char>();
        let names: Vec<_> = parameters.iter().map(|(name, _)| pointer(name)).collect();
        let name_lengths: Vec<_> = parameters.iter().map(|(name, _)| name.len()).collect();
        let values: Vec<_> = parameters.iter().map(|(_, value)| pointer(value)).collect();
        let value_lengths: Vec<_> = parameters.iter().map(|(_, value)| value.len()).collect();
        // SAFETY: all pointers come with their lengths, the four arrays have `parameters.len()`
        // entries, everything outlives the call, and `&mut self` keeps other calls away.
        unsafe {
            function(
                self.handle(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                names.as_ptr(),
                name_lengths.as_ptr(),
                values.as_ptr(),
                value_lengths.as_ptr(),
                parameters.len(),
            )
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: closed once; streams and inserts borrow the connection, so none is left.
        unsafe { (self.library.close)(self.raw.as_ptr()) };
    }
}

/// What a statement is, by the engine's parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Classification {
    /// How many statements the text holds; 0 when it does not parse.
    pub(crate) statements: u32,
    pub(crate) effect: Effect,
}

/// What a statement leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// SELECT, SHOW, DESCRIBE, EXPLAIN, EXISTS: nothing.
    Reads,
    /// INSERT, CREATE, ALTER, DROP and so on.
    Writes,
    /// SET, USE, SYSTEM, KILL, INTO OUTFILE and so on.
    Controls,
    /// It did not parse.
    Unknown,
}

/// A result that libchdb owns and we free.
pub(crate) struct Output {
    library: &'static Library,
    raw: NonNull<c_void>,
}

impl Output {
    fn checked(library: &'static Library, raw: RawResult) -> Result<Self, String> {
        let Some(raw) = NonNull::new(raw) else {
            return Err("Code: 1001. DB::Exception: libchdb gave no result (STD_EXCEPTION)".into());
        };
        let output = Self { library, raw };
        // SAFETY: `raw` is a live result; the text belongs to it and is copied.
        match unsafe { owned_text((library.error)(raw.as_ptr())) } {
            Some(error) => Err(error),
            None => Ok(output),
        }
    }

    /// The formatted result.
    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: buffer and length describe one allocation that lives as long as the result, and
        // nothing writes to it.
        unsafe {
            let start = (self.library.buffer)(self.raw.as_ptr());
            let length = (self.library.length)(self.raw.as_ptr());
            if start.is_null() || length == 0 {
                &[]
            } else {
                slice::from_raw_parts(start, length)
            }
        }
    }

    /// Rows and bytes read from storage and written to it.
    pub(crate) fn totals(&self) -> Totals {
        let raw = self.raw.as_ptr();
        // SAFETY: plain getters on a live result.
        unsafe {
            Totals {
                read_rows: (self.library.rows_read)(raw),
                read_bytes: (self.library.bytes_read)(raw),
                written_rows: (self.library.rows_written)(raw),
                written_bytes: (self.library.bytes_written)(raw),
            }
        }
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        // SAFETY: freed once.
        unsafe { (self.library.destroy)(self.raw.as_ptr()) };
    }
}

/// What a finished statement touched.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Totals {
    pub(crate) read_rows: u64,
    pub(crate) read_bytes: u64,
    pub(crate) written_rows: u64,
    pub(crate) written_bytes: u64,
}

/// A running SELECT. Dropped before its end, it is cancelled.
pub(crate) struct Stream<'c> {
    connection: &'c mut Connection,
    handle: Output,
    finished: bool,
}

impl Stream<'_> {
    /// The next piece, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Output>, String> {
        let library = self.connection.library;
        // SAFETY: connection and handle are live and belong together.
        let raw = unsafe { (library.fetch)(self.connection.handle(), self.handle.raw.as_ptr()) };
        let piece = Output::checked(library, raw).inspect_err(|_| self.finished = true)?;
        self.finished = piece.bytes().is_empty();
        Ok((!self.finished).then_some(piece))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // SAFETY: as in `next`; the handle itself is freed by its own drop.
            unsafe {
                (self.connection.library.cancel)(self.connection.handle(), self.handle.raw.as_ptr());
            }
        }
    }
}

/// A running INSERT. Dropped without `finish`, it is cancelled.
pub(crate) struct Insert<'c> {
    library: &'static Library,
    raw: RawInsert,
    connection: PhantomData<&'c mut Connection>,
}

impl Insert<'_> {
    /// Hands over a piece of the data; libchdb copies it and may wait until it has room. `false`
    /// when the insert has failed: `finish` says why.
    pub(crate) fn append(&mut self, data: &[u8]) -> bool {
        // SAFETY: pointer and length describe `data`.
        unsafe { (self.library.insert_append)(self.raw, data.as_ptr(), data.len()) == 0 }
    }

    /// Commits.
    pub(crate) fn finish(self) -> Result<Totals, String> {
        // SAFETY: called once on a live insert; the result is freed by `Output`.
        let raw = unsafe { (self.library.insert_done)(self.raw) };
        Output::checked(self.library, raw).map(|output| output.totals())
    }

    fn error(&self) -> Option<String> {
        // SAFETY: a live insert; the text is copied.
        unsafe { owned_text((self.library.insert_error)(self.raw)) }
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: every insert handle is destroyed once, failed or not.
        unsafe { (self.library.insert_destroy)(self.raw) };
    }
}

/// # Safety
/// `text` is null or a NUL-terminated string that lives during the call.
unsafe fn owned_text(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: not null, and as promised by the caller.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
