//! Random sites put together from building blocks, each the same for its seed.
//!
//! Left out: services that ask the network (DNS, policy servers, Milters); results of access tables that do something
//! to a message (HOLD, DISCARD, FILTER, REDIRECT, BCC), which `route` alone does not know of; `$` in tables of main.cf,
//! which Postfix expands again in `proxy_read_maps`; indexes that `alias_maps` names and postmap made; a file as
//! `luser_relay`; addresses with `$` as values of aliases; homes; aliases that lead to themselves and commands of
//! aliases; `static:` tables of users; comments in restriction lists; `permit_inet_interfaces`, which goes by the
//! address of the connection, and XCLIENT does not change that.

use std::fmt::Write;
use std::fs;
use std::path::Path;
use support::Random;

/// The services of a site; the SMTP server's line stands before them.
pub(super) const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
discard unix - - n - - discard
error unix - - n - - error
retry unix - - n - - error
local unix - n n - - local
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

/// What table texts stand for in the kinds of tables that are made of other tables or of no file.
const TABLE_KINDS: [&str; 11] =
    ["inline", "inline", "texthash", "texthash", "lmdb", "lmdb", "regexp", "pcre", "unionmap", "pipemap", "plain lmdb"];

/// The local users of `testdata/route/passwd` and others, with extensions and capitals.
const USERS: [&str; 11] =
    ["joe", "tim", "Joe", "joe+x", "nobody", "ann", "info", "postmaster", "sales", "loop", "joe-y"];

const DOMAINS: [&str; 9] = [
    "example.com",
    "mail.example.com",
    "localhost",
    "relay.example",
    "box.example",
    "alias.example",
    "far.example",
    "sub.example.com",
    "sub.relay.example",
];

/// A site being made.
pub struct Made {
    pub(super) random: Random,
    main: String,
    master: String,
    pub(super) files: Vec<(String, String)>,
}

