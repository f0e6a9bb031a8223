//! Options whose value says what they become: files of names, users, agents that deliver, TLS, logins, limits.

use super::super::report::Verdict;
use super::super::settings::{Class, Role, Said, TableFile};
use super::state::State;
use super::time::time;

/// What an option becomes, by its name and value.
pub(super) type Own = fn(&mut State, &str, &str) -> Verdict;

const LEAVE: &str = "leave it out";

fn main_cf(parameter: &str) -> Verdict {
    Verdict::carried(format!("main.cf: {parameter}"))
}

pub(super) fn alias_file(state: &mut State, _: &str, value: &str) -> Verdict {
    let mut paths = Vec::new();
    for part in value.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        match part.split_once(':') {
            None => paths.push(part.to_string()),
            Some(("hash" | "btree" | "dbm" | "implicit" | "text", rest)) => {
                // Flags stand between the type and the file.
                paths.extend(rest.split_whitespace().rfind(|word| word.starts_with('/')).map(ToString::to_string));
            }
            Some((map_type, _)) => {
                return Verdict::decide(
                    format!("aliases of type {map_type} are not read here"),
                    &["write them to a file, and migrate again", "look them up from Postfix: alias_maps"],
                );
            }
        }
    }
    let table = TableFile { map_type: "hash".to_string(), path: paths.join(","), origin: state.here.clone() };
    state.settings.tables.insert(Role::Aliases, table);
    Verdict::carried("main.cf: alias_maps, alias_database")
}

pub(super) fn relay_file(state: &mut State, _: &str, value: &str) -> Verdict {
    state.file(Class::Relay, value);
    Verdict::carried("main.cf: relay_domains, see the file")
}

pub(super) fn local_names_file(_: &mut State, _: &str, _: &str) -> Verdict {
    Verdict::carried("nothing by itself: it says where FEATURE(use_cw_file) finds the names")
}

pub(super) fn trusted_users(state: &mut State, _: &str, value: &str) -> Verdict {
    state.members(Class::Trusted, value);
    Verdict::changed(
        "nothing: Postfix lets every local user name a sender (authorized_submit_users limits who submits)",
    )
}

pub(super) fn user_database(state: &mut State, _: &str, value: &str) -> Verdict {
    if value.is_empty() {
        return Verdict::carried("nothing: it switches the user database off");
    }
    let path = value.split(',').next().unwrap_or_default().trim().trim_end_matches(".db");
    state.table(Role::UserDb, &format!("btree {path}"), "userdb", "see the user database")
}

pub(super) fn local_mailer(state: &mut State, _: &str, value: &str) -> Verdict {
    match value {
        "local" => Verdict::carried("nothing: Postfix's local(8) delivers"),
        "cyrusv2" | "cyrus" => {
            let arguments = state.value("CYRUSV2_MAILER_ARGS").unwrap_or("FILE /var/imap/socket/lmtp");
            let socket = arguments.split_whitespace().last().unwrap_or_default().to_string();
            state.set("mailbox_transport", format!("lmtp:unix:{socket}"), "");
            main_cf("mailbox_transport")
        }
        _ => Verdict::decide(
            format!("mail for local users goes to a mailer {value}"),
            &["add a pipe(8) service to master.cf, and set mailbox_transport to it", "let local(8) deliver"],
        ),
    }
}

pub(super) fn local_mailer_path(state: &mut State, _: &str, value: &str) -> Verdict {
    match value.rsplit('/').next().unwrap_or_default() {
        "mail.local" | "mail" | "sensible-mda" => {
            Verdict::carried("nothing: Postfix's local(8) writes the same mailboxes")
        }
        "procmail" => procmail(state, value),
        program => Verdict::decide(
            format!("mail for local users is given to {program}"),
            &["set mailbox_command to it with its arguments: local(8)", "let local(8) write mailboxes"],
        ),
    }
}

/// Delivery by procmail.
pub(super) fn procmail(state: &mut State, path: &str) -> Verdict {
    state.set("mailbox_command", format!("{path} -a \"$EXTENSION\""), "");
    Verdict::changed("main.cf: mailbox_command; mail for root needs an alias, as no command runs as root")
}

pub(super) fn local_mailer_arguments(state: &mut State, _: &str, value: &str) -> Verdict {
    if let Some(socket) = value.strip_prefix("FILE ") {
        state.set("mailbox_transport", format!("lmtp:unix:{}", socket.trim()), "");
        return main_cf("mailbox_transport");
    }
    Verdict::carried("nothing: arguments of the program that Sendmail delivers with")
}

pub(super) fn local_shell(state: &mut State, _: &str, value: &str) -> Verdict {
    if value == "/bin/sh" {
        return Verdict::carried("nothing: Postfix's local(8) runs commands by it");
    }
    state.set("local_command_shell", format!("{value} -c"), "");
    main_cf("local_command_shell")
}

