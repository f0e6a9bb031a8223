//! `INPUT_MAIL_FILTER` and `MAIL_FILTER`: mail filters.

use super::super::report::Verdict;
use super::state::{Milter, State};
use super::time::time;

/// `INPUT_MAIL_FILTER(NAME, `S=local:/run/filter, F=T, T=S:4m;R:4m')`, or `MAIL_FILTER`, which counts where
/// `confINPUT_MAIL_FILTERS` names it.
pub(super) fn filter(state: &mut State, arguments: &[String], is_input: bool) -> Verdict {
    let given = |at: usize| arguments.get(at).map_or("", String::as_str);
    let (mut address, mut action) = (None, "accept");
    for part in given(1).split(',').map(str::trim) {
        match part.split_once('=').map(|(key, value)| (key.trim(), value.trim())) {
            Some(("S", socket)) => address = socket_name(socket),
            Some(("F", "T")) => action = "tempfail",
            Some(("F", "R")) => action = "reject",
            Some(("F", "4")) => action = "tempfail",
            Some(("T", times)) => timeouts(state, times),
            _ => {}
        }
    }
    let Some(address) = address else {
        return Verdict::decide(
            "no socket is named that Postfix can call: local:PATH, unix:PATH, inet:PORT@HOST",
            &["set smtpd_milters and non_smtpd_milters", "leave it out"],
        );
    };
    let (name, origin) = (given(0).to_string(), state.here.clone());
    state.milters.push(Milter { name, address: format!("{{ {address}, default_action={action} }}"), is_input, origin });
    match is_input {
        true => Verdict::carried("main.cf: smtpd_milters, non_smtpd_milters"),
        false => Verdict::carried("main.cf: smtpd_milters, non_smtpd_milters, if confINPUT_MAIL_FILTERS names it"),
    }
}

/// `local:/run/filter` as Postfix has it; none if the text is no socket.
fn socket_name(text: &str) -> Option<String> {
    let (kind, rest) = text.split_once(':')?;
    match kind.to_ascii_lowercase().as_str() {
        "local" | "unix" => Some(format!("unix:{rest}")),
        "inet" | "inet6" => {
            let (port, host) = rest.split_once('@').unwrap_or((rest, "localhost"));
            let host = host.trim_matches(['[', ']']);
            let host = if host.contains(':') { format!("[{host}]") } else { host.to_string() };
            Some(format!("inet:{host}:{port}"))
        }
        _ => None,
    }
}

/// `C:5m;S:10s;R:10s;E:5m`: connecting, sending, reading, and the end of the message.
fn timeouts(state: &mut State, times: &str) {
    for part in times.split(';') {
        let Some((letter, value)) = part.split_once(':') else { continue };
        let parameter = match letter.trim() {
            "C" => "milter_connect_timeout",
            "S" | "R" => "milter_command_timeout",
            "E" => "milter_content_timeout",
            _ => continue,
        };
        if let Some(time) = time(value, 's') {
            state.set(parameter, time, "");
        }
    }
}

/// Writes those that count, in their order.
pub(super) fn finish(state: &mut State) {
    let named = state.value("confINPUT_MAIL_FILTERS").map(ToString::to_string);
    let used: Vec<Milter> = match named {
        None => state.milters.iter().filter(|milter| milter.is_input).cloned().collect(),
        Some(names) => {
            let find = |name: &str| state.milters.iter().find(|milter| milter.name == name.trim()).cloned();
            names.split([',', ' ', ';']).filter_map(find).collect()
        }
    };
    let Some(first) = used.first() else { return };
    state.here = first.origin.clone();
    let list: Vec<&str> = used.iter().map(|milter| milter.address.as_str()).collect();
    state.set("smtpd_milters", list.join(", "), "");
    state.set("non_smtpd_milters", "$smtpd_milters", "");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_named_as_postfix_names_them() {
        let cases = [
            ("local:/run/clamav.sock", Some("unix:/run/clamav.sock")),
            ("inet:8891@localhost", Some("inet:localhost:8891")),
            ("inet6:8891@[::1]", Some("inet:[::1]:8891")),
            ("inet:8891", Some("inet:localhost:8891")),
            ("/run/x", None),
            ("tls:x", None),
        ];
        for (text, expected) in cases {
            assert_eq!(socket_name(text).as_deref(), expected, "{text}");
        }
    }
}
