//! Templates: a key put into a query, and a database's answers put into a result.
//!
//! `%s` is the key (in a result: the answer), `%u` and `%d` its local part and its domain; `%S`, `%U` and `%D` are of
//! the key also in a result; `%1` to `%9` are labels of the key's domain, the last one first; `%%` is a `%`. A key or
//! an answer that lacks what one of the templates asks for gives nothing. Source: sqlite_table(5).

use crate::maps::error::LookupError;
use crate::maps::table::Caller;

/// A parsed template.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Vec<u8>),
    /// What a letter or digit stands for.
    Part(u8),
}

impl Template {
    /// Nothing for a `%` before anything else than the letters and digits.
    fn parse(text: &[u8]) -> Option<Self> {
        let mut pieces = Vec::new();
        let mut plain = Vec::new();
        let mut bytes = text.iter();
        while let Some(&byte) = bytes.next() {
            if byte != b'%' {
                plain.push(byte);
                continue;
            }
            match bytes.next()? {
                b'%' => plain.push(b'%'),
                &part @ (b's' | b'u' | b'd' | b'S' | b'U' | b'D' | b'1'..=b'9') => {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Part(part));
                }
                _ => return None,
            }
        }
        pieces.push(Piece::Text(plain));
        Some(Self(pieces))
    }

    fn asks(&self, parts: &[u8]) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Part(part) if parts.contains(part)))
    }

    fn most_labels(&self) -> usize {
        let labels = self.0.iter().map(|piece| match piece {
            Piece::Part(digit @ b'1'..=b'9') => usize::from(digit - b'0'),
            _ => 0,
        });
        labels.max().unwrap_or(0)
    }
}

/// A key or an answer, as templates see it.
#[derive(Clone, Copy)]
struct Parts<'a> {
    whole: &'a [u8],
    /// All of it, if there is no `@`.
    local: &'a [u8],
    domain: Option<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn of(whole: &'a [u8]) -> Self {
        match memchr::memrchr(b'@', whole) {
            Some(at) => Self { whole, local: &whole[..at], domain: Some(&whole[at + 1..]) },
            None => Self { whole, local: whole, domain: None },
        }
    }

    fn has_domain(&self) -> bool {
        self.domain.is_some_and(|domain| !domain.is_empty())
    }

    /// Labels of the domain, the last one first; empty ones do not count.
    fn labels(&self) -> Vec<&'a [u8]> {
        let labels = self.domain.unwrap_or_default().rsplit(|&byte| byte == b'.');
        labels.filter(|label| !label.is_empty()).collect()
    }
}

/// The two templates of a client.
#[derive(Clone, Debug)]
pub struct Templates {
    query: Template,
    result: Template,
    /// What a key must have for either.
    labels: usize,
    key_local: bool,
    key_domain: bool,
    /// The table as messages name it: `type:name`.
    table: Vec<u8>,
}

impl Templates {
    /// Parses `query` and `result_format` of the table `map_type:name`.
    ///
    /// # Errors
    /// For a `%` that stands for nothing.
    pub fn new(map_type: &str, name: &[u8], query: &[u8], result: &[u8]) -> Result<Self, LookupError> {
        let parse = |what: &str, text: &[u8]| {
            let words = [b"db_common_parse: ", name, b": Invalid ", what.as_bytes(), b" template: ", text];
            Template::parse(text).ok_or_else(|| LookupError::config(&words.concat()))
        };
        let (query, result) = (parse("query", query)?, parse("result", result)?);
        Ok(Self {
            labels: query.most_labels().max(result.most_labels()),
            key_local: query.asks(b"uU") || result.asks(b"U"),
            key_domain: query.asks(b"dD") || result.asks(b"D"),
            table: [map_type.as_bytes(), b":", name].concat(),
            query,
            result,
        })
    }

