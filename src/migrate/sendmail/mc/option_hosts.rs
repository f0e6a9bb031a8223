//! Options that name hosts: this one, and those that mail is handed to.

use super::super::report::Verdict;
use super::super::settings::{MailerHost, Said};
use super::state::State;

const LEAVE: &str = "leave it out";

fn main_cf(parameter: &str) -> Verdict {
    Verdict::carried(format!("main.cf: {parameter}"))
}

/// `define(`RELAY_MAILER_ARGS', `TCP $h 587')`: the port of the hosts that the mailer is used for.
pub(super) fn mailer_port(state: &mut State, name: &str, value: &str) -> Verdict {
    let port = value.split_whitespace().nth(2);
    match port.map(str::parse::<u16>) {
        None if value.starts_with("TCP $h") => Verdict::carried("nothing: that is how Postfix connects"),
        Some(Ok(port)) if name == "RELAY_MAILER_ARGS" && state.value("SMART_HOST").is_some() => {
            Verdict::carried(format!("main.cf: relayhost, port {port}"))
        }
        Some(Ok(port)) => Verdict::decide(
            format!("all hosts that {} is used for are called at port {port}", name.trim_end_matches("_ARGS")),
            &["write the port behind each host in transport: smtp:[HOST]:PORT", LEAVE],
        ),
        _ => Verdict::decide("how Sendmail's mailer connects", &[LEAVE]),
    }
}

/// The port that a mailer's arguments name.
fn port_of(state: &State, mailer: Option<&str>) -> Option<u16> {
    let name = match mailer.unwrap_or("relay") {
        "relay" => "RELAY_MAILER_ARGS",
        "esmtp" => "ESMTP_MAILER_ARGS",
        "smtp" => "SMTP_MAILER_ARGS",
        _ => return None,
    };
    state.value(name)?.split_whitespace().nth(2)?.parse().ok()
}

/// A host with its mailer, if Postfix has such a mailer.
pub(super) fn host(state: &State, value: &str) -> Result<Said<MailerHost>, Verdict> {
    let mut host = MailerHost::parse(value);
    host.port = port_of(state, host.mailer.as_deref());
    match host.mailer.as_deref() {
        None | Some("relay" | "smtp" | "esmtp" | "smtp8" | "dsmtp" | "local" | "error") => {
            Ok(Said::new(host, state.here.clone()))
        }
        Some(mailer) => Err(Verdict::decide(
            format!("Postfix has no mailer {mailer}"),
            &["name a host that takes the mail by SMTP, and migrate again", "add a pipe(8) service to master.cf"],
        )),
    }
}

pub(super) fn smart_host(state: &mut State, _: &str, value: &str) -> Verdict {
    match host(state, value) {
        Ok(said) if matches!(said.what.mailer.as_deref(), Some("local" | "error")) => {
            Verdict::decide("mail for others does not leave the host", &["set default_transport", LEAVE])
        }
        Ok(said) => {
            state.settings.smart_host = Some(said);
            main_cf("relayhost")
        }
        Err(verdict) => verdict,
    }
}

/// What differs where mail for local users goes to another host.
const AS_HERE: &str =
    "addresses there keep the domain that they have here, and Sendmail wrote USER@HOST for those without one";

/// Choices where that matters.
const TO_HUB: &[&str] = &["have the host take mail for the domains of this one", "write aliases USER: USER@HOST"];

pub(super) fn mail_hub(state: &mut State, _: &str, value: &str) -> Verdict {
    match host(state, value) {
        Ok(said) => {
            let is_local = said.what.mailer.as_deref() == Some("local");
            state.settings.mail_hub = Some(said);
            match is_local {
                true => Verdict::carried("main.cf: mailbox_transport"),
                false => Verdict::decide(format!("main.cf: mailbox_transport; {AS_HERE}"), TO_HUB),
            }
        }
        Err(verdict) => verdict,
    }
}

pub(super) fn local_relay(state: &mut State, _: &str, value: &str) -> Verdict {
    match host(state, value) {
        Ok(said) => {
            state.settings.local_relay = Some(said);
            let why = format!("main.cf: mailbox_transport; Postfix asks aliases first, and {AS_HERE}");
            Verdict::decide(why, TO_HUB)
        }
        Err(verdict) => verdict,
    }
}

pub(super) fn luser_relay(state: &mut State, _: &str, value: &str) -> Verdict {
    match host(state, value) {
        Ok(said) => {
            let mailer = said.what.mailer.clone();
            state.settings.luser_relay = Some(said);
            match mailer.as_deref() {
                Some("local") => Verdict::carried("main.cf: luser_relay"),
                Some("error") => Verdict::carried("nothing: Postfix refuses mail for users that are not there"),
                _ => Verdict::decide(format!("main.cf: fallback_transport; {AS_HERE}"), TO_HUB),
            }
        }
        Err(verdict) => verdict,
    }
}

pub(super) fn masquerade_name(state: &mut State, _: &str, value: &str) -> Verdict {
    state.settings.masquerade_as = Some(Said::new(value.to_string(), state.here.clone()));
    Verdict::carried("main.cf: as MASQUERADE_AS")
}

pub(super) fn domain_name(state: &mut State, _: &str, value: &str) -> Verdict {
    if value.contains('$') {
        return Verdict::decide(
            format!("{value} depends on the host"),
            &["define confDOMAIN_NAME as the full name, and migrate again", "set myhostname"],
        );
    }
    state.settings.host_name = Some(Said::new(value.to_string(), state.here.clone()));
    main_cf("myhostname")
}
