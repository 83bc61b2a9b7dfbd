//! The page masks texts as the collector does: the Wasm that pages download and the native code give the same.

use std::path::PathBuf;
use std::sync::Mutex;
use std::{env, fs, io};

use anyhow::{Context as _, Result, anyhow};
use proptest::prelude::*;
use rum_core::scrub::scrub;
use strategies::{BORDERS, is_part_of_another, left_of, mixture, planted};
use wasmi::{Engine, Func, Linker, Memory, Module, Store, TypedFunc, Val};

#[path = "../../rum-core/src/scrub/tests/strategies.rs"]
mod strategies;

/// The shipped Wasm, of which only the scrubber is called.
struct Page {
    store: Store<()>,
    memory: Memory,
    scrub: TypedFunc<u32, u32>,
    /// Where texts are put.
    room: usize,
}

impl Page {
    fn new() -> Result<Self> {
        let engine = Engine::default();
        let module = Module::new(&engine, fs::read(shipped()?)?)?;
        let mut store = Store::new(&engine, ());
        let mut linker = Linker::new(&engine);
        for import in module.imports() {
            let name = import.name().to_owned();
            let signature = import.ty().func().context("every import is a function")?.clone();
            let unused = Func::new(&mut store, signature, move |_, _: &[Val], _: &mut [Val]| {
                Err(wasmi::Error::new(format!("the scrubber called {name}")))
            });
            linker.define(import.module(), import.name(), unused)?;
        }
        let instance = linker.instantiate_and_start(&mut store, &module)?;
        let room = instance.get_global(&store, "TEXT").context("TEXT")?.get(&store);
        Ok(Self {
            memory: instance.get_memory(&store, "memory").context("memory")?,
            scrub: instance.get_typed_func(&store, "scrub")?,
            room: usize::try_from(room.i32().context("TEXT is an address")?)?,
            store,
        })
    }

    /// As js-wrapper/src/late/core.ts does it.
    fn scrub(&mut self, text: &str) -> Result<String> {
        self.memory.write(&mut self.store, self.room, text.as_bytes())?;
        let length = self.scrub.call(&mut self.store, u32::try_from(text.len())?)?;
        if length == 0 {
            return Ok(text.to_owned());
        }
        let mut scrubbed = vec![0; usize::try_from(length)?];
        self.memory.read(&self.store, self.room, &mut scrubbed)?;
        Ok(String::from_utf8(scrubbed)?)
    }
}

/// The Wasm in `dist`, which `RUM_DIST` may say.
fn shipped() -> Result<PathBuf> {
    let dist = env::var_os("RUM_DIST").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../js-wrapper/dist"),
        PathBuf::from,
    );
    let to_build = || format!("{} has no Wasm: run `cargo xtask wasm`", dist.display());
    let files = fs::read_dir(&dist).with_context(to_build)?;
    let paths = files
        .collect::<io::Result<Vec<_>>>()?
        .into_iter()
        .map(|file| file.path());
    let mut wasm = paths.filter(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    wasm.next().with_context(to_build)
}

/// One instance for all cases, so that it shows if anything of one text stays for the next.
static PAGE: Mutex<Option<Page>> = Mutex::new(None);

fn in_page(text: &str) -> Result<String> {
    let mut page = PAGE.lock().map_err(|_| anyhow!("a test failed in here"))?;
    if page.is_none() {
        *page = Some(Page::new()?);
    }
    page.as_mut().context("it is there")?.scrub(text)
}

/// For proptest, whose cases fail in a manner of their own.
fn case(text: &str) -> Result<String, TestCaseError> {
    in_page(text).map_err(|error| TestCaseError::fail(format!("{error:#}")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn page_and_collector_give_the_same(text in prop_oneof![mixture(), ".{0,200}"]) {
        prop_assert_eq!(case(&text)?, scrub(&text));
    }

    #[test]
    fn what_is_planted_never_survives_in_the_page(
        before in ".{0,40}",
        planted in planted(),
        after in ".{0,40}",
        border in prop::sample::select(BORDERS),
    ) {
        prop_assume!(!is_part_of_another(&before, border, &planted, &after));
        let text = format!("{before}{border}{planted}{border}{after}");
        let scrubbed = case(&text)?;
        prop_assert_eq!(left_of(&planted, &scrubbed), None, "{}", scrubbed);
        prop_assert_eq!(scrubbed, scrub(&text));
    }
}

#[test]
fn a_text_may_become_twice_as_long() -> Result<()> {
    let text = "otp=1 ".repeat((1 << 14) / 6);
    assert_eq!(in_page(&text)?, scrub(&text));
    assert_eq!(scrub(&text).len(), text.len() * 2);
    Ok(())
}
