//! What main.cf and a service's `-o` say about SMTP sessions.
//!
//! Source: postconf(5).

use super::data::BareNewline;
use crate::maps::LookupError;
use crate::routing::Router;
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

impl Settings {
    /// What a configuration says for whoever asks.
    ///
    /// # Errors
    /// A value that cannot be expanded, or is not what the parameter takes.
    pub fn read(router: &Router<'_>) -> Result<Self, LookupError> {
        let text = |name: &str| Ok(String::from_utf8_lossy(&router.text(name)?).into_owned());
        let seconds = |name: &str| Ok(Duration::from_secs(router.seconds(name)?));
        let bare_code = router.number("smtpd_forbid_bare_newline_reject_code")?;
        let smtputf8 = router.is_yes("smtputf8_enable")?;
        let mut keywords = Keywords::without(&text("smtpd_discard_ehlo_keywords")?);
        keywords.smtputf8 &= smtputf8;
        keywords.vrfy &= !router.is_yes("disable_vrfy_command")?;
        Ok(Self {
            host: text("myhostname")?,
            banner: text("smtpd_banner")?,
            size_limit: router.number("message_size_limit")? as u64,
            keywords,
            vrfy_disabled: router.is_yes("disable_vrfy_command")?,
            helo_required: router.is_yes("smtpd_helo_required")?,
            strict_envelopes: router.is_yes("strict_rfc821_envelopes")?,
            smtputf8,
            recipient_limit: router.number("smtpd_recipient_limit")?,
            forbids_pipelining: router.is_yes("smtpd_forbid_unauth_pipelining")?,
            bare_newline: match text("smtpd_forbid_bare_newline")?.to_ascii_lowercase().as_str() {
                "no" => BareNewline::Taken,
                "yes" | "normalize" | "note" => BareNewline::MadeGood,
                "reject" => BareNewline::Refused(u16::try_from(bare_code).unwrap_or(550)),
                _ => return Err(router.bad_value("smtpd_forbid_bare_newline")),
            },
            soft_error_limit: router.number("smtpd_soft_error_limit")?,
            hard_error_limit: router.number("smtpd_hard_error_limit")?,
            junk_command_limit: router.number("smtpd_junk_command_limit")?,
            error_sleep: seconds("smtpd_error_sleep_time")?,
            timeout: seconds("smtpd_timeout")?,
            line_limit: router.number("line_length_limit")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use std::path::Path;
    use std::sync::Arc;

    fn read(main: &str) -> Result<Settings, String> {
        let main = format!("compatibility_level = 3.11\nmyhostname = mail.example.com\n{main}");
        let files = ConfigFiles::from_sources(Path::new("."), &Arc::new(Source::new("main.cf", main)), None);
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::system());
        Settings::read(&Router::new(&site, Arc::new(NoCaller))).map_err(|error| error.to_string())
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