impl Made {
    /// The site of a seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut made = Self { random: Random(seed), main: String::new(), master: String::new(), files: Vec::new() };
        made.names();
        made.networks();
        made.local();
        made.domains();
        made.rewriting();
        made.transports();
        made.restrictions();
        made.services();
        made
    }

    /// Writes its files; the SMTP server's service is `server`, and what leaves the machine goes by `client`.
    pub fn write(&self, directory: &Path, server: &str, client: &str) {
        fs::create_dir_all(directory).unwrap();
        fs::write(directory.join("main.cf"), &self.main).unwrap();
        let master = self.master.replace("SERVER", server).replace("- - smtp\n", &format!("- - {client}\n"));
        fs::write(directory.join("master.cf"), master).unwrap();
        for (name, text) in &self.files {
            fs::write(directory.join(name), text).unwrap();
        }
    }

    /// All its text, to be shown.
    pub fn text(&self) -> String {
        let mut text = format!("--- main.cf\n{}", self.main);
        let own = self.master.split("pickup unix").next().unwrap_or_default();
        let _ = write!(text, "--- master.cf\n{own}");
        for (name, content) in &self.files {
            let _ = write!(text, "--- {name}\n{content}");
        }
        text
    }

    /// Recipients to be tried.
    pub fn recipients(&mut self) -> Vec<String> {
        let count = 7 + self.random.below(6);
        let mut recipients: Vec<String> = (0..count).map(|_| self.address()).collect();
        recipients.push("joe@example.com".into());
        recipients.push("joe".into());
        recipients.sort();
        recipients.dedup();
        recipients
    }

    /// A sender.
    pub fn sender(&mut self) -> String {
        self.random
            .pick(&["a@client.example", "joe@example.com", "", "b@sub.example.com", "joe", "x@far.example"])
            .into()
    }

    /// Clients as the sessions of the SMTP server name them.
    pub fn clients(&mut self) -> Vec<String> {
        let other = ["client.example[192.0.2.1]", "unknown[10.1.2.3]", "far.example[198.51.100.7]"];
        // One of the other family is always there: a network that is no network fails for its own alone.
        vec!["localhost[127.0.0.1]".into(), "six.example[2001:db8::5]".into(), self.random.pick(&other).into()]
    }

    pub(super) fn chance(&mut self, percent: usize) -> bool {
        self.random.below(100) < percent
    }

    fn address(&mut self) -> String {
        match self.random.below(14) {
            0 => self.random.pick(&USERS).into(),
            1 => self
                .random
                .pick(&[
                    "joe@[192.0.2.2]",
                    "joe@[127.0.0.1]",
                    "joe@EXAMPLE.com",
                    "joe@example.com.",
                    "joe%far.example@example.com",
                    "far.example!joe",
                    "\"joe x\"@example.com",
                ])
                .into(),
            _ => format!("{}@{}", self.random.pick(&USERS), self.random.pick(&DOMAINS)),
        }
    }

    /// Adds a setting, perhaps with a comment somewhere.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        let line = match self.random.below(12) {
            0 => format!("# about {name}\n{name}={value}\n"),
            1 => format!("{name} =\n    {value}\n"),
            2 => format!("{name} = \n  # a comment\n  {value}\n\n"),
            3 => format!("{name}   =  {value}   \n   # trailing\n"),
            _ => format!("{name} = {value}\n"),
        };
        self.main += &line;
    }

    /// A good choice, or seldom one that Postfix does not take.
    pub(super) fn or_bad<'a>(&mut self, good: &'a str, bad: &[&'a str]) -> &'a str {
        if self.chance(3) { self.random.pick(bad) } else { good }
    }

    pub(super) fn add_file(&mut self, name: &str, text: &str) {
        self.files.push((name.into(), text.into()));
    }

    pub(super) fn add_services(&mut self, text: &str) {
        self.master += text;
    }

    fn names(&mut self) {
        self.main += "compatibility_level = 3.11\n";
        self.main += "inet_interfaces = 127.0.0.1\n";
        if self.chance(60) {
            self.set("default_database_type", "lmdb");
        }
        let host = self.random.pick(&[
            "mail.example.com",
            "mail.example.com",
            "mail.example.com",
            "MAIL.Example.COM",
            "mail.$mydomain",
            "a.mail.example.com",
            "mail.example.com",
            "mail",
            "localhost.localdomain",
            "x_y.example.com",
        ]);
        let host = self.or_bad(host, &["mail.example.com.", "münchen.example", "host..example"]);
        self.set("myhostname", host);
        if host.contains('$') || self.chance(30) {
            let domain = self.random.pick(&["example.com", "example.com", "Example.COM", "box.example"]);
            self.set("mydomain", domain);
        }
        if self.chance(40) {
            let origin = self.random.pick(&["$mydomain", "$myhostname", "far.example", "EXAMPLE.com", "localhost"]);
            self.set("myorigin", origin);
        }
        if self.chance(25) {
            let delimiter = self.random.pick(&["+", "-", "+-", "", "_"]);
            self.set("recipient_delimiter", delimiter);
        }
        for (name, percent) in [
            ("append_dot_mydomain", 10),
            ("swap_bangpath", 10),
            ("allow_percent_hack", 10),
            ("append_at_myorigin", 3),
            ("soft_bounce", 5),
            ("smtpd_delay_reject", 5),
            ("smtpd_reject_unlisted_sender", 10),
            ("smtpd_reject_unlisted_recipient", 5),
            ("smtpd_helo_required", 10),
            ("allow_untrusted_routing", 5),
            ("resolve_dequoted_address", 5),
            ("strict_rfc821_envelopes", 5),
            ("resolve_numeric_domain", 5),
            ("allow_min_user", 5),
            ("smtputf8_enable", 5),
            ("disable_vrfy_command", 5),
        ] {
            if self.chance(percent) {
                let value = self.random.pick(&["yes", "no", "YES"]);
                self.set(name, value);
            }
        }
    }

    fn networks(&mut self) {
        let mut items = vec!["127.0.0.0/8".to_string()];
        if self.chance(90) {
            for _ in 0..self.random.below(4) {
                let item = self.random.pick(&[
                    "10.0.0.0/8",
                    "192.0.2.1",
                    "[2001:db8::]/64",
                    "!192.0.2.1",
                    "[::1]/128",
                    "192.0.2.1/32",
                    "10.1.2.3",
                    "192.0.2.0/24",
                    "![2001:db8::5]",
                    "[2001:db8::]/32",
                    "10.0.0.0/9",
                    "0.0.0.0/0",
                    "client.example",
                    ".example",
                    "[198.51.100.7]",
                    "cidr:{{10.0.0.0/8 yes}}",
                    "cidr:{{192.0.2.0/24 yes}, {0.0.0.0/0 yes}}",
                    "inline:{192.0.2.1=x}",
                    "/etc/postfix/networks",
                    "!/etc/postfix/networks",
                    "#10.0.0.0/8",
                    "# 192.0.2.1",
                    "static:all",
                    "regexp:{{/^10/ x}}",
                    "$myhostname",
                ]);
                let item = self.or_bad(
                    item,
                    &[
                        "2001:db8::/64",
                        "127.0.0.1/8",
                        "10/8",
                        "192.0.2.",
                        "10.1.2.3/33",
                        "[2001:db8::5",
                        "\"192.0.2.1\"",
                        "198.51.100.0/255.255.255.0",
                        "198.51.100.7;192.0.2.1",
                    ],
                );
                items.push(item.into());
            }
        }
        if self.chance(20) {
            self.random.shuffle(&mut items);
        }
        let value = self.joined(&items);
        if value.contains("/etc/postfix/networks") {
            let text = self.random.pick(&[
                "10.0.0.0/8\n# none\n192.0.2.1\n",
                "192.0.2.0/24, 198.51.100.7 # x\n",
                "!10.1.2.3\n10.0.0.0/8\n",
            ]);
            self.files.push(("networks".into(), text.into()));
        }
        self.set("mynetworks", &value);
    }

    /// A list with separators of several forms.
    pub(super) fn joined(&mut self, items: &[String]) -> String {
        let mut value = String::new();
        for item in items {
            if !value.is_empty() {
                value += self.random.pick(&[", ", " ", ",", "\n\t", ",\n    ", ",, "]);
            }
            value += item;
        }
        value
    }

    /// A table with these entries, of any kind; `name` is that of its file.
    pub(super) fn table(&mut self, name: &str, pairs: &[(&str, &str)]) -> String {
        let kind = self.random.pick(&TABLE_KINDS);
        self.table_of(kind, name, pairs)
    }

    pub(super) fn table_of(&mut self, kind: &str, name: &str, pairs: &[(&str, &str)]) -> String {
        match kind {
            "inline" => {
                let items: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| {
                        if value.contains([' ', ',', '|']) {
                            format!("{{ {key} = {value} }}")
                        } else {
                            format!("{key}={value}")
                        }
                    })
                    .collect();
                format!("inline:{{{}}}", items.join(", "))
            }
            "regexp" | "pcre" => {
                let mut text = String::from("# patterns\n");
                for (key, value) in pairs {
                    let key = key.replace('.', "\\.").replace('+', "\\+").replace('[', "\\[").replace(']', "\\]");
                    let value = value.replace('$', "$$");
                    match self.random.below(6) {
                        0 => {
                            let _ = writeln!(text, "/^{key}$/\n  {value}");
                        }
                        1 => {
                            let _ = writeln!(text, "/{key}/ {value}");
                        }
                        2 => {
                            let _ = writeln!(text, "if /{key}/\n/^(.*)$/ {value}\nendif");
                        }
                        3 => {
                            let _ = writeln!(text, "!/zzz/i {value}");
                        }
                        _ => {
                            let _ = writeln!(text, "/^{key}$/i\t{value}");
                        }
                    }
                }
                self.files.push((name.into(), text));
                format!("{kind}:/etc/postfix/{name}")
            }
            "unionmap" => {
                let half = pairs.len() / 2;
                let (first, second) = (
                    self.table_of("inline", name, &pairs[..half.max(1)]),
                    self.table_of("texthash", name, &pairs[half..]),
                );
                format!("unionmap:{{{first}, {second}}}")
            }
            "pipemap" => {
                let keys: Vec<(&str, &str)> = pairs.iter().map(|(key, _)| (*key, *key)).collect();
                let (first, second) = (self.table_of("inline", name, &keys), self.table_of("texthash", name, pairs));
                format!("pipemap:{{{first}, {second}}}")
            }
            kind => {
                let mut text = String::new();
                for (key, value) in pairs {
                    match self.random.below(8) {
                        0 => {
                            let _ = write!(text, "# about it\n{key}\t{value}\n");
                        }
                        1 => {
                            let _ = write!(text, "{key}\n   {value}\n");
                        }
                        2 => {
                            let _ = write!(text, "{key}   {value}\n\n   \n");
                        }
                        3 => {
                            let _ = write!(text, "{key} {value}\n# next\n");
                        }
                        _ => {
                            let _ = writeln!(text, "{key} {value}");
                        }
                    }
                }
                self.files.push((name.into(), text));
                match kind {
                    "texthash" => format!("texthash:/etc/postfix/{name}"),
                    "plain lmdb" if self.chance(50) => format!("proxy:lmdb:/etc/postfix/{name}"),
                    _ => format!("lmdb:/etc/postfix/{name}"),
                }
            }
        }
    }

    /// Some of several entries, in any order, at least one.
    pub(super) fn some<'a>(&mut self, pairs: &[(&'a str, &'a str)], most: usize) -> Vec<(&'a str, &'a str)> {
        let mut pairs = pairs.to_vec();
        self.random.shuffle(&mut pairs);
        pairs.truncate(1 + self.random.below(most));
        pairs
    }

    /// A list of domains, with elements of odd forms.
    pub(super) fn domain_list(&mut self, name: &str, usual: &[&str]) -> String {
        let mut items: Vec<String> = usual.iter().map(|item| item.to_string()).collect();
        for _ in 0..self.random.below(3) {
            let file = format!("/etc/postfix/{name}");
            let odd = [
                "!sub.example.com",
                "# main",
                "#far.example",
                "\"far.example\"",
                "sub.example.com.",
                ".example.com",
                "user@far.example",
                "[192.0.2.2]",
                "192.0.2.2",
                "*",
                "Sub.Example.Com",
                "far.example;x",
                "inline:{sub.example.com=x}",
                "static:yes",
                "regexp:{{/^sub\\./ x}}",
                "!inline:{sub.relay.example=x}",
                "$mydomain",
                "localhost.$mydomain",
                "pcre:{{/FAR/ x}}",
                "cidr:{{10.0.0.0/8 x}}",
                "unionmap:{inline:{sub.example.com=x},inline:{far.example=y}}",
                "a..b",
                "{sub.example.com}",
            ];
            let index = self.random.below(odd.len() + 4);
            if index >= odd.len() {
                let text = self.random.pick(&[
                    "sub.example.com\n",
                    "# none\nsub.example.com, far.example\n",
                    "sub.example.com # x\n",
                    "!far.example\nsub.relay.example\n",
                    "  sub.example.com\n",
                    "*.example.com\n@sub.example.com\n",
                ]);
                self.files.retain(|(other, _)| other != name);
                self.files.push((name.into(), text.into()));
                items.push(file);
            } else if !odd[index].starts_with("static") || self.chance(20) {
                items.push(odd[index].into());
            }
        }
        if self.chance(25) {
            self.random.shuffle(&mut items);
        }
        self.joined(&items)
    }
}
