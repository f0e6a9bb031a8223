//! How the tables of a site are read, for the commands that follow mail; and what is said of indexes that are not what
//! they should be.

use super::terminal::output::Output;
use crate::config::Site;
use crate::config::site::TablesFrom;
use crate::diagnostic::render::clean;
use crate::routing::Router;
use crate::routing::router::opening::OddIndex;
use clap::Args;

/// So many tables are named in one line.
const NAMED: usize = 3;

/// How tables are read.
#[derive(Args, Clone, Copy, Debug, Default)]
pub struct TableOptions {
    /// Look through the sources of indexed tables [default, unless it is what a mail system of this machine runs on]
    #[arg(long, conflicts_with = "from_indexes")]
    from_sources: bool,
    /// Look through the indexes, as Postfix does [default for /etc/postfix and its multi_instance_directories]
    #[arg(long)]
    from_indexes: bool,
    /// Ask the servers of tcp: and socketmap: tables, too
    #[arg(long)]
    ask: bool,
}

impl TableOptions {
    /// Sets from what the tables of a site are read.
    #[must_use]
    pub fn apply(self, site: Site) -> Site {
        let tables_from = match (self.from_sources, self.from_indexes) {
            (true, _) => TablesFrom::Sources,
            (_, true) => TablesFrom::Indexes,
            _ => site.tables_from,
        };
        Site { tables_from, ..site }
    }

    /// Whether servers are asked.
    #[must_use]
    pub fn asks(self) -> bool {
        self.ask
    }

    /// Lets a router ask what may be asked.
    #[must_use]
    pub fn router<'s>(self, router: Router<'s>) -> Router<'s> {
        if self.ask { router.with_servers() } else { router }
    }

    /// Says which indexes are not what their sources say, and what was done about it.
    pub fn tell(self, from: TablesFrom, odd: &[OddIndex], output: &Output) {
        if output.quiet || odd.is_empty() || self.from_sources {
            return;
        }
        let line = match from {
            TablesFrom::Sources => {
                format!("looked through the sources: {}", listed(odd))
            }
            TablesFrom::Indexes => {
                format!("warning: {}; this is how mail goes until `postwright build`, or --from-sources", listed(odd))
            }
        };
        output.warning(&format!("postwright: {}", clean(&line)));
    }
}

/// `lmdb:/etc/postfix/virtual has no index, lmdb:/etc/aliases has a stale one`
fn listed(odd: &[OddIndex]) -> String {
    let words = |one: &OddIndex| {
        let what = if one.exists { "the index is not what the source says" } else { "there is no index" };
        format!("{} ({what})", one.table)
    };
    let mut named: Vec<String> = odd.iter().take(NAMED).map(words).collect();
    if odd.len() > NAMED {
        named.push(format!("{} more", odd.len() - NAMED));
    }
    named.join(", ")
}
