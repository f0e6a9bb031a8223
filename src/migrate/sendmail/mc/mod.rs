//! sendmail.mc: what it says, as settings of both sides, and what became of each of its lines.
//!
//! [`read_mc`] takes it statement by statement, in order, as m4 does; what a name is defined as in the end is known
//! beforehand, as Sendmail's macros write most of sendmail.cf behind the last line. Nothing is dropped: what is not
//! understood is a line of the report that leaves the choice to a person.

mod cf_lines;
mod features;
mod listeners;
mod m4;
mod milters;
mod option_hosts;
mod option_values;
mod option_words;
mod options;
mod state;
mod statements;
mod systems;
mod time;

use super::report::{Line, Verdict};
use super::settings::{Class, Flag, Role, Said, Service, Settings, TableFile};
use crate::syntax::sendmail_mc::McFaultKind;
use state::State;
use statements::{Include, Statement, What};
use std::collections::BTreeMap;
use std::fmt;

/// A sendmail.mc that m4 would make nothing of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct McError {
    /// The line and column, or the included file with them.
    place: String,
    kind: McFaultKind,
}

impl fmt::Display for McError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            McFaultKind::UnclosedQuote => "this ` has no ' that closes it; add the ' where the text should end",
            McFaultKind::UnclosedCall => "this ( has no ) that closes it; add the ) behind the last argument",
        };
        write!(f, "{}: {what}", self.place)
    }
}

impl std::error::Error for McError {}

/// Reads a sendmail.mc under a name: the settings, and what became of each line that is no comment.
///
/// # Errors
/// A quote or a call that never closes, of which m4 makes no sendmail.cf.
pub fn read_mc(file: &str, text: &str) -> Result<(Settings, Vec<Line>), McError> {
    read_mc_including(file, text, &|_| None)
}

/// The same; `include` gives the text of a file that is included, by the name that is written.
///
/// # Errors
/// The same.
pub fn read_mc_including(file: &str, text: &str, include: Include<'_>) -> Result<(Settings, Vec<Line>), McError> {
    let reading = statements::read(file, text, include);
    if let Some((origin, kind, place)) = reading.fault {
        let place = if origin.file == file { place } else { format!("{}:{place}", origin.file) };
        return Err(McError { place, kind });
    }
    let mut defined: BTreeMap<String, Said<String>> = BTreeMap::new();
    let mut last: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, statement) in reading.statements.iter().enumerate() {
        match &statement.what {
            What::Define(name, value) => {
                defined.insert(name.clone(), Said::new(value.clone(), statement.origin.clone()));
                last.insert(name, at);
            }
            What::Undefine(names, _) => {
                for name in names {
                    defined.remove(name);
                    last.insert(name, at);
                }
            }
            _ => {}
        }
    }
    let mut state = State::new(defined, file);
    let mut lines = Vec::new();
    for (at, statement) in reading.statements.iter().enumerate() {
        state.here = statement.origin.clone();
        let replaced = match &statement.what {
            What::Define(name, _) => last.get(name.as_str()).filter(|&&last| last > at),
            _ => None,
        };
        let mut verdict = match replaced {
            Some(&last) => {
                let line = &reading.statements[last].origin;
                Verdict::carried(format!("nothing: {line} says otherwise"))
            }
            None => verdict(&mut state, statement),
        };
        if statement.behind_hash
            && let Verdict::CarriedOver { to } = &mut verdict
        {
            to.push_str("; the # before it does not switch it off: Sendmail heeds it");
        }
        lines.push(Line::new(statement.origin.clone(), &statement.text, verdict));
    }
    finish(&mut state, file);
    Ok((state.settings, lines))
}

fn verdict(state: &mut State, statement: &Statement) -> Verdict {
    match &statement.what {
        What::Told(verdict) => verdict.clone(),
        What::Define(name, value) => options::define(state, name, value),
        What::Undefine(names, was_defined) => match was_defined {
            true => Verdict::carried("nothing: what was defined above counts no longer"),
            false => Verdict::carried(format!("nothing: it leaves {} at Sendmail's default", names.join(", "))),
        },
        What::Cf(section, text) => cf_lines::line(state, section, text),
        What::Call(name, arguments) => call(state, name, arguments),
    }
}