    /// The query for a key, each part of it quoted by `quote`; nothing if the key cannot be asked for.
    #[must_use]
    pub fn query(&self, key: &[u8], quote: impl Fn(&[u8]) -> Vec<u8>, caller: &dyn Caller) -> Option<Vec<u8>> {
        if key.is_empty() {
            caller.warning(&[b"table \"", &self.table[..], b"\": empty query string -- ignored"].concat());
            return None;
        }
        let parts = Parts::of(key);
        let labels = parts.labels();
        if labels.len() < self.labels
            || self.key_local && parts.local.is_empty()
            || self.key_domain && !parts.has_domain()
        {
            return None;
        }
        Some(fill(&self.query, parts, parts, quote))
    }

    /// A collector of the answers to a key. `limit` is how many there may be, if it is above zero.
    #[must_use]
    pub fn results<'a>(&'a self, key: &'a [u8], limit: i32, caller: &'a dyn Caller) -> Results<'a> {
        let limit = usize::try_from(limit).ok().filter(|&limit| limit > 0);
        Results { templates: self, key, limit, caller, count: 0, text: Vec::new() }
    }
}

/// A key has been found to have what the template asks for.
fn fill(template: &Template, value: Parts, key: Parts, quote: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let labels = key.labels();
    let mut filled = Vec::new();
    for piece in &template.0 {
        let part: &[u8] = match *piece {
            Piece::Text(ref text) => {
                filled.extend_from_slice(text);
                continue;
            }
            Piece::Part(b's') => value.whole,
            Piece::Part(b'u') => value.local,
            Piece::Part(b'd') => value.domain.unwrap_or_default(),
            Piece::Part(b'S') => key.whole,
            Piece::Part(b'U') => key.local,
            Piece::Part(b'D') => key.domain.unwrap_or_default(),
            Piece::Part(digit) => labels.get(usize::from(digit.wrapping_sub(b'1'))).copied().unwrap_or_default(),
        };
        filled.extend_from_slice(&quote(part));
    }
    filled
}

/// More answers than `expansion_limit` allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitExceeded;

/// The answers to one key, in the making.
pub struct Results<'a> {
    templates: &'a Templates,
    key: &'a [u8],
    limit: Option<usize>,
    caller: &'a dyn Caller,
    count: usize,
    text: Vec<u8>,
}