pub(super) fn relay_mailer(_: &mut State, _: &str, value: &str) -> Verdict {
    match value {
        "relay" | "smtp" | "esmtp" | "smtp8" | "dsmtp" => Verdict::carried("nothing: Postfix's smtp(8) delivers"),
        _ => Verdict::decide(format!("Postfix has no mailer {value}"), &["set relay_transport", LEAVE]),
    }
}

pub(super) fn auth_mechanisms(state: &mut State, _: &str, value: &str) -> Verdict {
    state.set("smtpd_sasl_auth_enable", "yes", "");
    let how =
        format!("main.cf: smtpd_sasl_auth_enable; the mechanisms stand in Cyrus SASL's smtpd.conf: mech_list: {value}");
    Verdict::changed(how)
}

pub(super) fn auth_options(state: &mut State, _: &str, value: &str) -> Verdict {
    let mut security = vec!["noanonymous"];
    let mut told = Vec::new();
    for letter in value.chars().filter(|letter| !matches!(letter, ' ' | ',')) {
        match letter {
            'p' => {
                state.set("smtpd_tls_auth_only", "yes", "");
                told.push("smtpd_tls_auth_only");
            }
            'a' => security.push("noactive"),
            'd' => security.push("nodictionary"),
            'f' => security.push("forward_secrecy"),
            'm' => security.push("mutual_auth"),
            // AUTH= at MAIL, and no anonymous logins, are what Postfix does too.
            'A' | 'y' | 'T' | 'c' => {}
            _ => return Verdict::decide(format!("there is no option {letter} of AUTH"), &[LEAVE]),
        }
    }
    if security.len() > 1 {
        state.set("smtpd_sasl_security_options", security.join(", "), "");
        told.push("smtpd_sasl_security_options");
    }
    match told.is_empty() {
        true => Verdict::carried("nothing: Postfix does so"),
        false => main_cf(&told.join(", ")),
    }
}

pub(super) fn ca_file(state: &mut State, _: &str, value: &str) -> Verdict {
    state.set("smtpd_tls_CAfile", value, "");
    state.set("smtp_tls_CAfile", value, "");
    main_cf("smtpd_tls_CAfile, smtp_tls_CAfile")
}

pub(super) fn ca_path(state: &mut State, _: &str, value: &str) -> Verdict {
    state.set("smtpd_tls_CApath", value, "");
    state.set("smtp_tls_CApath", value, "");
    Verdict::changed(
        "main.cf: smtpd_tls_CApath, smtp_tls_CApath; a service in a chroot needs a copy of the directory there",
    )
}

pub(super) fn server_certificate(state: &mut State, _: &str, value: &str) -> Verdict {
    state.set("smtpd_tls_cert_file", value, "");
    state.set("smtpd_tls_security_level", "may", "");
    main_cf("smtpd_tls_cert_file, smtpd_tls_security_level")
}

pub(super) fn tls_server_options(_: &mut State, _: &str, value: &str) -> Verdict {
    match value {
        "V" => Verdict::carried("nothing: Postfix does not ask clients for certificates, smtpd_tls_ask_ccert"),
        _ => Verdict::decide(format!("there is no option {value}"), &[LEAVE]),
    }
}

pub(super) fn dh_parameters(state: &mut State, _: &str, value: &str) -> Verdict {
    if !value.starts_with('/') {
        return Verdict::carried("nothing: Postfix has parameters of its own");
    }
    state.set("smtpd_tls_dh1024_param_file", value, "");
    main_cf("smtpd_tls_dh1024_param_file")
}

pub(super) fn dane(state: &mut State, _: &str, value: &str) -> Verdict {
    if !is_true(value) && value != "always" {
        return Verdict::carried("nothing: Postfix asks for no TLSA records either");
    }
    state.set("smtp_tls_security_level", "dane", "");
    state.set("smtp_dns_support_level", "dnssec", "");
    main_cf("smtp_tls_security_level, smtp_dns_support_level")
}

fn is_true(value: &str) -> bool {
    value.starts_with(['t', 'T', 'y', 'Y', '1'])
}

pub(super) fn soft_bounce(state: &mut State, _: &str, value: &str) -> Verdict {
    if !is_true(value) {
        return Verdict::carried("nothing: it is off in Postfix too");
    }
    state.set("soft_bounce", "yes", "");
    main_cf("soft_bounce")
}

pub(super) fn copy_errors(state: &mut State, _: &str, value: &str) -> Verdict {
    state.set("bounce_notice_recipient", value, "");
    state.set("notify_classes", "bounce, 2bounce, resource, software", "");
    main_cf("bounce_notice_recipient, notify_classes")
}

