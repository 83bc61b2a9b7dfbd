//! Stacks as engines write them, and as nobody does.

use proptest::prelude::*;

use super::*;

/// Function, file, line and column of each frame.
type Expected<'a> = &'a [(&'a str, &'a str, u32, u32)];

#[track_caller]
fn check(stack: &str, expected: Expected<'_>) {
    let found: Vec<_> = frames(stack)
        .map(|frame| (frame.function, frame.file, frame.line, frame.column))
        .collect();
    assert_eq!(found, expected, "{stack}");
}

#[test]
fn v8() {
    check(
        "TypeError: Cannot read properties of undefined (reading 'price')\n\
         \x20   at Cart.total (https://shop.example/cart.js:10:5)\n\
         \x20   at Object.pay [as onclick] (https://shop.example/cart.js?v=7:20:3)\n\
         \x20   at new Shop (https://shop.example/shop.js:1:2)\n\
         \x20   at Array.forEach (<anonymous>)\n\
         \x20   at Object.<anonymous> (webpack-internal:///./src/main.js:7:1)\n\
         \x20   at async load (https://shop.example/@scope/pkg.js:3:4)\n\
         \x20   at async Promise.all (index 0)\n\
         \x20   at async https://shop.example/shop.js:9:9\n\
         \x20   at https://shop.example/shop.js:2:1\n\
         \x20   at HTMLButtonElement.my handler (http://[2001:db8::1]:8080/a.js:5:6)",
        &[
            ("Cart.total", "https://shop.example/cart.js", 10, 5),
            ("Object.pay", "https://shop.example/cart.js?v=7", 20, 3),
            ("new Shop", "https://shop.example/shop.js", 1, 2),
            ("Array.forEach", "", 0, 0),
            ("Object.<anonymous>", "webpack-internal:///./src/main.js", 7, 1),
            ("load", "https://shop.example/@scope/pkg.js", 3, 4),
            ("Promise.all", "", 0, 0),
            ("", "https://shop.example/shop.js", 9, 9),
            ("", "https://shop.example/shop.js", 2, 1),
            ("HTMLButtonElement.my handler", "http://[2001:db8::1]:8080/a.js", 5, 6),
        ],
    );
}

#[test]
fn v8_of_eval_wasm_and_files() {
    check(
        "Error: x\n\
         \x20   at eval (eval at run (https://a.example/a.js:1:2), <anonymous>:3:4)\n\
         \x20   at f (eval at eval (eval at <anonymous> (https://a.example/b.js:5:6)), <anonymous>:7:8)\n\
         \x20   at eval at <anonymous> (https://a.example/c.js:9:1), <anonymous>:1:1\n\
         \x20   at add (https://a.example/m.wasm:wasm-function[12]:0x34)\n\
         \x20   at wasm://wasm/0a1b2c3d:wasm-function[3]:0xff\n\
         \x20   at f (file:///C:/Users/x/app.js:1:2)\n\
         \x20   at f (C:\\site\\app.js:1:2)\n\
         \x20   at f (blob:https://a.example/6fa459ea-ee8a-3ca4-894e-db77e160355e:1:2)\n\
         \x20   at data:text/javascript,throw%201:1:7\n\
         \x20   at <anonymous>:1:1\n\
         \x20   at <anonymous>\n\
         \x20   at f (native)\n\
         \x20   at f (https://a.example/a.js:8)",
        &[
            ("eval", "https://a.example/a.js", 1, 2),
            ("f", "https://a.example/b.js", 5, 6),
            ("", "https://a.example/c.js", 9, 1),
            ("add", "https://a.example/m.wasm", 1, 0x34),
            ("wasm-function[3]", "wasm://wasm/0a1b2c3d", 1, 0xff),
            ("f", "file:///C:/Users/x/app.js", 1, 2),
            ("f", "C:\\site\\app.js", 1, 2),
            ("f", "blob:https://a.example/6fa459ea-ee8a-3ca4-894e-db77e160355e", 1, 2),
            ("", "data:text/javascript", 1, 7),
            ("", "", 1, 1),
            ("", "", 0, 0),
            ("f", "", 0, 0),
            ("f", "https://a.example/a.js", 8, 0),
        ],
    );
}

#[test]
fn spidermonkey() {
    check(
        "total@https://shop.example/cart.js:10:15\n\
         load/<@https://shop.example/cart.js?v=7:20:3\n\
         load/this.pay@https://shop.example/@scope/pkg.js:3:4\n\
         async*load@https://shop.example/shop.js:9:9\n\
         setTimeout handler*start@https://shop.example/shop.js:2:1\n\
         promise callback*@https://shop.example/shop.js:2:7\n\
         @https://shop.example/shop.js:1:1\n\
         run@https://shop.example/a.js line 5 > eval:1:1\n\
         anonymous@https://shop.example/a.js line 6 > Function line 1 > eval:1:1\n\
         add@https://shop.example/m.wasm:wasm-function[12]:0x34\n\
         @https://shop.example/m.wasm:wasm-function[13]:0x35\n\
         my handler@http://[2001:db8::1]:8080/a.js:5:6\n\
         a@b@https://shop.example/a.js:7:8\n\
         @debugger eval code:1:1\n",
        &[
            ("total", "https://shop.example/cart.js", 10, 15),
            ("load/<", "https://shop.example/cart.js?v=7", 20, 3),
            ("load/this.pay", "https://shop.example/@scope/pkg.js", 3, 4),
            ("load", "https://shop.example/shop.js", 9, 9),
            ("start", "https://shop.example/shop.js", 2, 1),
            ("", "https://shop.example/shop.js", 2, 7),
            ("", "https://shop.example/shop.js", 1, 1),
            ("run", "https://shop.example/a.js", 5, 0),
            ("anonymous", "https://shop.example/a.js", 6, 0),
            ("add", "https://shop.example/m.wasm", 1, 0x34),
            ("wasm-function[13]", "https://shop.example/m.wasm", 1, 0x35),
            ("my handler", "http://[2001:db8::1]:8080/a.js", 5, 6),
            ("a@b", "https://shop.example/a.js", 7, 8),
            ("", "debugger eval code", 1, 1),
        ],
    );
}

