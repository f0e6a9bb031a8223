//! What `MAIL` and `RCPT` carry behind the address.
//!
//! Source: RFC 1870 (`SIZE`), 6152 (`BODY`), 6531 (`SMTPUTF8`), 3461 (`RET`, `ENVID`, `NOTIFY`, `ORCPT`), 4954
//! (`AUTH`); which words are a fault, and its words, by dialogs with Postfix 3.11.

use super::settings::Settings;
use crate::mail::dsn::{Notify, Return};
use crate::mail::reply::Reply;
use crate::mail::xtext::decode_xtext;

/// What stands behind a sender.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MailParameters {
    /// How big the message will be, in bytes; 0 if that is not told.
    pub size: u64,
    /// Whether the message holds bytes above 127.
    pub eight_bit: bool,
    /// Whether addresses and headers may be UTF-8.
    pub smtputf8: bool,
    /// What comes back.
    pub ret: Option<Return>,
    /// The sender's name for the message.
    pub envelope_id: Option<Vec<u8>>,
}

/// What stands behind a recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RcptParameters {
    /// Of what the sender is told; nothing if that was left to the server.
    pub notify: Option<Notify>,
    /// The recipient as the sender knew him: `rfc822;joe@example.com`.
    pub original: Option<Vec<u8>>,
}

/// Bytes that a number of more digits cannot tell.
const MOST_DIGITS: usize = 18;

impl MailParameters {
    /// Reads the words behind a sender.
    ///
    /// # Errors
    /// The answer to a word that is malformed, or unknown.
    pub fn parse(words: &[&[u8]], settings: &Settings) -> Result<Self, Reply> {
        let mut found = Self::default();
        for word in words {
            match split(word) {
                ("SIZE", Some(value)) => found.size = size(value)?,
                ("BODY", Some(value)) if value.eq_ignore_ascii_case(b"8BITMIME") => found.eight_bit = true,
                ("BODY", Some(value)) if value.eq_ignore_ascii_case(b"7BIT") => found.eight_bit = false,
                ("SMTPUTF8", None) if settings.smtputf8 => found.smtputf8 = true,
                ("AUTH", Some(_)) => {}
                ("RET" | "ENVID", Some(_)) if !settings.keywords.dsn => return Err(no_dsn()),
                ("RET", Some(value)) => {
                    let ret = match value.to_ascii_uppercase().as_slice() {
                        b"FULL" => Return::Full,
                        b"HDRS" => Return::Headers,
                        _ => return Err(Reply::new(501, "5.5.4", "Bad RET parameter syntax")),
                    };
                    if found.ret.replace(ret).is_some() {
                        return Err(Reply::new(501, "5.5.4", "Bad RET parameter syntax"));
                    }
                }
                ("ENVID", Some(value)) => {
                    let id = decode_xtext(value).filter(|id| !id.is_empty() && is_printable(id));
                    if id.is_none() || found.envelope_id.is_some() {
                        return Err(Reply::new(501, "5.5.4", "Bad ENVID parameter syntax"));
                    }
                    found.envelope_id = id;
                }
                _ => return Err(unsupported(word)),
            }
        }
        Ok(found)
    }
}

impl RcptParameters {
    /// Reads the words behind a recipient.
    ///
    /// # Errors
    /// The answer to a word that is malformed, or unknown.
    pub fn parse(words: &[&[u8]], settings: &Settings) -> Result<Self, Reply> {
        let mut found = Self::default();
        for word in words {
            match split(word) {
                ("NOTIFY" | "ORCPT", Some(_)) if !settings.keywords.dsn => return Err(no_dsn()),
                ("NOTIFY", Some(value)) => {
                    let notify = Notify::parse(value).filter(|_| found.notify.is_none());
                    let bad = || Reply::new(501, "5.5.4", "Error: Bad NOTIFY parameter syntax");
                    found.notify = Some(notify.ok_or_else(bad)?);
                }
                ("ORCPT", Some(value)) => {
                    let original = original(value).filter(|_| found.original.is_none());
                    let bad = || Reply::new(501, "5.5.4", "Error: Bad ORCPT parameter syntax");
                    found.original = Some(original.ok_or_else(bad)?);
                }
                _ => return Err(unsupported(word)),
            }
        }
        Ok(found)
    }
}

/// The name of a parameter, in capitals as far as it is one that anybody knows, and its value.
fn split(word: &[u8]) -> (&'static str, Option<&[u8]>) {
    let at = memchr::memchr(b'=', word);
    let name = &word[..at.unwrap_or(word.len())];
    let known = ["SIZE", "BODY", "SMTPUTF8", "AUTH", "RET", "ENVID", "NOTIFY", "ORCPT"];
    let known = known.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name));
    (known.unwrap_or(""), at.map(|at| &word[at + 1..]))
}

fn size(value: &[u8]) -> Result<u64, Reply> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Reply::new(501, "5.5.4", "Bad message size syntax"));
    }
    let digits = value.trim_ascii_start();
    let digits = &digits[digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len())..];
    if digits.len() > MOST_DIGITS {
        return Err(Reply::new(552, "5.3.4", "Message size exceeds file system imposed limit"));
    }
    Ok(digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0')))
}