impl Results<'_> {
    /// Adds an answer; one that lacks what the template asks for is passed over.
    ///
    /// # Errors
    /// When there are too many.
    pub fn add(&mut self, value: &[u8]) -> Result<(), LimitExceeded> {
        let Self { templates, key, .. } = *self;
        if value.is_empty() {
            let words = [b"table \"", &templates.table[..], b"\": empty lookup result for: \"", key, b"\" -- ignored"];
            self.caller.warning(&words.concat());
            return Ok(());
        }
        let parts = Parts::of(value);
        if templates.result.asks(b"u") && parts.local.is_empty() || templates.result.asks(b"d") && !parts.has_domain() {
            return Ok(());
        }
        let filled = fill(&templates.result, parts, Parts::of(key), <[u8]>::to_vec);
        self.count += 1;
        if self.limit.is_some_and(|limit| self.count > limit) {
            return Err(LimitExceeded);
        }
        if !self.text.is_empty() {
            self.text.push(b',');
        }
        self.text.extend_from_slice(&filled);
        Ok(())
    }

    /// All answers, separated by commas; nothing if there are none.
    #[must_use]
    pub fn finish(self) -> Option<Vec<u8>> {
        Some(self.text).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::text::source::tests::Told;

    fn run(query: &str, result: &str, key: &str, values: &[&str]) -> (Option<String>, Option<String>, Vec<String>) {
        let told = Told::default();
        let templates = Templates::new("sqlite", b"t", query.as_bytes(), result.as_bytes()).unwrap();
        let text = |bytes: Option<Vec<u8>>| bytes.map(|bytes| String::from_utf8(bytes).unwrap());
        let double = |part: &[u8]| String::from_utf8_lossy(part).replace('\'', "''").into_bytes();
        let asked = text(templates.query(key.as_bytes(), double, &told));
        let mut results = templates.results(key.as_bytes(), 0, &told);
        values.iter().for_each(|value| results.add(value.as_bytes()).unwrap());
        let given = text(results.finish());
        let said = told.0.into_inner().unwrap();
        (asked, given, said)
    }

    #[test]
    fn queries_as_postfix_3_11_makes_them() {
        let cases = [
            ("'%u|%d'", "a@b@c", Some("'a@b|c'")),
            ("'%u|%d'", "o'b@x'y", Some("'o''b|x''y'")),
            ("'%u|%d'", "@x", None),
            ("%u", "user@", Some("user")),
            ("%u", "@x", None),
            ("%d", "@x", Some("x")),
            ("%d", "x.y", None),
            ("%d", "user@", None),
            ("%1|%2|%3", "a@b.c.d", Some("d|c|b")),
            ("%1|%2|%3", "a@b.c.d.e", Some("e|d|c")),
            ("%1|%2|%3", "a@b..d", None),
            ("%2%1", "a@b..d", Some("bd")),
            ("%1", "b.c", None),
            ("%%%s%%", "a", Some("%a%")),
            ("x", "", None),
        ];
        for (template, key, expected) in cases {
            assert_eq!(run(template, "%s", key, &[]).0.as_deref(), expected, "{template} {key}");
        }
        let (_, _, said) = run("x", "%s", "", &[]);
        assert_eq!(said, ["table \"sqlite:t\": empty query string -- ignored"]);
    }

    #[test]
    fn results_as_postfix_3_11_makes_them() {
        let cases: [(&str, &str, &[&str], Option<&str>); 10] = [
            ("%s", "k", &["a", "", "b,c"], Some("a,b,c")),
            ("[%u|%d]", "k", &["r@d"], Some("[r|d]")),
            ("%U|%D|%S", "A@b.c", &["x"], Some("A|b.c|A@b.c")),
            ("%1.%2", "a@b.c", &["x"], Some("c.b")),
            ("%u", "k", &["@d"], None),
            ("%d", "k", &["plain", "q@r", "a@"], Some("r")),
            ("%u", "k", &["plain", "q@r", "a@"], Some("plain,q,a")),
            ("c", "k", &["x", "y"], Some("c,c")),
            ("%%", "k", &["x"], Some("%")),
            ("%s,%s", "k", &["x"], Some("x,x")),
        ];
        for (template, key, values, expected) in cases {
            assert_eq!(run("q", template, key, values).1.as_deref(), expected, "{template} {values:?}");
        }
        assert_eq!(run("q", "%s", "k", &[""]).2, ["table \"sqlite:t\": empty lookup result for: \"k\" -- ignored"]);
        // What a result wants of the key is asked for before the database is.
        assert_eq!(run("q", "%2", "a@b", &[]).0, None);
        assert_eq!(run("q", "%D", "a", &[]).0, None);
        assert_eq!(run("q", "%U", "@b", &[]).0, None);
        assert_eq!(run("q", "%d%u", "@", &[]).0.as_deref(), Some("q"));
    }

    #[test]
    fn too_many_and_malformed() {
        let templates = Templates::new("sqlite", b"t", b"q", b"%s").unwrap();
        let told = Told::default();
        for (limit, expected) in [(0, Ok(())), (-1, Ok(())), (2, Ok(())), (1, Err(LimitExceeded))] {
            let mut results = templates.results(b"k", limit, &told);
            assert_eq!(results.add(b"a").and_then(|()| results.add(b"")).and_then(|()| results.add(b"b")), expected);
        }
        for (query, result, what) in
            [("%z", "%", "query"), ("%0", "%s", "query"), ("a%", "%s", "query"), ("a", "%", "result")]
        {
            let error = Templates::new("sqlite", b"./t", query.as_bytes(), result.as_bytes()).err();
            let shown = if what == "query" { query } else { result };
            let words = format!("db_common_parse: ./t: Invalid {what} template: {shown}");
            assert_eq!(error, Some(LookupError::Config(words)));
        }
    }
}
