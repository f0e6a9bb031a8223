//! The old site as a whole: what its configuration says, its tables, and the classes that its files fill.

use super::read::{Form, ReadError, Row, Rows, read_table};
use super::report::{Line, Origin, Verdict};
use super::settings::{Class, ClassMember, Flag, Member, Role, Settings, TableFile};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

/// A member of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name, in lower case.
    pub name: String,
    /// Its row, if it stands in a file of its own.
    pub row: Option<Row>,
    /// Where it stands.
    pub origin: Origin,
}

/// All that was read.
#[derive(Clone, Debug, Default)]
pub struct OldSite {
    /// What the configuration says.
    pub settings: Settings,
    /// Whether there is a configuration; else the tables that are there are taken to be in use.
    pub has_configuration: bool,
    /// The rows of each table that is used.
    pub tables: BTreeMap<Role, Vec<Row>>,
    /// Members of classes, in the order in which they are named.
    pub classes: BTreeMap<Class, Vec<Name>>,
    /// What was settled while reading.
    pub lines: Vec<Line>,
    /// The host's name, if somebody said it.
    pub host: Option<String>,
    /// The names in each class.
    names: HashMap<Class, HashSet<String>>,
    /// The domains that virtusertable has keys for, and what it says to all of one.
    virtual_domains: HashMap<String, Option<String>>,
}

/// What a site without a configuration is taken to use, by the names of files: as FreeBSD's stock configuration does.
const STOCK_TABLES: [(Role, &str); 7] = [
    (Role::Aliases, "aliases"),
    (Role::Virtuser, "virtusertable"),
    (Role::Generics, "genericstable"),
    (Role::Domain, "domaintable"),
    (Role::Mailer, "mailertable"),
    (Role::Access, "access"),
    (Role::UserDb, "userdb"),
];

/// The same for classes.
const STOCK_CLASSES: [(Class, &str); 5] = [
    (Class::Local, "local-host-names"),
    (Class::Relay, "relay-domains"),
    (Class::VirtHost, "virtuser-domains"),
    (Class::Generics, "generics-domains"),
    (Class::Trusted, "trusted-users"),
];

impl Settings {
    /// What a site without a configuration is taken to say: the tables and lists that are there are used, and
    /// recipients are looked up in the access table, as FreeBSD's stock configuration has it.
    #[must_use]
    pub fn stock() -> Self {
        let origin = Origin::new("the names of the files", 0);
        let table = |(role, name): (Role, &str)| {
            let path = format!("/etc/mail/{name}");
            (role, TableFile { map_type: "hash".into(), path, origin: origin.clone() })
        };
        let class = |(class, name): (Class, &str)| ClassMember {
            class,
            member: Member::File { path: format!("/etc/mail/{name}"), optional: true },
            origin: origin.clone(),
        };
        Self {
            tables: STOCK_TABLES.into_iter().map(table).collect(),
            classes: STOCK_CLASSES.into_iter().map(class).collect(),
            flags: [(Flag::BlocklistRecipients, origin.clone())].into(),
            ..Self::default()
        }
    }
}

/// Where a file of the old site is now: what was in /etc/mail is in the directory that is read.
#[must_use]
pub fn place(directory: &Path, path: &str) -> PathBuf {
    let last = Path::new(path).file_name().unwrap_or_default();
    let below = path.strip_prefix("/etc/mail/").map_or_else(|| directory.join(last), |rest| directory.join(rest));
    let is_there = |path: &Path| path.exists() || path.with_extension("db").exists();
    // /etc/aliases, beside /etc/mail.
    match path.strip_prefix("/etc/").filter(|rest| !rest.starts_with("mail/") && !is_there(&below)) {
        Some(rest) if directory.file_name().is_some_and(|name| name == "mail") => {
            directory.parent().unwrap_or(directory).join(rest)
        }
        _ => below,
    }
}

