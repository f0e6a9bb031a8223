//! `DAEMON_OPTIONS` and `CLIENT_OPTIONS`: where the server listens, and from where the client calls.
//!
//! Source: cf/README and the operation guide of Sendmail 8.17, DaemonPortOptions; master(5).

use super::super::report::Verdict;
use super::super::settings::{Flag, Listener};
use super::state::State;

/// `Name=MTA, Port=smtp, Addr=127.0.0.1, M=Ea`: settings with their names' first letters, as Sendmail reads them.
fn parts(text: &str) -> Vec<(char, &str, &str)> {
    let mut parts = Vec::new();
    for one in text.split(',') {
        let (key, value) = one.split_once('=').unwrap_or((one, ""));
        if let Some(first) = key.trim().chars().next() {
            parts.push((first.to_ascii_lowercase(), key.trim(), value.trim()));
        }
    }
    parts
}

/// What becomes of `DAEMON_OPTIONS`.
pub(super) fn daemon(state: &mut State, text: &str) -> Verdict {
    let mut listener =
        Listener { service: String::new(), limit: None, options: Vec::new(), origin: state.here.clone() };
    let (mut port, mut address, mut family) = ("smtp", "", "");
    let mut notes: Vec<String> = Vec::new();
    for (letter, key, value) in parts(text) {
        match letter {
            'p' => port = value,
            'a' => address = value,
            'f' => family = value,
            'm' => modifiers(&mut listener, value, &mut notes),
            'c' => listener.limit = value.parse().ok(),
            'i' => notes.push(format!("filters of its own ({value}) are not carried over: add -o smtpd_milters")),
            // Its name, and what Postfix has no limits by: load, buffers.
            'n' | 'd' | 'l' | 'q' | 'r' | 's' => {}
            _ => notes.push(format!("nothing is known of {key}")),
        }
    }
    let port = match port {
        "25" => "smtp",
        "587" => "submission",
        "465" | "smtps" => "submissions",
        port => port,
    };
    let is_inet6 = family.eq_ignore_ascii_case("inet6");
    if matches!(family.to_ascii_lowercase().as_str(), "unix" | "local") {
        return Verdict::decide(
            "smtpd(8) listens on a socket of the file system by a service of type unix",
            &["add it to master.cf", "leave it out"],
        );
    }
    let address = address.trim_start_matches("IPv6:").trim_matches(['[', ']']);
    listener.service = match address {
        "" | "0.0.0.0" | "::" => port.to_string(),
        address if address.contains(':') => format!("[{address}]:{port}"),
        address => format!("{address}:{port}"),
    };
    let is_any = listener.service == port;
    let here = format!("master.cf: {}", listener.service);
    let found = state.settings.listeners.iter_mut().find(|one| one.service == listener.service);
    // One for each family is one for both.
    if let (Some(_), true) = (&found, is_any) {
        return Verdict::carried(format!("{here}, which listens for both families (inet_protocols)"));
    }
    if found.is_some() {
        return Verdict::decide(format!("{here} is there already"), &["leave it out"]);
    }
    state.settings.listeners.push(listener);
    match (notes.is_empty(), is_any && is_inet6) {
        (true, false) => Verdict::carried(here),
        (true, true) => Verdict::changed(format!("{here}; it listens for both families (inet_protocols)")),
        (false, _) => Verdict::changed(format!("{here}; {}", notes.join("; "))),
    }
}

/// The letters of `M=`.
fn modifiers(listener: &mut Listener, letters: &str, notes: &mut Vec<String>) {
    let mut option = |name: &str, value: &str| {
        if !listener.options.iter().any(|(known, _)| known == name) {
            listener.options.push((name.to_string(), value.to_string()));
        }
    };
    for letter in letters.chars() {
        match letter {
            'a' => {
                option("smtpd_sasl_auth_enable", "yes");
                option("smtpd_client_restrictions", "permit_sasl_authenticated, reject");
            }
            'A' => option("smtpd_sasl_auth_enable", "no"),
            'E' => option("smtpd_discard_ehlo_keywords", "etrn"),
            's' => option("smtpd_tls_wrappermode", "yes"),
            'S' => option("smtpd_tls_security_level", "none"),
            'f' => option("smtpd_sender_restrictions", "reject_non_fqdn_sender"),
            // Optional, names of interfaces in HELO, addresses left as they are: Postfix does so.
            'O' | 'b' | 'h' | 'C' | 'c' | 'r' => {}
            'u' => notes.push("senders without a domain are taken: leave reject_non_fqdn_sender out there".to_string()),
            _ => notes.push(format!("nothing is known of M={letter}")),
        }
    }
}

