//! Lines for sendmail.cf within sendmail.mc: classes and macros are understood, the rest is for a person.
//!
//! Source: the operation guide of Sendmail 8.17.

use super::super::report::Verdict;
use super::super::settings::{Class, Said};
use super::option_hosts;
use super::state::State;

/// What becomes of a line; the section that it stands in.
pub(super) fn line(state: &mut State, section: &str, text: &str) -> Verdict {
    let mut chars = text.chars();
    let (first, rest) = (chars.next().unwrap_or(' '), chars.as_str());
    match first {
        'C' | 'F' => class(state, first == 'F', rest),
        'D' => macro_line(state, rest),
        'R' | 'S' => Verdict::decide(
            "a rule of Sendmail's own language, which nothing of Postfix's runs",
            &["say by tables and restrictions what it does", "leave it out"],
        ),
        'K' => Verdict::decide(
            "a table for rules of Sendmail's own language",
            &["name it in main.cf where Postfix should look it up", "leave it out"],
        ),
        'H' => Verdict::decide(
            "a header that Sendmail adds or checks",
            &["write it for header_checks, with PREPEND", "leave it out"],
        ),
        'O' => Verdict::decide(
            "an option, written as in sendmail.cf",
            &["write it as define(`conf…'), and migrate again", "leave it out"],
        ),
        'M' => Verdict::decide("a mailer of the site's own", &["add a pipe(8) service to master.cf", "leave it out"]),
        'T' => {
            state.members(Class::Trusted, rest);
            Verdict::changed("nothing: Postfix lets every local user name a sender")
        }
        'E' | 'Q' | 'L' | 'P' | 'V' | 'X' => Verdict::decide("a line for sendmail.cf", &["leave it out"]),
        _ if section.is_empty() => Verdict::decide(
            "it is no macro of Sendmail's, and no line of sendmail.cf",
            &["correct it, if it is misspelled", "leave it out"],
        ),
        _ => Verdict::decide("a line for sendmail.cf", &["leave it out"]),
    }
}

/// `Cwexample.com example.net`, `C{VirtHost}…`, `Fw/etc/mail/local-host-names`
fn class(state: &mut State, is_file: bool, text: &str) -> Verdict {
    let (name, members) = name_of(text);
    let (class, to) = match name {
        "w" => (Class::Local, "main.cf: mydestination"),
        "R" => (Class::Relay, "main.cf: relay_domains, mynetworks"),
        "VirtHost" => (Class::VirtHost, "main.cf: domains of virtusertable"),
        "G" => (Class::Generics, "the table of genericstable"),
        "M" => (Class::Masquerade, "main.cf: what is masqueraded"),
        "N" => (Class::MasqueradeException, "main.cf: what is masqueraded"),
        "E" => (Class::Exposed, "main.cf: masquerade_exceptions"),
        "L" => (Class::LocalUser, "main.cf: where mail for local users goes"),
        "t" => (Class::Trusted, "nothing: Postfix lets every local user name a sender"),
        _ => {
            return Verdict::decide(
                format!("class {name} is of the site's own rules"),
                &["say by tables and restrictions what they do", "leave it out"],
            );
        }
    };
    match (is_file, members.starts_with('|')) {
        (true, true) => Verdict::decide("a program lists the members", &["write them to a file, and migrate again"]),
        (true, false) => {
            state.file(class, members);
            Verdict::carried(to)
        }
        (false, _) => {
            state.members(class, members);
            Verdict::carried(to)
        }
    }
}

/// `Djmail.example.com`, `DSsmart.example.net`
fn macro_line(state: &mut State, text: &str) -> Verdict {
    let (name, value) = name_of(text);
    let value = value.trim();
    match name {
        "j" => option_hosts::domain_name(state, name, value),
        "M" => {
            state.settings.masquerade_as = Some(Said::new(value.to_string(), state.here.clone()));
            Verdict::carried("main.cf: as MASQUERADE_AS")
        }
        "S" => option_hosts::smart_host(state, name, value),
        "H" => option_hosts::mail_hub(state, name, value),
        "R" => option_hosts::local_relay(state, name, value),
        "L" => option_hosts::luser_relay(state, name, value),
        _ => Verdict::decide(format!("macro {name} is of the site's own rules"), &["leave it out"]),
    }
}

/// A name of one letter, or of more in braces, and what follows it.
fn name_of(text: &str) -> (&str, &str) {
    if let Some((name, rest)) = text.strip_prefix('{').and_then(|text| text.split_once('}')) {
        return (name, rest);
    }
    text.split_at(text.chars().next().map_or(0, char::len_utf8))
}