impl OldSite {
    /// Reads what the settings name; they came from a file of that name, if from one.
    ///
    /// # Errors
    /// What is there and cannot be read, or is needed and not there.
    pub fn read(
        directory: &Path,
        settings: Settings,
        configuration: Option<&str>,
        host: Option<&str>,
    ) -> Result<Self, ReadError> {
        let host = host.map(str::to_string).or_else(|| settings.host_name.as_ref().map(|said| said.what.clone()));
        let host = host.map(|name| name.to_lowercase());
        let has_configuration = configuration.is_some();
        let mut site = Self { has_configuration, host, ..Self::default() };
        let mut seen = BTreeSet::new();
        for (&role, table) in &settings.tables {
            let form = if role == Role::Aliases { Form::Aliases } else { Form::Map };
            for path in table.path.split(',').map(str::trim).filter(|path| !path.is_empty()) {
                // What is no file has its line with the configuration: nis:, ldap:.
                let path = path.strip_prefix("hash:").or_else(|| path.strip_prefix("btree:")).unwrap_or(path);
                let file = place(directory, path);
                seen.insert(file.clone());
                match read_table(&file, &shown(directory, &file), form)? {
                    Some(rows) => site.add_table(role, rows),
                    None if has_configuration => site.missing(&table.origin, path),
                    None => {}
                }
            }
        }
        for (class, name) in settings.classes.iter().map(|member| (member.class, member)) {
            match &name.member {
                Member::Name(text) => {
                    let name = Name { name: text.to_lowercase(), row: None, origin: name.origin.clone() };
                    site.names.entry(class).or_default().insert(name.name.clone());
                    site.classes.entry(class).or_default().push(name);
                }
                Member::File { path, optional } => {
                    let file = place(directory, path);
                    let is_new = seen.insert(file.clone());
                    match read_table(&file, &shown(directory, &file), Form::Names)? {
                        Some(rows) => site.add_names(class, rows, is_new),
                        None if *optional => {}
                        None => site.missing(&name.origin, path),
                    }
                }
            }
        }
        site.settings = settings;
        site.others(directory, configuration, &seen)?;
        Ok(site)
    }

    fn add_table(&mut self, role: Role, rows: Rows) {
        for row in rows.rows.iter().filter(|_| role == Role::Virtuser) {
            if let Some((local, domain)) = row.key.rsplit_once('@') {
                let value = self.virtual_domains.entry(domain.to_string()).or_default();
                if local.is_empty() {
                    *value = Some(row.value.clone());
                }
            }
        }
        self.lines.extend(rows.lines);
        self.tables.entry(role).or_default().extend(rows.rows);
    }

    fn add_names(&mut self, class: Class, rows: Rows, is_new: bool) {
        if is_new {
            self.lines.extend(rows.lines);
        }
        let names = rows.rows.into_iter().map(|row| {
            let (name, origin) = (row.key.clone(), row.origin.clone());
            Name { name, row: is_new.then_some(row), origin }
        });
        let names: Vec<Name> = names.collect();
        self.names.entry(class).or_default().extend(names.iter().map(|name| name.name.clone()));
        self.classes.entry(class).or_default().extend(names);
    }

    fn missing(&mut self, origin: &Origin, path: &str) {
        let why = format!("{path} is named here and was not found below the directory");
        let verdict = Verdict::decide(why, &["copy it there and migrate again", "go on without it"]);
        self.lines.push(Line::new(origin.clone(), path, verdict));
    }