/// What becomes of `CLIENT_OPTIONS`.
pub(super) fn client(state: &mut State, text: &str) -> Verdict {
    let (mut address, mut told) = ("", Vec::new());
    for (letter, key, value) in parts(text) {
        match letter {
            'a' => address = value,
            'f' | 'n' | 's' | 'r' => {}
            'm' if value.chars().all(|letter| matches!(letter, 'b' | 'h' | 'S' | 'A')) => {
                if value.contains('h') {
                    told.push("HELO has smtp_helo_name, not the interface's name".to_string());
                }
                if value.contains('S') {
                    state.set("smtp_tls_security_level", "none", "");
                }
                if value.contains('A') {
                    state.set("smtp_sasl_auth_enable", "no", "");
                }
            }
            _ => told.push(format!("{key}={value} has nothing like it in Postfix")),
        }
    }
    let address = address.trim_start_matches("IPv6:").trim_matches(['[', ']']);
    let place = match address {
        "" | "0.0.0.0" | "::" => "nothing: Postfix's smtp(8) calls as the system lets it".to_string(),
        _ => {
            let parameter = if address.contains(':') { "smtp_bind_address6" } else { "smtp_bind_address" };
            state.set(parameter, address, "");
            format!("main.cf: {parameter}")
        }
    };
    match told.is_empty() {
        true => Verdict::carried(place),
        false => Verdict::changed(format!("{place}; {}", told.join("; "))),
    }
}

/// The limit of all daemons; Sendmail's own listeners are written out for it.
pub(super) fn limit(state: &mut State) {
    let Some(limit) = state.daemon_limit else { return };
    if state.settings.listeners.is_empty() {
        let ports: &[&str] = if state.settings.has(Flag::NoDefaultMsa) { &["smtp"] } else { &["smtp", "submission"] };
        let origin = state.defined.get("confMAX_DAEMON_CHILDREN").map_or(&state.here, |said| &said.origin);
        let listener = |port: &&str| Listener {
            service: (*port).to_string(),
            limit: None,
            options: Vec::new(),
            origin: origin.clone(),
        };
        state.settings.listeners = ports.iter().map(listener).collect();
    }
    for listener in &mut state.settings.listeners {
        listener.limit.get_or_insert(limit);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::settings::Listener;
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn daemons_are_services() {
        let mut state = State::new(BTreeMap::new(), "sendmail.mc");
        let cases = [
            ("Family=inet, Name=MTA-v4, Port=smtp, Addr=127.0.0.1", "master.cf: 127.0.0.1:smtp"),
            ("Family=inet, Port=submission, M=Ea, Addr=127.0.0.1", "master.cf: 127.0.0.1:submission"),
            ("Name=IPv4, Family=inet", "master.cf: smtp"),
            (
                "Name=IPv6, Family=inet6, Modifiers=O",
                "master.cf: smtp, which listens for both families (inet_protocols)",
            ),
            ("Port=465, M=s, Addr=IPv6:::1, Family=inet6", "master.cf: [::1]:submissions"),
            ("Port=2525, M=x", "master.cf: 2525; nothing is known of M=x"),
        ];
        for (text, told) in cases {
            assert_eq!(daemon(&mut state, text).to_string(), told);
        }
        let options = |listener: &Listener| listener.options.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!(
            options(&state.settings.listeners[1]),
            ["smtpd_discard_ehlo_keywords", "smtpd_sasl_auth_enable", "smtpd_client_restrictions"]
        );
        assert_eq!(options(&state.settings.listeners[3]), ["smtpd_tls_wrappermode"]);
    }
}