/// `TYPE;ADDRESS`, the address as xtext.
fn original(value: &[u8]) -> Option<Vec<u8>> {
    let at = memchr::memchr(b';', value)?;
    let (kind, address) = (&value[..at], decode_xtext(&value[at + 1..])?);
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'-';
    let is_good = !kind.is_empty() && kind.iter().all(is_word) && is_printable(&address);
    is_good.then(|| [&kind.to_ascii_lowercase(), b";".as_slice(), &address].concat())
}

/// What is kept must not break a header or a line of the log.
fn is_printable(text: &[u8]) -> bool {
    !text.iter().any(u8::is_ascii_control)
}

fn no_dsn() -> Reply {
    Reply::new(501, "5.7.1", "DSN support is disabled")
}

fn unsupported(word: &[u8]) -> Reply {
    Reply::new(555, "5.5.4", format!("Unsupported option: {}", String::from_utf8_lossy(word)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&[u8]> {
        text.split(' ').filter(|word| !word.is_empty()).map(str::as_bytes).collect()
    }

    /// As 3.11 answers them; NUL in what is xtext it takes, and we do not.
    #[test]
    fn behind_a_sender() {
        let cases = [
            ("", "taken"),
            ("SIZE=0 BODY=7BIT body=8BitMime SMTPUTF8 smtputf8", "taken"),
            ("RET=full ENVID=x=y AUTH=<> AUTH=", "taken"),
            ("SIZE=", "501 5.5.4 Bad message size syntax"),
            ("SIZE=+1", "501 5.5.4 Bad message size syntax"),
            ("SIZE=18446744073709551616", "552 5.3.4 Message size exceeds file system imposed limit"),
            ("SIZE", "555 5.5.4 Unsupported option: SIZE"),
            ("BODY=BINARYMIME", "555 5.5.4 Unsupported option: BODY=BINARYMIME"),
            ("SMTPUTF8=x", "555 5.5.4 Unsupported option: SMTPUTF8=x"),
            ("AUTH", "555 5.5.4 Unsupported option: AUTH"),
            ("NOTIFY=NEVER", "555 5.5.4 Unsupported option: NOTIFY=NEVER"),
            ("=3", "555 5.5.4 Unsupported option: =3"),
            ("RET=X", "501 5.5.4 Bad RET parameter syntax"),
            ("RET=FULL RET=HDRS", "501 5.5.4 Bad RET parameter syntax"),
            ("ENVID=", "501 5.5.4 Bad ENVID parameter syntax"),
            ("ENVID=a+b", "501 5.5.4 Bad ENVID parameter syntax"),
            ("ENVID=a+00", "501 5.5.4 Bad ENVID parameter syntax"),
            ("ENVID=a+0A", "501 5.5.4 Bad ENVID parameter syntax"),
            ("ENVID=x ENVID=y", "501 5.5.4 Bad ENVID parameter syntax"),
        ];
        let settings = Settings::default();
        for (text, expected) in cases {
            let said = MailParameters::parse(&words(text), &settings)
                .map_or_else(|reply| reply.to_string(), |_| "taken".into());
            assert_eq!(said, expected, "{text}");
        }
        let found = MailParameters::parse(&words("SIZE=0012 BODY=8BITMIME RET=HDRS ENVID=q+2Bq"), &settings).unwrap();
        let expected = MailParameters {
            size: 12,
            eight_bit: true,
            smtputf8: false,
            ret: Some(Return::Headers),
            envelope_id: Some(b"q+q".to_vec()),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn behind_a_recipient() {
        let (notify, original) =
            ("501 5.5.4 Error: Bad NOTIFY parameter syntax", "501 5.5.4 Error: Bad ORCPT parameter syntax");
        let cases = [
            ("", "None None"),
            ("NOTIFY=NEVER", "Some(Notify { never: true, success: false, failure: false, delay: false }) None"),
            (
                "NOTIFY=,success,DELAY,",
                "Some(Notify { never: false, success: true, failure: false, delay: true }) None",
            ),
            ("NOTIFY=NEVER,SUCCESS", notify),
            ("NOTIFY=", notify),
            ("NOTIFY=FOO", notify),
            ("NOTIFY=SUCCESS NOTIFY=FAILURE", notify),
            ("ORCPT=RFC822;x+2By@z", "None Some(rfc822;x+y@z)"),
            ("ORCPT=utf-8;\u{e4}", "None Some(utf-8;\u{e4})"),
            ("ORCPT=rfc822;", "None Some(rfc822;)"),
            ("ORCPT=x@y", original),
            ("ORCPT=;a", original),
            ("ORCPT=rfc822;a+00b", original),
            ("ORCPT=rfc822;a+0Ab", original),
            ("ORCPT=rfc822;a ORCPT=rfc822;b", original),
            ("SIZE=3", "555 5.5.4 Unsupported option: SIZE=3"),
        ];
        for (text, expected) in cases {
            let said = RcptParameters::parse(&words(text), &Settings::default()).map_or_else(
                |reply| reply.to_string(),
                |found| {
                    format!("{:?} {:?}", found.notify, found.original.map(|text| String::from_utf8(text).unwrap()))
                        .replace('"', "")
                },
            );
            assert_eq!(said, expected, "{text}");
        }
    }

    #[test]
    fn without_dsn() {
        let mut settings = Settings::default();
        settings.keywords.dsn = false;
        let said = MailParameters::parse(&[b"RET=FULL"], &settings).unwrap_err();
        assert_eq!(said.to_string(), "501 5.7.1 DSN support is disabled");
        assert_eq!(RcptParameters::parse(&[b"NOTIFY=NEVER"], &settings), Err(said));
    }
}
