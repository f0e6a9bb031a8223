//! What every program of Postfix checks at its start about the names of its machine: `myhostname`, `mydomain`,
//! `myorigin`.
//!
//! Both names have to be host names, in ASCII and with no dot at their ends; `mydomain` is what stands behind the first
//! dot of `myhostname` unless it is set, and `$mydomain` in `myhostname` is then empty. `myorigin` is one name;
//! Debian's programs read it from the first line of a file, if it begins with `/`.
//!
//! Source: postconf(5), experiments with 3.11, Debian's among them.

use super::catalogue::System;
use super::effective::{Configuration, LOCAL_DOMAIN, Origin};
use super::expand::expand;
use super::services::Service;
use crate::base::{Source, system_words};
use crate::mail::host_name::host_name_fault;
use std::borrow::Cow;
use std::fmt;
use std::io;
use std::sync::Arc;

/// A name with which no program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameFault {
    /// The parameter that has it, be it set or not.
    pub parameter: &'static str,
    /// Its value.
    pub value: Vec<u8>,
    /// What is wrong with it.
    pub kind: NameFaultKind,
}

/// What is wrong with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameFaultKind {
    /// There is none.
    Empty,
    /// It is no host name; what Postfix warns about before it ends.
    HostName(Vec<u8>),
    /// There are several.
    Several,
    /// The file that holds it does not: the error.
    File(String),
}

impl NameFault {
    /// The words with which programs end; `file` is main.cf.
    #[must_use]
    pub fn fatal(&self, file: &[u8]) -> Vec<u8> {
        let parameter = self.parameter.as_bytes();
        match &self.kind {
            NameFaultKind::Empty => [b"bad string length 0 < 1: ", parameter, b" = "].concat(),
            NameFaultKind::HostName(_) => {
                [b"file ", file, b": parameter ", parameter, b": bad parameter value: ", &*self.value].concat()
            }
            NameFaultKind::Several => {
                [parameter, b" parameter setting must not contain multiple values: ", &*self.value].concat()
            }
            NameFaultKind::File(error) => error.clone().into_bytes(),
        }
    }
}

/// For people: `myhostname cannot be "host..": misplaced delimiter: host..`
impl fmt::Display for NameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (parameter, value) = (self.parameter, String::from_utf8_lossy(&self.value));
        match &self.kind {
            NameFaultKind::Empty => write!(f, "{parameter} comes to nothing"),
            NameFaultKind::HostName(words) => {
                let words = String::from_utf8_lossy(words);
                let words = words.strip_prefix("valid_hostname: ").unwrap_or(&words);
                let words = words.strip_suffix(&format!(": {value}")).unwrap_or(words);
                write!(f, "{parameter} cannot be {value}: {words}")
            }
            NameFaultKind::Several => write!(f, "{parameter} holds several names: {value}"),
            NameFaultKind::File(error) => write!(f, "{error}"),
        }
    }
}

impl Configuration {
    /// With which of its names no program of Postfix would run, for one service if one is given; `read` gives the text
    /// of a file. What cannot be expanded is for others to tell.
    #[must_use]
    pub fn name_fault(
        &self,
        service: Option<&Service>,
        read: impl Fn(&[u8]) -> io::Result<Arc<Source>>,
    ) -> Option<NameFault> {
        let (hostname, domain) = (self.hostname(service)?, self.domain(service)?);
        let names = [("myhostname", &hostname), ("mydomain", &domain)];
        if let Some((parameter, _)) = names.iter().find(|(_, name)| name.is_empty()) {
            return Some(NameFault { parameter, value: Vec::new(), kind: NameFaultKind::Empty });
        }
        for (parameter, name) in names {
            if let Some(words) = host_name_fault(name) {
                return Some(NameFault { parameter, value: name.clone(), kind: NameFaultKind::HostName(words) });
            }
        }
        let origin = self.expanded(b"myorigin", service).ok()?;
        self.origin(origin, read).err()
    }

    /// The same, of a configuration whose text sets one of them: the machine that this runs on need not be the one that
    /// is meant.
    #[must_use]
    pub fn written_name_fault(&self, read: impl Fn(&[u8]) -> io::Result<Arc<Source>>) -> Option<NameFault> {
        let is_written =
            ["myhostname", "mydomain", "myorigin"].iter().any(|name| self.explicit(name.as_bytes()).is_some());
        is_written.then(|| self.name_fault(None, read)).flatten()
    }

    /// The origin that an expanded `myorigin` stands for.
    ///
    /// # Errors
    /// A value with which programs end.
    pub fn origin(
        &self,
        value: Vec<u8>,
        read: impl Fn(&[u8]) -> io::Result<Arc<Source>>,
    ) -> Result<Vec<u8>, NameFault> {
        let fault = |value: &[u8], kind| Err(NameFault { parameter: "myorigin", value: value.to_vec(), kind });
        let mut name = value;
        if name.starts_with(b"/") && self.platform.system() == Some(System::Debian) {
            let shown = String::from_utf8_lossy(&name).into_owned();
            let source = match read(&name) {
                Ok(source) => source,
                Err(error) => {
                    let words = format!("{shown}: cannot open file: {}", system_words(&error));
                    return fault(&name, NameFaultKind::File(words));
                }
            };
            let first = source.bytes().split(|&byte| byte == b'\n').next().unwrap_or_default().trim_ascii();
            if first.is_empty() {
                return fault(&name, NameFaultKind::File(format!("myorigin file {shown} is empty")));
            }
            name = first.to_vec();
        }
        if name.is_empty() {
            return fault(&name, NameFaultKind::Empty);
        }
        if name.iter().any(|byte| b", \t\r\n".contains(byte)) {
            return fault(&name, NameFaultKind::Several);
        }
        Ok(name)
    }