fn call(state: &mut State, name: &str, arguments: &[String]) -> Verdict {
    let given = |at: usize| arguments.get(at).map_or("", String::as_str);
    let first = given(0);
    if let Some((class, to)) = class_of(name) {
        match name.ends_with("_FILE") {
            true => state.file(class, first),
            false => state.members(class, first),
        }
        return match class {
            Class::LdapRoute => Verdict::decide(
                "LDAP says where mail for these domains goes",
                &["write ldap_table(5) clients for virtual_alias_maps and transport_maps", "leave it out"],
            ),
            Class::LocalUser => Verdict::decide(
                "mail for this user stays on this host where a hub takes the others",
                &["set mailbox_transport_maps with an entry for the user", "leave it out, if there is no MAIL_HUB"],
            ),
            _ => Verdict::carried(to),
        };
    }
    match name {
        "FEATURE" => features::feature(state, arguments),
        "OSTYPE" => systems::system(state, first),
        "DOMAIN" => systems::domain(state, first),
        "DAEMON_OPTIONS" => listeners::daemon(state, first),
        "CLIENT_OPTIONS" => listeners::client(state, first),
        "INPUT_MAIL_FILTER" => milters::filter(state, arguments, true),
        "MAIL_FILTER" => milters::filter(state, arguments, false),
        "MASQUERADE_AS" => {
            state.settings.masquerade_as = Some(Said::new(first.to_string(), state.here.clone()));
            Verdict::carried("main.cf: myorigin and what is masqueraded")
        }
        "MAILER" => mailer(state, first),
        "TRUST_AUTH_MECH" => {
            state.set("smtpd_sasl_auth_enable", "yes", "");
            state.restrict(super::settings::Stage::Relay, "permit_sasl_authenticated");
            Verdict::changed(
                "main.cf: smtpd_sasl_auth_enable, permit_sasl_authenticated; all mechanisms are trusted alike",
            )
        }
        "VERSIONID" => Verdict::carried("nothing: it names the version of the file"),
        "CANONIFY_DOMAIN" | "CANONIFY_DOMAIN_FILE" => {
            Verdict::carried("nothing: Postfix asks no DNS to complete names")
        }
        "MODIFY_MAILER_FLAGS" => Verdict::decide(
            format!("flags of Sendmail's mailer {first}; Postfix's agents have settings instead"),
            &["see local(8) and smtp(8) for what the flags did", "leave it out"],
        ),
        "QUEUE_GROUP" => Verdict::decide(
            "Postfix has one queue, and limits for each transport",
            &["set TRANSPORT_destination_concurrency_limit for what the group limits", "leave it out"],
        ),
        "HACK" => Verdict::decide(
            format!("what the site's file hack/{first}.m4 does is not known here"),
            &["say by tables and restrictions what it does", "leave it out"],
        ),
        "SITE" | "SITECONFIG" => Verdict::decide("Postfix has no UUCP of its own", &["leave it out"]),
        _ => Verdict::decide(format!("{name} has nothing like it in Postfix"), &["leave it out"]),
    }
}

/// The class that a macro adds to, and where its members show.
fn class_of(name: &str) -> Option<(Class, &'static str)> {
    Some(match name.trim_end_matches("_FILE") {
        "LOCAL_DOMAIN" => (Class::Local, "main.cf: mydestination"),
        "LOCAL_USER" => (Class::LocalUser, "main.cf: where mail for local users goes"),
        "RELAY_DOMAIN" => (Class::Relay, "main.cf: relay_domains, mynetworks"),
        "VIRTUSER_DOMAIN" => (Class::VirtHost, "main.cf: domains of virtusertable"),
        "GENERICS_DOMAIN" => (Class::Generics, "the table of genericstable"),
        "MASQUERADE_DOMAIN" => (Class::Masquerade, "main.cf: what is masqueraded"),
        "MASQUERADE_EXCEPTION" => (Class::MasqueradeException, "main.cf: what is masqueraded"),
        "EXPOSED_USER" => (Class::Exposed, "main.cf: masquerade_exceptions"),
        "LDAPROUTE_DOMAIN" | "LDAPROUTE_EQUIVALENT" => (Class::LdapRoute, ""),
        _ => return None,
    })
}

fn mailer(state: &mut State, name: &str) -> Verdict {
    match name {
        "local" => Verdict::carried("nothing: Postfix's local(8) delivers to users"),
        "smtp" => Verdict::carried("nothing: Postfix's smtp(8) delivers to other hosts"),
        "cyrusv2" | "cyrus" => {
            Verdict::carried("nothing by itself: confLOCAL_MAILER and mailertable say what goes there")
        }
        "procmail" => {
            let path = state.value("PROCMAIL_MAILER_PATH").unwrap_or(state.procmail).to_string();
            let line = format!(
                "procmail unix - n n - - pipe\n    flags=R user=nobody argv={path} -m ${{nexthop}} ${{sender}} ${{recipient}}"
            );
            state.settings.services.push(Service { line, origin: state.here.clone() });
            Verdict::changed("master.cf: procmail, for mailertable; it runs as nobody, not as Sendmail's user")
        }
        "" => Verdict::decide("no mailer is named", &["leave it out"]),
        _ => Verdict::decide(
            format!("Postfix has no mailer {name}"),
            &["add a pipe(8) service to master.cf, if tables name it", "leave it out"],
        ),
    }
}

/// What Sendmail does without a word in sendmail.mc.
fn finish(state: &mut State, file: &str) {
    milters::finish(state);
    listeners::limit(state);
    state.here = super::report::Origin::new(file, 0);
    if !state.settings.has(Flag::AcceptUnresolvableDomains) {
        state.set("unknown_address_reject_code", "553", "Sendmail refuses senders whose domain is not there for good");
    }
    if !state.defined.contains_key("confCR_FILE") {
        state.file(Class::Relay, "-o /etc/mail/relay-domains");
    }
    let aliases = TableFile { map_type: "hash".into(), path: "/etc/mail/aliases".into(), origin: state.here.clone() };
    state.settings.tables.entry(Role::Aliases).or_insert(aliases);
}

#[cfg(test)]
mod tests;
