//! `domain`: the only domains whose addresses a database is asked for.
//!
//! A list of domains, files of more (`/path`) and tables (`type:name`), tried in order; `!` turns what follows it. Only
//! an address with a local part and a domain that is listed is asked for. Source: sqlite_table(5), postconf(5)
//! "mydestination".

use crate::base::user_file::{self, LONGEST_TEXT};
use crate::maps::compile::Folding;
use crate::maps::error::LookupError;
use crate::maps::table::{LookupTable, OpenNamed, OpenOptions};
use crate::maps::text::source::for_each_line;
use crate::syntax::match_list::split_list;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How deep files and tables may name others. Ours; Postfix 3.11.7 has no limit.
const DEEPEST: usize = 20;

/// An open list of domains.
pub struct DomainFilter {
    patterns: Vec<Pattern>,
    /// The client's table, as messages name it.
    name: Vec<u8>,
    open: OpenNamed,
}

struct Pattern {
    negated: bool,
    kind: Kind,
}

enum Kind {
    /// A folded domain.
    Domain(Vec<u8>),
    /// A table, and how it is shown.
    Table(Box<dyn LookupTable>, Vec<u8>),
}

impl DomainFilter {
    /// Opens the list of the client's table NAME, and by `open` the tables in it; none if the list is empty.
    ///
    /// # Errors
    /// Files and tables that cannot be opened.
    pub fn open(list: &[u8], name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Option<Self>, LookupError> {
        if list.is_empty() {
            return Ok(None);
        }
        let options = OpenOptions {
            depth: options.depth + 1,
            folding: Folding::Unicode,
            utf8: true,
            file_values: false,
            ..options.clone()
        };
        let mut filter = Self { patterns: Vec::new(), name: name.to_vec(), open };
        filter.add_list(list, false, &options)?;
        Ok(Some(filter))
    }

    fn add_list(&mut self, list: &[u8], turned: bool, options: &OpenOptions) -> Result<(), LookupError> {
        if options.depth > DEEPEST {
            return Err(LookupError::config(&[&self.name, &b": files or tables that name each other"[..]].concat()));
        }
        for range in split_list(list) {
            let element = &list[range.clone()];
            if element.first() == Some(&b'#') {
                // What separates the comment from the rest is not shown.
                let rest = list.get(range.end + 1..).unwrap_or_default();
                let rest = &rest[..rest.len().min(20)];
                let words = b": #comment after other text is not allowed: ";
                options.caller.warning(&[&self.name, &words[..], element, b" ", rest, b"..."].concat());
                return Ok(());
            }
            let marks = element.iter().take_while(|&&byte| byte == b'!').count();
            let negated = turned != (marks % 2 == 1);
            self.add_element(&element[marks..], negated, options)?;
        }
        Ok(())
    }

    fn add_element(&mut self, element: &[u8], negated: bool, options: &OpenOptions) -> Result<(), LookupError> {
        let kind = match element.first() {
            None => return Err(LookupError::config(&[&self.name, &b": no pattern after '!'"[..]].concat())),
            Some(b'/') => return self.add_file(element, negated, options),
            Some(first) if *first != b'[' && element.contains(&b':') => {
                Kind::Table((self.open)(element, options)?, element.to_vec())
            }
            Some(_) => Kind::Domain(Folding::Unicode.apply(element).into_owned()),
        };
        self.patterns.push(Pattern { negated, kind });
        Ok(())
    }

    fn add_file(&mut self, path: &[u8], turned: bool, options: &OpenOptions) -> Result<(), LookupError> {
        let file = user_file::open(Path::new(std::ffi::OsStr::from_bytes(path)))
            .map_err(|error| LookupError::system("open file", path, &error))?;
        let text = user_file::read_rest(&file, LONGEST_TEXT)
            .map_err(|error| LookupError::system("match_list_parse: read file", path, &error))?;
        let deeper = OpenOptions { depth: options.depth + 1, ..options.clone() };
        let mut added = Ok(());
        for_each_line(&text, path, &*options.caller, |_, line| {
            if added.is_ok() {
                added = self.add_list(line, turned, &deeper);
            }
        });
        added
    }

    /// Whether a key is an address of a listed domain.
    ///
    /// # Errors
    /// When a table gives no answer, which is said; the error itself has no words.
    pub fn allows(&mut self, key: &[u8], options: &OpenOptions) -> Result<bool, NoAnswer> {
        let Some(at) = memchr::memrchr(b'@', key).filter(|&at| at > 0 && at + 1 < key.len()) else { return Ok(false) };
        let domain = &key[at + 1..];
        let folded = Folding::Unicode.apply(domain);
        for pattern in &mut self.patterns {
            let holds = match &mut pattern.kind {
                Kind::Domain(listed) => *listed == *folded,
                Kind::Table(table, shown) => match table.lookup(domain) {
                    Ok(answer) => answer.is_some(),
                    Err(_) => {
                        let words = [&self.name, &b": "[..], shown, b": table lookup problem"];
                        options.caller.warning(&words.concat());
                        return Err(NoAnswer);
                    }
                },
            };
            if holds {
                return Ok(!pattern.negated);
            }
        }
        Ok(false)
    }
}

/// A table in a list gave no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoAnswer;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::open::open_named;
    use crate::maps::text::source::tests::Told;
    use std::sync::Arc;

