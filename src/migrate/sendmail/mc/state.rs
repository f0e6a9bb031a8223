//! What is known of the old configuration while its statements are gone through.

use super::super::report::{Origin, Verdict};
use super::super::settings::{
    Class, ClassMember, Flag, MainSetting, Member, Restriction, Role, Said, Settings, Stage, TableFile,
};
use std::collections::BTreeMap;

/// A value and where it was defined last.
pub(super) type Defined = Said<String>;

/// The settings so far, and what they were made from.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// What is defined at the end of the file, by name.
    pub(super) defined: BTreeMap<String, Defined>,
    /// Where the statement stands that is looked at.
    pub(super) here: Origin,
    /// Filters by name, in the order of the file.
    pub(super) milters: Vec<Milter>,
    /// `confMAX_DAEMON_CHILDREN`.
    pub(super) daemon_limit: Option<usize>,
    /// Where Sendmail's helpers are, by the operating system.
    pub(super) programs: &'static str,
    /// Where procmail is, by the operating system.
    pub(super) procmail: &'static str,
}

/// A mail filter.
#[derive(Clone, Debug)]
pub(super) struct Milter {
    pub(super) name: String,
    /// As Postfix names it: `unix:/run/filter`, `inet:localhost:8891`.
    pub(super) address: String,
    /// Whether it is used wherever it is not named: `INPUT_MAIL_FILTER`.
    pub(super) is_input: bool,
    pub(super) origin: Origin,
}

impl State {
    pub(super) fn new(defined: BTreeMap<String, Defined>, file: &str) -> Self {
        Self {
            settings: Settings::default(),
            defined,
            here: Origin::new(file, 0),
            milters: Vec::new(),
            daemon_limit: None,
            programs: "/usr/libexec",
            procmail: "/usr/local/bin/procmail",
        }
    }

    /// What a name is defined as in the end, unless it is nothing.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.defined.get(name).map(|said| said.what.as_str()).filter(|value| !value.is_empty())
    }

    /// Sets a parameter of main.cf by the statement that is looked at; the last one counts.
    pub(super) fn set(&mut self, name: &str, value: impl Into<String>, remark: &str) {
        self.settings.main.retain(|setting| setting.name != name);
        let (name, origin) = (name.to_string(), self.here.clone());
        self.settings.main.push(MainSetting { name, value: value.into(), origin, remark: remark.to_string() });
    }

    /// Adds to a list of main.cf, once.
    pub(super) fn add(&mut self, name: &str, value: &str, separator: &str) {
        match self.settings.main.iter_mut().find(|setting| setting.name == name) {
            Some(setting) if setting.value.split(separator).any(|one| one == value) => {}
            Some(setting) => setting.value += &format!("{separator}{value}"),
            None => self.set(name, value, ""),
        }
    }

    /// Whether a parameter is set.
    pub(super) fn has(&self, name: &str) -> bool {
        self.settings.main.iter().any(|setting| setting.name == name)
    }

    pub(super) fn flag(&mut self, flag: Flag) {
        self.settings.flags.insert(flag, self.here.clone());
    }

    pub(super) fn restrict(&mut self, stage: Stage, words: &str) {
        let restriction = Restriction { stage, words: words.to_string(), origin: self.here.clone() };
        if !self.settings.restrictions.iter().any(|one| one.stage == stage && one.words == words) {
            self.settings.restrictions.push(restriction);
        }
    }

    /// Adds the names in a text, divided by white space, to a class.
    pub(super) fn members(&mut self, class: Class, names: &str) {
        for name in names.split_whitespace() {
            self.member(class, Member::Name(name.to_string()));
        }
    }

    /// Adds what is in a file to a class: `-o /etc/mail/names %[^\#]`.
    pub(super) fn file(&mut self, class: Class, text: &str) {
        let optional = text.split_whitespace().any(|word| word == "-o");
        let path = text.split_whitespace().find(|word| !word.starts_with('-')).unwrap_or_default().to_string();
        self.member(class, Member::File { path, optional });
    }

    fn member(&mut self, class: Class, member: Member) {
        self.settings.classes.push(ClassMember { class, member, origin: self.here.clone() });
    }

    /// A table by what its feature says: `hash -o -T<TMPF> /etc/mail/access`.
    pub(super) fn table(&mut self, role: Role, text: &str, name: &str, to: &str) -> Verdict {
        let usual = self.value("DATABASE_MAP_TYPE").unwrap_or("hash").to_string();
        let mut words = text.split_whitespace();
        let map_type = words.next().unwrap_or(&usual).to_ascii_lowercase();
        let directory = self.value("MAIL_SETTINGS_DIR").unwrap_or("/etc/mail/").to_string();
        // Options stand before the file.
        let path = words.find(|word| !word.starts_with('-')).map_or_else(|| directory + name, ToString::to_string);
        if !matches!(map_type.as_str(), "hash" | "btree" | "dbm" | "ndbm" | "text" | "cdb" | "implicit") {
            return Verdict::decide(
                format!("a table of type {map_type} is not read here"),
                &["write its entries to a text file, and migrate again", "look it up from Postfix: postconf -m"],
            );
        }
        self.settings.tables.insert(role, TableFile { map_type, path, origin: self.here.clone() });
        Verdict::carried(to)
    }
}