pub(super) fn default_user(state: &mut State, _: &str, value: &str) -> Verdict {
    let user = value.split([':', '.']).next().unwrap_or_default().trim();
    if user.is_empty() || user == "root" || user.bytes().all(|byte| byte.is_ascii_digit()) {
        let why = format!("Postfix wants the name of a user without rights, and {value} is none");
        return Verdict::decide(why, &["set default_privs to the name of that user", "leave it at nobody"]);
    }
    state.set("default_privs", user, "");
    Verdict::changed("main.cf: default_privs; the group is the user's own")
}

pub(super) fn delivery_mode(state: &mut State, _: &str, value: &str) -> Verdict {
    match value.chars().next().map(|first| first.to_ascii_lowercase()) {
        Some('q' | 'd') => {
            state.set("defer_transports", "smtp, relay", "");
            Verdict::changed("main.cf: defer_transports; mail for others waits for `postqueue -f`, local mail does not")
        }
        _ => Verdict::carried("nothing: Postfix delivers at once, in the background"),
    }
}

pub(super) fn daemon_children(state: &mut State, _: &str, value: &str) -> Verdict {
    match value.parse() {
        Ok(0) => Verdict::carried("nothing: no limit is meant; default_process_limit is what Postfix has"),
        Ok(limit) => {
            state.daemon_limit = Some(limit);
            Verdict::changed("master.cf: the process limit of each listener; Sendmail counts all of them together")
        }
        Err(_) => Verdict::decide(format!("{value} is no number"), &[LEAVE]),
    }
}

pub(super) fn message_size(state: &mut State, _: &str, value: &str) -> Verdict {
    if value.parse::<u64>().is_err() {
        return Verdict::decide(format!("{value} is no number of bytes"), &["set message_size_limit", LEAVE]);
    }
    state.set("message_size_limit", value, "");
    main_cf("message_size_limit")
}

pub(super) fn recipient_limit(state: &mut State, _: &str, value: &str) -> Verdict {
    match value.parse::<u64>() {
        Ok(0) => Verdict::changed("nothing: no limit is meant; Postfix takes 1000 recipients, smtpd_recipient_limit"),
        Ok(_) => {
            state.set("smtpd_recipient_limit", value, "");
            main_cf("smtpd_recipient_limit")
        }
        Err(_) => Verdict::decide(format!("{value} is no number"), &[LEAVE]),
    }
}

pub(super) fn free_blocks(state: &mut State, _: &str, value: &str) -> Verdict {
    let Some(bytes) = value.parse::<u64>().ok().and_then(|blocks| blocks.checked_mul(1024)) else {
        return Verdict::decide(format!("{value} is no number of blocks"), &["set queue_minfree", LEAVE]);
    };
    state.set("queue_minfree", bytes.to_string(), "");
    Verdict::changed("main.cf: queue_minfree, in bytes, for blocks of 1024")
}

pub(super) fn message_timeout(state: &mut State, name: &str, value: &str) -> Verdict {
    // Old configurations have both times here: 5d/4h.
    let (lifetime, warning) = value.split_once('/').map_or((value, None), |(first, second)| (first, Some(second)));
    if let Some(warning) = warning.and_then(|text| time(text, 'h')) {
        state.set("delay_warning_time", warning, "");
    }
    queue_return(state, name, lifetime)
}

pub(super) fn queue_return(state: &mut State, _: &str, value: &str) -> Verdict {
    let Some(time) = time(value, 'd') else {
        return Verdict::decide(format!("{value} is no time"), &["set maximal_queue_lifetime", LEAVE]);
    };
    state.set("maximal_queue_lifetime", time.clone(), "");
    if !state.has("bounce_queue_lifetime") {
        state.set("bounce_queue_lifetime", time, "");
    }
    main_cf("maximal_queue_lifetime, bounce_queue_lifetime")
}

pub(super) fn no_recipient(state: &mut State, _: &str, value: &str) -> Verdict {
    match value.to_ascii_lowercase().as_str() {
        "none" => Verdict::carried("nothing: Postfix adds nothing either"),
        "add-to-undisclosed" => {
            state.set("undisclosed_recipients_header", "To: undisclosed-recipients:;", "");
            main_cf("undisclosed_recipients_header")
        }
        _ => {
            Verdict::decide("Postfix adds no header with the recipients", &["set undisclosed_recipients_header", LEAVE])
        }
    }
}

pub(super) fn reject_nul(state: &mut State, _: &str, value: &str) -> Verdict {
    if !is_true(value) {
        return Verdict::carried("nothing: Postfix takes such mail too");
    }
    state.set("message_reject_characters", "\\0", "");
    main_cf("message_reject_characters")
}

pub(super) fn reject_text(state: &mut State, _: &str, value: &str) -> Verdict {
    state.settings.reject_text = Some(Said::new(value.trim_matches('"').to_string(), state.here.clone()));
    Verdict::carried("the access tables: what REJECT says")
}
