//! `proxy:type:name` — the table behind it, opened here.
//!
//! Postfix asks its proxymap(8) daemon, so that many processes share one connection and chrooted ones get out of their
//! jail. This program must work where no daemon runs, and reads as whoever started it: it needs neither, and so does
//! not respect `proxy_read_maps`, which limits what a daemon with more rights than its clients opens for them. One
//! `proxy:` behind another is dropped, as proxymap does it. Source: proxymap(8).

use crate::config::table_reference::behind_proxy;
use crate::maps::error::{LookupError, in_message};
use crate::maps::inside::checked::Checked;
use crate::maps::table::{Answer, LookupTable, OpenNamed, OpenOptions};

/// A `proxy:` table.
pub struct ProxyTable {
    name: String,
    inner: Checked,
}

impl ProxyTable {
    /// The table `proxy:NAME`, NAME being that of the table inside, which is opened by `open`.
    ///
    /// # Errors
    /// Those of opening the table inside.
    pub fn open(name: &[u8], options: &OpenOptions, open: OpenNamed) -> Result<Self, LookupError> {
        let shown = format!("proxy:{}", in_message(name));
        Ok(Self { name: shown, inner: Checked::open(behind_proxy(name), options, open)? })
    }
}

impl LookupTable for ProxyTable {
    fn lookup(&mut self, key: &[u8]) -> Answer {
        self.inner.lookup(key).map_err(|error| error.from_member(&self.inner.shown(), &self.name))
    }

    fn lookup_all(&mut self, keys: &[&[u8]]) -> Vec<Answer> {
        let (inner, name) = (&mut self.inner, &self.name);
        let answers = inner.lookup_all(keys);
        answers.into_iter().map(|answer| answer.map_err(|error| error.from_member(&inner.shown(), name))).collect()
    }

    fn walk(&mut self, visit: &mut dyn FnMut(&[u8], &[u8])) -> Result<(), LookupError> {
        self.inner.walk(visit).map_err(|error| error.from_member(&self.inner.shown(), &self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maps::open::open_named;

    #[test]
    fn what_is_behind_is_asked() {
        let open = |name: &[u8]| ProxyTable::open(name, &OpenOptions::default(), open_named);
        for name in [&b"static:x"[..], b"proxy:static:x", b"proxy:proxy:static:x"] {
            let mut table = open(name).expect("opened");
            assert_eq!(table.lookup(b"a"), Ok(Some(b"x".to_vec())));
            assert_eq!(table.lookup_all(&[b"a", b"b"]), vec![Ok(Some(b"x".to_vec())); 2]);
        }
        assert_eq!(
            open(b"fail:y").expect("opened").lookup(b"a"),
            Err(LookupError::Retry("table proxy:fail:y: query error: Application error".into()))
        );
        let error = |name: &[u8]| open(name).map(drop).expect_err("not opened").to_string();
        assert_eq!(error(b"x"), "open dictionary: expecting \"type:name\" form instead of \"x\"");
        assert_eq!(error(b"proxy:"), "open dictionary: expecting \"type:name\" form instead of \"\"");
        assert_eq!(error(b"nosuch:y"), "unsupported dictionary type: nosuch");
    }
}