    fn hostname(&self, service: Option<&Service>) -> Option<Vec<u8>> {
        let value = self.value(b"myhostname", service)?;
        let is_default = |name: &[u8]| self.value(name, service).is_none_or(|value| value.origin == Origin::Default);
        if value.origin == Origin::Default {
            return Some(value.bytes.into_owned());
        }
        // There is no domain before there is a name.
        let hidden = is_default(b"mydomain");
        let known = &mut |name: &[u8]| match name {
            b"mydomain" if hidden => Some(Cow::Borrowed(&b""[..])),
            _ => self.value(name, service).map(|value| value.bytes),
        };
        expand(&value.bytes, known).ok()
    }

    fn domain(&self, service: Option<&Service>) -> Option<Vec<u8>> {
        let value = self.value(b"mydomain", service)?;
        if value.origin != Origin::Default {
            return self.expand(&value.bytes, service).ok();
        }
        let hostname = self.hostname(service)?;
        let dot = memchr::memchr(b'.', &hostname);
        Some(dot.map_or_else(|| LOCAL_DOMAIN.into(), |dot| hostname[dot + 1..].to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::catalogue::Profile;
    use crate::config::{ConfigFiles, Platform};

    fn fault(main: &str, profile: Option<Profile>, file: Option<&str>) -> String {
        let source = Arc::new(Source::new("main.cf", main));
        let files = ConfigFiles::from_sources("/nowhere".as_ref(), &source, None);
        let configuration = Configuration::new(files, Platform { profile, ..Platform::default() });
        let read = |_: &[u8]| {
            file.map(|text| Arc::new(Source::new("mailname", text))).ok_or_else(|| io::Error::from_raw_os_error(2))
        };
        let fault = configuration.name_fault(None, read);
        fault.map_or("runs".into(), |fault| String::from_utf8_lossy(&fault.fatal(b"main.cf")).into_owned())
    }

    /// The words of postmap of Postfix 3.11.7.
    #[test]
    fn names_with_which_no_program_runs() {
        let bad =
            |parameter: &str, value: &str| format!("file main.cf: parameter {parameter}: bad parameter value: {value}");
        let empty = |parameter: &str| format!("bad string length 0 < 1: {parameter} = ");
        let runs = || "runs".to_string();
        let cases = [
            ("myhostname = mail.$mydomain", empty("mydomain")),
            ("myhostname = $mydomain", empty("myhostname")),
            ("myhostname = mail.$nobody", empty("mydomain")),
            ("myhostname =", empty("myhostname")),
            ("mydomain =", empty("mydomain")),
            ("myhostname = a.example\nmydomain = $nobody", empty("mydomain")),
            ("myhostname = host..", bad("myhostname", "host..")),
            ("myhostname = a.b.", bad("myhostname", "a.b.")),
            ("myhostname = -a.example", bad("myhostname", "-a.example")),
            ("myhostname = rleap16.0", bad("mydomain", "0")),
            ("myhostname = 1.2.3.4", bad("myhostname", "1.2.3.4")),
            ("mydomain = 1.2", bad("mydomain", "1.2")),
            ("myhostname = m\u{fc}nchen.example", bad("myhostname", "m\u{fc}nchen.example")),
            ("mydomain = a..b", bad("myhostname", "localhost.a..b")),
            ("myhostname = a b", bad("myhostname", "a b")),
            ("myhostname = host", runs()),
            ("myhostname = a_b.example", runs()),
            ("myhostname = a.example.16", runs()),
            ("myhostname = mail.$mydomain\nmydomain = example.com", runs()),
            ("myhostname = ab.example\nmydomain = $myhostname", runs()),
            ("myorigin = a b", "myorigin parameter setting must not contain multiple values: a b".into()),
            ("myorigin = /etc/mailname", runs()),
        ];
        for (main, expected) in cases {
            assert_eq!(fault(main, None, None), expected, "{main}");
        }
    }

    /// The words of postmap of Debian's Postfix 3.11.7.
    #[test]
    fn origins_in_files() {
        let several = |value: &str| format!("myorigin parameter setting must not contain multiple values: {value}");
        let cases = [
            (Some("debian.example\nsecond.example\n"), "runs".to_string()),
            (Some(" lead.example \n"), "runs".into()),
            (Some(""), "myorigin file /etc/mailname is empty".into()),
            (Some("\nx\n"), "myorigin file /etc/mailname is empty".into()),
            (Some("# c\nx.example\n"), several("# c")),
            (Some("a b\n"), several("a b")),
            (None, "/etc/mailname: cannot open file: No such file or directory".into()),
        ];
        for (file, expected) in cases {
            let found = fault("myorigin = /etc/mailname\n", Some(Profile::DEBIAN), file);
            assert_eq!(found, expected, "{file:?}");
        }
    }
}