    #[test]
    fn lists_as_postfix_3_11_reads_them() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("list").to_str().unwrap().to_string();
        std::fs::write(&file, "# c\none.example !two.example\n  three.example\n").unwrap();
        let cases = [
            (
                "example.com, .example.org",
                "a@EXAMPLE.com a@sub.example.com a@x.example.org @example.com a example.com a@",
                "a@EXAMPLE.com",
            ),
            ("!example.com com", "a@example.com a@com", "a@com"),
            ("!!com", "a@com", "a@com"),
            ("FILE", "a@one.example a@two.example a@three.example", "a@one.example a@three.example"),
            ("!FILE", "a@one.example a@two.example a@three.example", "a@two.example"),
            ("inline:{ x.y=b, z=c }, c", "a@z a@X.Y a@c a@b", "a@z a@X.Y a@c"),
            ("!inline:{b=1} b c", "a@b a@c", "a@c"),
            ("[::1]", "a@[::1]", "a@[::1]"),
            ("a #b c", "x@a x@#b x@c", "x@a"),
        ];
        let options = OpenOptions::default();
        for (list, keys, expected) in cases {
            let mut filter = DomainFilter::open(list.replace("FILE", &file).as_bytes(), b"t", &options, open_named)
                .unwrap()
                .unwrap();
            let allowed: Vec<&str> =
                keys.split(' ').filter(|key| filter.allows(key.as_bytes(), &options).unwrap()).collect();
            assert_eq!(allowed.join(" "), expected, "{list}");
        }
    }

    #[test]
    fn lists_that_do_not_open() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("self").to_str().unwrap().to_string();
        std::fs::write(&file, &file).unwrap();
        let cases = [
            ("! a", "t: no pattern after '!'"),
            ("b:", "open dictionary: expecting \"type:name\" form instead of \"b:\""),
            (":b", "open dictionary: expecting \"type:name\" form instead of \":b\""),
            ("/nowhere", "open file /nowhere: No such file or directory"),
            ("/", "match_list_parse: read file /: Is a directory"),
            ("texthash:/nowhere", "open database /nowhere: No such file or directory"),
            (&file, "t: files or tables that name each other"),
        ];
        for (list, expected) in cases {
            let error = DomainFilter::open(list.as_bytes(), b"t", &OpenOptions::default(), open_named).err();
            assert_eq!(error.map(|error| error.to_string()).as_deref(), Some(expected), "{list}");
        }
        assert!(DomainFilter::open(b"", b"t", &OpenOptions::default(), open_named).unwrap().is_none());
    }

    #[test]
    fn comments_are_warned_about() {
        let told = Arc::new(Told::default());
        let options = OpenOptions { caller: told.clone(), ..OpenOptions::default() };
        DomainFilter::open(b"c, #b, d eeeeeeeeeeeeeeeeeeeeeeeee", b"./t", &options, open_named).unwrap();
        let expected = ["./t: #comment after other text is not allowed: #b  d eeeeeeeeeeeeeeeee..."];
        assert_eq!(*told.0.lock().unwrap(), expected);
    }
}