    /// A line for each file that nothing was read of.
    fn others(
        &mut self,
        directory: &Path,
        configuration: Option<&str>,
        seen: &BTreeSet<PathBuf>,
    ) -> Result<(), ReadError> {
        let fail = |error: std::io::Error| {
            ReadError(format!("{}: {}", directory.display(), crate::base::system_words(&error)))
        };
        let mut names = Vec::new();
        for entry in std::fs::read_dir(directory).map_err(fail)? {
            names.push(entry.map_err(fail)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        let mut lines = Vec::new();
        let in_aliases = names_in(self.rows(Role::Aliases));
        for name in names {
            let is_read = |name: &str| seen.contains(&directory.join(name));
            let stem = name.strip_suffix(".db").unwrap_or(&name);
            if is_read(&name) || configuration == Some(name.as_str()) || name.starts_with('.') {
                continue;
            }
            let verdict = match name.as_str() {
                _ if name != stem && is_read(stem) => {
                    if directory.join(stem).exists() {
                        Verdict::carried(format!("nothing: it is made from {stem}"))
                    } else {
                        continue;
                    }
                }
                "sendmail.cf" if self.has_configuration => Verdict::carried("nothing: it is made from sendmail.mc"),
                "sendmail.cf" => Verdict::decide(
                    "it is not read, only sendmail.mc is; without that the tables found here are taken to be in use",
                    &["copy the .mc file here as sendmail.mc and migrate again", "look through main.cf by hand"],
                ),
                "submit.cf" | "submit.mc" => Verdict::carried(
                    "nothing: mail is submitted through Postfix's own sendmail command and its maildrop queue",
                ),
                _ if in_aliases.contains(name.as_str()) => {
                    Verdict::carried("nothing: aliases names it by its path, under which it must stay")
                }
                _ if is_incidental(&name) => Verdict::carried("nothing: Postfix has no use for it"),
                _ => Verdict::decide(
                    "nothing here says what it is for, and it was not read",
                    &["leave it out", "if sendmail.mc or a script uses it, carry that over by hand"],
                ),
            };
            lines.push(Line::new(Origin::new(&name, 0), "", verdict));
        }
        self.lines.extend(lines);
        Ok(())
    }

    /// The rows of a table.
    #[must_use]
    pub fn rows(&self, role: Role) -> &[Row] {
        self.tables.get(&role).map_or(&[], Vec::as_slice)
    }

    /// The members of a class.
    #[must_use]
    pub fn members(&self, class: Class) -> &[Name] {
        self.classes.get(&class).map_or(&[], Vec::as_slice)
    }

    /// Whether a class has a name.
    #[must_use]
    pub fn has_member(&self, class: Class, name: &str) -> bool {
        self.names.get(&class).is_some_and(|names| names.contains(name))
    }

    /// Whether virtusertable has keys for a domain.
    #[must_use]
    pub fn has_virtual_keys(&self, domain: &str) -> bool {
        self.virtual_domains.contains_key(domain)
    }

    /// What virtusertable says to all of a domain.
    #[must_use]
    pub fn catch_all(&self, domain: &str) -> Option<&str> {
        self.virtual_domains.get(domain)?.as_deref()
    }

    /// Whether mail for a domain is for this host (class `w`).
    #[must_use]
    pub fn is_local(&self, domain: &str) -> bool {
        domain == "localhost" || self.host.as_deref() == Some(domain) || self.has_member(Class::Local, domain)
    }

    /// Whether the virtusertable is asked for a domain.
    #[must_use]
    pub fn is_virtual(&self, domain: &str) -> bool {
        let is_host = |name: &str| self.has_member(Class::VirtHost, name);
        self.is_local(domain)
            || is_host(domain)
            || self.settings.has(Flag::VirtuserEntireDomain) && parents(domain).any(is_host)
    }
}

/// What stands behind slashes in the values of aliases, up to what ends a path: names of files and directories.
fn names_in(rows: &[Row]) -> HashSet<&str> {
    let ends = |char: char| char.is_whitespace() || "/\\\"',;|<>()".contains(char);
    let values = rows.iter().map(|row| row.value.as_str());
    values.flat_map(|value| value.split('/').skip(1).filter_map(move |rest| rest.split(ends).next())).collect()
}

/// The domains that one lies below.
pub fn parents(domain: &str) -> impl Iterator<Item = &str> {
    domain.match_indices('.').map(|(at, _)| &domain[at + 1..])
}

/// Files that Sendmail's packages put there.
fn is_incidental(name: &str) -> bool {
    let known =
        ["Makefile", "README", "helpfile", "statistics", "mailer.conf", "databases", "certs", "tls", "peers", "m4"];
    let endings = [".sample", ".bak", ".orig", "~", ".old", ".dist", ".local"];
    known.contains(&name) || endings.iter().any(|ending| name.ends_with(ending))
}

/// A file as the report names it.
fn shown(directory: &Path, file: &Path) -> String {
    file.strip_prefix(directory).unwrap_or(file).display().to_string()
}