#[test]
fn javascriptcore() {
    check(
        "total@https://shop.example/cart.js:10:15\n\
         forEach@[native code]\n\
         https://shop.example/@scope/pkg.js:20:3\n\
         eval code@\n\
         eval@[native code]\n\
         async load@https://shop.example/shop.js:9:9\n\
         <?>.wasm-function[12]@[wasm code]\n\
         global code@https://shop.example/shop.js:2:1\n\
         module code@https://shop.example/shop.js:2:2\n\
         f@webkit-masked-url://hidden/:3:4\n\
         @user-script:5:6\n\
         pay@https://shop.example/",
        &[
            ("total", "https://shop.example/cart.js", 10, 15),
            ("forEach", "", 0, 0),
            ("", "https://shop.example/@scope/pkg.js", 20, 3),
            ("", "", 0, 0),
            ("eval", "", 0, 0),
            ("load", "https://shop.example/shop.js", 9, 9),
            ("<?>.wasm-function[12]", "", 0, 0),
            ("", "https://shop.example/shop.js", 2, 1),
            ("", "https://shop.example/shop.js", 2, 2),
            ("f", "webkit-masked-url://hidden/", 3, 4),
            ("", "user-script", 5, 6),
            ("pay", "https://shop.example/", 0, 0),
        ],
    );
}

#[test]
fn messages_are_passed_over_and_causes_are_other_errors() {
    check(
        "Error: write to someone@example.com: the answer\nat last: 12:30\nhas two lines\n    at f (https://a.example/a.js:1:2)",
        &[("f", "https://a.example/a.js", 1, 2)],
    );
    check(
        "Error: outer\n    at f (https://a.example/a.js:1:2)\nCaused by: TypeError: inner\n    at g (https://a.example/b.js:3:4)",
        &[("f", "https://a.example/a.js", 1, 2)],
    );
    check(
        "f@https://a.example/a.js:1:2\nCaused by: TypeError: inner\ng@https://a.example/b.js:3:4",
        &[("f", "https://a.example/a.js", 1, 2)],
    );
    check(
        "Error: x\n    at f (https://a.example/a.js:1:2)\n    at something new\n\n    at g (https://a.example/b.js:3:4)",
        &[
            ("f", "https://a.example/a.js", 1, 2),
            ("g", "https://a.example/b.js", 3, 4),
        ],
    );
    // The page cuts a stack anywhere.
    check(
        "at f (https://a.example/a.js:1:2)\n    at g (https://a.example/b.js:1",
        &[("f", "https://a.example/a.js", 1, 2)],
    );
    for none in [
        "",
        "Error: no stack",
        "someone@example.com",
        "at last",
        "at noon 12:30:01",
        "see https://a.example/: 5",
        "time 12:30:01",
    ] {
        check(none, &[]);
    }
}

#[test]
fn a_port_is_no_line_and_no_number_is_too_large() {
    check("f@https://a.example:8080", &[("f", "https://a.example:8080", 0, 0)]);
    check("f@https://a.example:8080/:7", &[("f", "https://a.example:8080/", 7, 0)]);
    check(
        "at f (https://a.example/a.js:99999999999999:1)",
        &[("f", "https://a.example/a.js", u32::MAX, 1)],
    );
}

/// What a frame can be made of.
fn piece() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "    at ",
        "async ",
        "new ",
        " (",
        ")",
        "@",
        "*",
        "/<",
        ":",
        ":1:2",
        "\n",
        "https://",
        "eval at ",
        " line 5 > eval",
        ":wasm-function[",
        "]:0x",
        "<anonymous>",
        "[native code]",
        "global code",
        "data:",
        "index ",
        ",",
        " [as ",
        "é",
    ];
    prop_oneof![prop::sample::select(&PIECES[..]).prop_map(str::to_owned), ".{0,6}"]
}

proptest! {
    #[test]
    fn nothing_makes_it_panic_or_grow(pieces in prop::collection::vec(piece(), 0..200)) {
        prop_assert!(frames(&pieces.concat()).count() <= MOST_FRAMES);
    }

    #[test]
    fn what_is_written_as_frames_is_read_as_them(
        calls in prop::collection::vec(
            ("([A-Za-z_$][A-Za-z0-9_$]{0,8}(\\.[a-z]{1,8})?)?", "https://[a-z]{1,8}(:[0-9]{2,4})?/[a-z@/._-]{0,16}", 1..u32::MAX, 1..u32::MAX),
            1..=MOST_FRAMES,
        ),
    ) {
        type Call<'a> = (&'a str, &'a str, u32, u32);
        let expected: Vec<Call<'_>> = calls
            .iter()
            .map(|(function, file, line, column)| (&**function, &**file, *line, *column))
            .collect();
        let write = |form: fn(&Call<'_>) -> String| expected.iter().map(form).collect::<Vec<_>>().join("\n");
        let v8 = write(|(function, file, line, column)| match *function {
            "" => format!("    at {file}:{line}:{column}"),
            function => format!("    at {function} ({file}:{line}:{column})"),
        });
        let gecko = write(|(function, file, line, column)| format!("{function}@{file}:{line}:{column}"));
        check(&v8, &expected);
        check(&gecko, &expected);
    }
}
