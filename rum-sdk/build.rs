//! The stack of the Wasm: 4 KiB are plenty for functions that nest three deep and have some hundred bytes each, and the default is
//! 1 MiB of every page's memory. What lies behind it has short addresses.

fn main() {
    if std::env::var("CARGO_CFG_TARGET_ARCH").is_ok_and(|arch| arch == "wasm32") {
        println!("cargo::rustc-link-arg-cdylib=-zstack-size=4096");
    }
    println!("cargo::rerun-if-changed=build.rs");
}
