//! What main.cf and a service's `-o` say about SMTP sessions.
//!
//! Source: postconf(5).

use super::data::BareNewline;
use crate::config::Configuration;
use crate::config::catalogue::TimeUnit;
use crate::config::expand::ExpandError;
use crate::config::services::Service;
use std::time::Duration;

/// What the server offers in its answer to `EHLO`, as far as main.cf can take it away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// `PIPELINING`.
    pub pipelining: bool,
    /// `SIZE`.
    pub size: bool,
    /// `VRFY`.
    pub vrfy: bool,
    /// `ETRN`.
    pub etrn: bool,
    /// `ENHANCEDSTATUSCODES`.
    pub enhanced_status_codes: bool,
    /// `8BITMIME`.
    pub eight_bit_mime: bool,
    /// `DSN`.
    pub dsn: bool,
    /// `SMTPUTF8`.
    pub smtputf8: bool,
    /// `CHUNKING`.
    pub chunking: bool,
}

/// What the sessions of a service are ruled by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `myhostname`.
    pub host: String,
    /// The greeting behind `220 `.
    pub banner: String,
    /// `message_size_limit`, in bytes; 0 for none.
    pub size_limit: u64,
    /// What `EHLO` offers.
    pub keywords: Keywords,
    /// `disable_vrfy_command`.
    pub vrfy_disabled: bool,
    /// `smtpd_helo_required`.
    pub helo_required: bool,
    /// `strict_rfc821_envelopes`.
    pub strict_envelopes: bool,
    /// `smtputf8_enable`.
    pub smtputf8: bool,
    /// `smtpd_recipient_limit`.
    pub recipient_limit: usize,
    /// `smtpd_forbid_unauth_pipelining`.
    pub forbids_pipelining: bool,
    /// What of bare line feeds, for clients that are not excepted.
    pub bare_newline: BareNewline,
    /// `smtpd_soft_error_limit`.
    pub soft_error_limit: usize,
    /// `smtpd_hard_error_limit`.
    pub hard_error_limit: usize,
    /// `smtpd_junk_command_limit`.
    pub junk_command_limit: usize,
    /// `smtpd_error_sleep_time`.
    pub error_sleep: Duration,
    /// `smtpd_timeout`.
    pub timeout: Duration,
    /// `line_length_limit`: a longer command is cut, and the connection ends behind it.
    pub line_limit: usize,
}

impl Default for Settings {
    /// Postfix's defaults, for the host `mail.example.com`.
    fn default() -> Self {
        Self {
            host: "mail.example.com".into(),
            banner: "mail.example.com ESMTP Postfix".into(),
            size_limit: 10_240_000,
            keywords: Keywords::ALL,
            vrfy_disabled: false,
            helo_required: false,
            strict_envelopes: false,
            smtputf8: true,
            recipient_limit: 1000,
            forbids_pipelining: true,
            bare_newline: BareNewline::MadeGood,
            soft_error_limit: 10,
            hard_error_limit: 20,
            junk_command_limit: 100,
            error_sleep: Duration::from_secs(1),
            timeout: Duration::from_secs(300),
            line_limit: 2048,
        }
    }
}

impl Keywords {
    const ALL: Self = Self {
        pipelining: true,
        size: true,
        vrfy: true,
        etrn: true,
        enhanced_status_codes: true,
        eight_bit_mime: true,
        dsn: true,
        smtputf8: true,
        chunking: true,
    };

    /// All but those that `smtpd_discard_ehlo_keywords` names.
    fn without(discarded: &str) -> Self {
        let mut left = Self::ALL;
        for word in discarded.split([' ', '\t', '\n', '\r', ',']) {
            match word.to_ascii_lowercase().as_str() {
                "pipelining" => left.pipelining = false,
                "size" => left.size = false,
                "vrfy" => left.vrfy = false,
                "etrn" => left.etrn = false,
                "enhancedstatuscodes" => left.enhanced_status_codes = false,
                "8bitmime" => left.eight_bit_mime = false,
                "dsn" => left.dsn = false,
                "smtputf8" => left.smtputf8 = false,
                "chunking" => left.chunking = false,
                _ => {}
            }
        }
        left
    }
}

/// Why the settings of a service cannot be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// A value cannot be expanded.
    Expand(String, ExpandError),
    /// A value is not of its parameter's type.
    Bad(String, String),
}

impl std::fmt::Display for SettingsError {
    /// `smtpd_timeout: bad value "x"`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expand(name, error) => write!(f, "{name}: {error}"),
            Self::Bad(name, value) => write!(f, "{name}: bad value \"{value}\""),
        }
    }
}

