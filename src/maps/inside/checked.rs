//! A table inside another table: it sees to it that keys and values are UTF-8 where they must be, as postmap does for
//! those that it asks itself, and knows its name for messages.

use crate::maps::error::{LookupError, in_message};
use crate::maps::table::{Answer, Caller, LookupTable, OpenNamed, OpenOptions};
use std::sync::Arc;

/// Tables are inside tables this deep at most: opening and asking go down by recursion.
const DEEPEST: usize = 100;

/// An open table with its name.
pub struct Checked {
    name: Vec<u8>,
    table: Box<dyn LookupTable>,
    utf8: bool,
    caller: Arc<dyn Caller>,
}

impl Checked {
    /// Opens the table that a text names as `type:name`, by `open`.
    ///
    /// # Errors
    /// Those of `open`, and tables inside too many others.
    pub fn open(text: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        if options.depth >= DEEPEST {
            return Err(LookupError::Config(format!("tables are nested more than {DEEPEST} deep")));
        }
        let table = open(text, &OpenOptions { depth: options.depth + 1, ..options.clone() })?;
        Ok(Self { name: text.to_vec(), table, utf8: options.utf8, caller: Arc::clone(&options.caller) })
    }

    /// Its name as messages show it.
    #[must_use]
    pub fn shown(&self) -> String {
        in_message(&self.name)
    }

    fn is_usable(&self, text: &[u8], what: &[u8]) -> bool {
        let usable = !self.utf8 || std::str::from_utf8(text).is_ok();
        if !usable {
            let words = [&self.name, what, b" \"", text, b"\": malformed UTF-8 or invalid codepoint"].concat();
            self.caller.warning(&words);
        }
        usable
    }
}

impl LookupTable for Checked {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        if !self.is_usable(key, b": non-UTF-8 key") {
            return Ok(None);
        }
        match self.table.lookup(key)? {
            Some(value) if !self.is_usable(&value, &[b": key \"", key, b"\": non-UTF-8 value"].concat()) => {
                Err(LookupError::Config(LookupError::query(&self.shown(), "")))
            }
            answer => Ok(answer),
        }
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.table.walk(visit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::open::open_named;
    use std::sync::Mutex;

    #[test]
    fn nesting_ends_somewhere() {
        let options = OpenOptions::default();
        let open = |text: String| open_named(text.as_bytes(), &options).map(drop).map_err(|error| error.to_string());
        let too_deep = Err("tables are nested more than 100 deep".to_string());
        for (before, after) in [("unionmap:{", "}"), ("debug:", ""), ("debug:pipemap:{proxy:", "}")] {
            let nested = |count: usize| format!("{}static:x{}", before.repeat(count), after.repeat(count));
            assert_eq!(open(nested(30)), Ok(()), "{before}");
            assert_eq!(open(nested(20_000)), too_deep, "{before}");
        }
        // Many side by side are fine.
        assert_eq!(open(format!("unionmap:{{{}}}", "debug:static:x ".repeat(1000))), Ok(()));
    }

    /// Keeps what it is told.
    #[derive(Default)]
    struct Listener(Mutex<Vec<String>>);

    impl Caller for Listener {
        fn warning(&self, text: &[u8]) {
            self.0.lock().expect("whole").push(format!("warning: {}", in_message(text)));
        }

        fn info(&self, text: &[u8]) {
            self.0.lock().expect("whole").push(in_message(text));
        }

        fn parameter(&self, _: &str) -> Option<Vec<u8>> {
            None
        }
    }

    #[test]
    fn what_is_not_utf8_stops_at_the_table_inside() {
        let listener = Arc::new(Listener::default());
        let caller: Arc<dyn Caller> = listener.clone();
        let options = OpenOptions { caller, ..OpenOptions::default() };
        let ask = |text: &[u8], key: &[u8]| {
            let answer = open_named(text, &options).expect("opened").lookup(key);
            (answer, std::mem::take(&mut *listener.0.lock().expect("whole")))
        };
        let none: [&str; 0] = [];
        let (answer, said) = ask(b"unionmap:{static:x\xff}", b"a");
        assert_eq!(answer, Err(LookupError::Config("table unionmap:{static:x?}: query error".into())));
        let words = "static:x?: key \"a\": non-UTF-8 value \"x?\": malformed UTF-8 or invalid codepoint";
        assert_eq!(said, [format!("warning: {words}")]);
        let (answer, said) = ask(b"debug:static:x", b"a\xff");
        assert_eq!(answer, Ok(None));
        let words = "static:x: non-UTF-8 key \"a?\": malformed UTF-8 or invalid codepoint";
        assert_eq!(said, [format!("warning: {words}"), "static:x lookup: \"a?\" = \"not_found\"".into()]);
        let options = OpenOptions { utf8: false, ..options.clone() };
        let answer = open_named(b"unionmap:{static:x\xff}", &options).expect("opened").lookup(b"a\xff");
        assert_eq!(answer, Ok(Some(b"x\xff".to_vec())));
        assert_eq!(*listener.0.lock().expect("whole"), none);
    }

    #[test]
    fn accesses_are_logged_from_the_inside_out() {
        let listener = Arc::new(Listener::default());
        let caller: Arc<dyn Caller> = listener.clone();
        let options = OpenOptions { caller, ..OpenOptions::default() };
        let open = |text: &str| open_named(text.as_bytes(), &options).expect("opened");
        let told = || std::mem::take(&mut *listener.0.lock().expect("whole"));
        assert_eq!(open("debug:pipemap:{debug:static:x,debug:debug:static:y}").lookup(b"a"), Ok(Some(b"y".to_vec())));
        let expected = [
            "static:x lookup: \"a\" = \"x\"",
            "static:y lookup: \"x\" = \"y\"",
            "debug:static:y lookup: \"x\" = \"y\"",
            "pipemap:{debug:static:x,debug:debug:static:y} lookup: \"a\" = \"y\"",
        ];
        assert_eq!(told(), expected);
        let failed = open("debug:fail:x").lookup(b"a").expect_err("it fails").to_string();
        assert_eq!(failed, "table debug:fail:x: query error: Application error");
        assert_eq!(told(), ["fail:x lookup: \"a\" = \"error\""]);
        let failed = open("debug:fail:x").walk(&mut |_, _| {}).expect_err("it fails").to_string();
        assert_eq!(failed, "table debug:fail:x: sequence error: Application error");
        assert_eq!(told(), ["fail:x sequence: found EOF"]);
        let failed = open("debug:static:x").walk(&mut |_, _| {}).expect_err("it fails").to_string();
        assert_eq!(failed, "table static:x: sequence operation is not supported");
        assert!(told().is_empty());
    }
}