impl Settings {
    /// What a configuration says for a service.
    ///
    /// # Errors
    /// A value that cannot be expanded, or is not what the parameter takes.
    pub fn read(configuration: &Configuration, service: Option<&Service>) -> Result<Self, SettingsError> {
        let reader = Reader { configuration, service };
        let bare_code = reader.number("smtpd_forbid_bare_newline_reject_code")?;
        let smtputf8 = reader.yes("smtputf8_enable")?;
        let mut keywords = Keywords::without(&reader.text("smtpd_discard_ehlo_keywords")?);
        keywords.smtputf8 &= smtputf8;
        keywords.vrfy &= !reader.yes("disable_vrfy_command")?;
        Ok(Self {
            host: reader.text("myhostname")?,
            banner: reader.text("smtpd_banner")?,
            size_limit: reader.number("message_size_limit")?,
            keywords,
            vrfy_disabled: reader.yes("disable_vrfy_command")?,
            helo_required: reader.yes("smtpd_helo_required")?,
            strict_envelopes: reader.yes("strict_rfc821_envelopes")?,
            smtputf8,
            recipient_limit: reader.count("smtpd_recipient_limit")?,
            forbids_pipelining: reader.yes("smtpd_forbid_unauth_pipelining")?,
            bare_newline: match reader.text("smtpd_forbid_bare_newline")?.to_ascii_lowercase().as_str() {
                "no" => BareNewline::Taken,
                "yes" | "normalize" | "note" => BareNewline::MadeGood,
                "reject" => BareNewline::Refused(u16::try_from(bare_code).unwrap_or(550)),
                _ => return Err(reader.bad("smtpd_forbid_bare_newline")),
            },
            soft_error_limit: reader.count("smtpd_soft_error_limit")?,
            hard_error_limit: reader.count("smtpd_hard_error_limit")?,
            junk_command_limit: reader.count("smtpd_junk_command_limit")?,
            error_sleep: reader.time("smtpd_error_sleep_time")?,
            timeout: reader.time("smtpd_timeout")?,
            line_limit: reader.count("line_length_limit")?,
        })
    }
}

/// Reads the values of a service.
struct Reader<'c> {
    configuration: &'c Configuration,
    service: Option<&'c Service>,
}

impl Reader<'_> {
    fn text(&self, name: &str) -> Result<String, SettingsError> {
        let value = self.configuration.expanded(name.as_bytes(), self.service);
        let value = value.map_err(|error| SettingsError::Expand(name.into(), error))?;
        Ok(String::from_utf8_lossy(&value).trim().to_string())
    }

    fn bad(&self, name: &str) -> SettingsError {
        SettingsError::Bad(name.into(), self.text(name).unwrap_or_default())
    }

    fn yes(&self, name: &str) -> Result<bool, SettingsError> {
        match self.text(name)?.to_ascii_lowercase().as_str() {
            "yes" => Ok(true),
            "no" => Ok(false),
            _ => Err(self.bad(name)),
        }
    }

    fn number(&self, name: &str) -> Result<u64, SettingsError> {
        self.text(name)?.parse().map_err(|_| self.bad(name))
    }

    fn count(&self, name: &str) -> Result<usize, SettingsError> {
        self.text(name)?.parse().map_err(|_| self.bad(name))
    }

    fn time(&self, name: &str) -> Result<Duration, SettingsError> {
        let seconds = TimeUnit::Second.parse_time(self.text(name)?.as_bytes());
        let seconds = seconds.and_then(|seconds| u64::try_from(seconds).ok());
        seconds.map(Duration::from_secs).ok_or_else(|| self.bad(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::{ConfigFiles, Platform};
    use std::path::Path;
    use std::sync::Arc;

    fn read(main: &str) -> Result<Settings, String> {
        let main = format!("compatibility_level = 3.11\nmyhostname = mail.example.com\n{main}");
        let files = ConfigFiles::from_sources(Path::new("."), &Arc::new(Source::new("main.cf", main)), None);
        Settings::read(&Configuration::new(files, Platform::default()), None).map_err(|error| error.to_string())
    }

    #[test]
    fn of_a_configuration() {
        assert_eq!(read(""), Ok(Settings::default()));
        let changed = read(
            "smtpd_banner = $myhostname ESMTP\nsmtpd_discard_ehlo_keywords = silent-discard, DSN\n\
             smtpd_forbid_bare_newline = reject\nsmtpd_timeout = 2m\nmessage_size_limit = 0\ndisable_vrfy_command = yes\n",
        );
        let expected = Settings {
            banner: "mail.example.com ESMTP".into(),
            keywords: Keywords { dsn: false, vrfy: false, ..Keywords::ALL },
            bare_newline: BareNewline::Refused(550),
            timeout: Duration::from_secs(120),
            size_limit: 0,
            vrfy_disabled: true,
            ..Settings::default()
        };
        assert_eq!(changed, Ok(expected));
        assert_eq!(read("smtpd_helo_required = on\n").unwrap_err(), "smtpd_helo_required: bad value \"on\"");
        assert_eq!(read("smtpd_timeout = x\n").unwrap_err(), "smtpd_timeout: bad value \"x\"");
    }
}
