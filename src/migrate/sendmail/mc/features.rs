//! `FEATURE`: each of Sendmail's and what stands for it.
//!
//! Source: cf/README of Sendmail 8.17; postconf(5) of Postfix 3.11.

use super::super::report::Verdict;
use super::super::settings::{Class, Flag, Role, Stage};
use super::state::State;
use super::{option_hosts, option_values};
use crate::base::suggest;

const LEAVE: &str = "leave it out";
const ACCESS: &str = "the access tables";
const MASQUERADE: &str = "main.cf: what is masqueraded";

/// Features that switch something on, and where that shows.
const FLAGS: &[(&str, Flag, &str)] = &[
    ("accept_unqualified_senders", Flag::AcceptUnqualifiedSenders, "main.cf: no reject_non_fqdn_sender"),
    ("accept_unresolvable_domains", Flag::AcceptUnresolvableDomains, "main.cf: no reject_unknown_sender_domain"),
    ("allmasquerade", Flag::AllMasquerade, MASQUERADE),
    ("blacklist_recipients", Flag::BlocklistRecipients, ACCESS),
    ("blocklist_recipients", Flag::BlocklistRecipients, ACCESS),
    ("generics_entire_domain", Flag::GenericsEntireDomain, "the table of genericstable"),
    ("limited_masquerade", Flag::LimitedMasquerade, MASQUERADE),
    ("local_no_masquerade", Flag::LocalNoMasquerade, MASQUERADE),
    ("lookupdotdomain", Flag::AccessLookupDotDomain, ACCESS),
    ("masquerade_entire_domain", Flag::MasqueradeEntireDomain, MASQUERADE),
    ("masquerade_envelope", Flag::MasqueradeEnvelope, MASQUERADE),
    ("no_default_msa", Flag::NoDefaultMsa, "master.cf: no service of port 587 but those of DAEMON_OPTIONS"),
    ("preserve_luser_host", Flag::PreserveLuserHost, "main.cf: with LUSER_RELAY"),
    ("redirect", Flag::Redirect, "aliases that end in .REDIRECT"),
    ("relay_entire_domain", Flag::RelayEntireDomain, "main.cf: relay_domains, and clients below the domain"),
    ("stickyhost", Flag::StickyHost, "main.cf: where mail for local users goes"),
    ("virtuser_entire_domain", Flag::VirtuserEntireDomain, "the table of virtusertable"),
];

/// Features that Postfix needs nothing for, and why.
const NOTHING: &[(&str, &str)] = &[
    ("check_cert_altnames", "smtp(8) looks at alternative names"),
    ("check_other", "smtpd(8) ends sessions with many errors, smtpd_hard_error_limit"),
    ("compat_check", "nothing uses it unless the access table has Compat: entries"),
    ("nocanonify", "Postfix asks no DNS to complete names"),
    ("notsticky", "it is Sendmail's default"),
    ("tls_failures", "smtp_tls_security_level = may goes on without TLS where it fails"),
    ("use_client_ptr", "Postfix looks both names of a client up"),
    ("vnet", "it was a name of use_cw_file"),
];

/// Features that a person must decide on: why, and what to choose from.
const DECISIONS: &[(&str, &str, &[&str])] = &[
    (
        "authinfo",
        "passwords for other hosts stand in a table that only Sendmail reads",
        &["write HOST USER:PASSWORD to a table; set smtp_sasl_auth_enable and smtp_sasl_password_maps", LEAVE],
    ),
    (
        "badmx",
        "senders whose domain has a bad MX record are rejected",
        &["set check_sender_mx_access cidr:… in smtpd_sender_restrictions", LEAVE],
    ),
    ("bcc", "copies go where a table says", &["write the table for recipient_bcc_maps", LEAVE]),
    (
        "bestmx_is_local",
        "mail for domains whose best MX is this host is local",
        &["list the domains in mydestination", LEAVE],
    ),
    ("bitdomain", "Postfix has no BITNET", &[LEAVE]),
    (
        "domainmap",
        "domains are rewritten by a table of expressions",
        &["write them for canonical_maps, as a pcre table", LEAVE],
    ),
    ("drac", "clients that fetched mail by POP may relay", &["have users log in: smtpd_sasl_auth_enable", LEAVE]),
    (
        "ldap_routing",
        "LDAP says where mail goes",
        &["write ldap_table(5) clients for virtual_alias_maps and transport_maps", LEAVE],
    ),
    ("loose_relay_check", "user%site@here relays if site may", &["leave it out: Postfix refuses such addresses"]),
    (
        "msp",
        "this is the configuration of the submission program, submit.cf",
        &["migrate sendmail.mc instead: sendmail(1) of Postfix needs no settings of its own", LEAVE],
    ),
    ("mtamark", "the DNS says whether a client is a mail server", &[LEAVE]),
    ("prefixmod", "users with a prefix are rewritten", &["write them for canonical_maps, as a pcre table", LEAVE]),
    ("queuegroup", "the access table chooses queues", &[LEAVE]),
    (
        "relay_local_from",
        "whoever names a local sender may relay, which anybody can",
        &["leave it out, and list clients in mynetworks", "have users log in: smtpd_sasl_auth_enable"],
    ),
    (
        "relay_mail_from",
        "whoever names a sender may relay, which anybody can",
        &["leave it out, and list clients in mynetworks", "have users log in: smtpd_sasl_auth_enable"],
    ),
    ("promiscuous_relay", "anybody may relay: an open relay", &["leave it out, and list clients in mynetworks"]),
    (
        "sts",
        "MTA-STS is asked of a program beside Sendmail",
        &["ask one beside Postfix: smtp_tls_policy_maps = socketmap:…", LEAVE],
    ),
    ("tls_session_features", "the access table sets TLS for some hosts", &["set smtp_tls_policy_maps", LEAVE]),
    ("uucpdomain", "Postfix has no UUCP of its own", &[LEAVE]),
];

/// What becomes of a feature.
pub(super) fn feature(state: &mut State, arguments: &[String]) -> Verdict {
    let given = |at: usize| arguments.get(at).map_or("", String::as_str);
    let name = given(0).trim_end_matches(".m4");
    if let Some((_, flag, to)) = FLAGS.iter().find(|(known, ..)| *known == name) {
        state.flag(*flag);
        return Verdict::carried(*to);
    }
    match name {
        "access_db" => access_db(state, arguments),
        "always_add_domain" => {
            state.flag(Flag::AlwaysAddDomain);
            match given(1) {
                "" => Verdict::carried("nothing: Postfix adds myorigin to addresses without a domain"),
                domain => Verdict::changed(format!("nothing: Postfix adds myorigin, not {domain}")),
            }
        }
        "block_bad_helo" => {
            state.restrict(Stage::Helo, "reject_non_fqdn_helo_hostname");
            Verdict::changed("main.cf: reject_non_fqdn_helo_hostname; clients that take this host's name are not told")
        }
        "conncontrol" => {
            Verdict::carried("main.cf: smtpd_client_connection_count_limit, by ClientConn: in the access table")
        }
        "delay_checks" => delay_checks(state, given(1)),
        "dnsbl" | "enhdnsbl" | "rhsbl" => block_list(state, name, arguments),
        "domaintable" => state.table(Role::Domain, given(1), "domaintable", "main.cf: canonical_maps, see the table"),
        "genericstable" => state.table(Role::Generics, given(1), "genericstable", "main.cf: its table of senders"),
        "greet_pause" => greet_pause(state, given(1)),
        "local_lmtp" => local_lmtp(state, given(1), given(2)),
        "local_procmail" => {
            let path = match (given(1), state.value("PROCMAIL_MAILER_PATH")) {
                ("", Some(path)) => path.to_string(),
                ("", None) => state.procmail.to_string(),
                (path, _) => path.to_string(),
            };
            option_values::procmail(state, &path)
        }
        "mailertable" => state.table(Role::Mailer, given(1), "mailertable", "main.cf: transport_maps, see the table"),
        "nopercenthack" => {
            state.set("allow_percent_hack", "no", "");
            Verdict::carried("main.cf: allow_percent_hack")
        }
        "nouucp" => {
            state.set("swap_bangpath", "no", "");
            Verdict::carried("main.cf: swap_bangpath")
        }
        "nullclient" => match option_hosts::host(state, given(1)) {
            Ok(said) => {
                state.settings.null_client = Some(said);
                Verdict::carried("main.cf: relayhost; nothing is local")
            }
            Err(verdict) => verdict,
        },
        "preserve_local_plus_detail" => {
            state.flag(Flag::PreserveLocalPlusDetail);
            Verdict::changed("nothing: local(8) looks for user+detail, then for user")
        }
        "ratecontrol" => {
            Verdict::carried("main.cf: smtpd_client_connection_rate_limit, by ClientRate: in the access table")
        }
        "relay_based_on_MX" => {
            state.flag(Flag::RelayBasedOnMx);
            state.restrict(Stage::Relay, "permit_mx_backup");
            Verdict::changed("main.cf: permit_mx_backup, for domains that have this host as an MX")
        }
        "relay_hosts_only" => {
            state.flag(Flag::RelayHostsOnly);
            Verdict::decide(
                "hosts below those that may relay may relay, too, in Postfix",
                &[
                    "take relay_domains and smtpd_access_maps out of parent_domain_matches_subdomains",
                    "let the hosts below relay",
                ],
            )
        }
        "require_rdns" => {
            state.restrict(Stage::Client, "reject_unknown_reverse_client_hostname");
            Verdict::carried("main.cf: reject_unknown_reverse_client_hostname")
        }
        "smrsh" => {
            let path = match given(1) {
                "" => format!("{}/smrsh", state.value("confEBINDIR").unwrap_or(state.programs)),
                path => path.to_string(),
            };
            state.set("local_command_shell", format!("{path} -c"), "");
            Verdict::changed("main.cf: local_command_shell; it comes with Sendmail, and must stay on the host")
        }
        "use_ct_file" => {
            let file = state.value("confCT_FILE").unwrap_or("/etc/mail/trusted-users").to_string();
            state.file(Class::Trusted, &file);
            Verdict::changed("nothing: Postfix lets every local user name a sender")
        }
        "use_cw_file" => {
            let file = state.value("confCW_FILE").unwrap_or("/etc/mail/local-host-names").to_string();
            state.file(Class::Local, &file);
            Verdict::carried("main.cf: mydestination, see the file")
        }
        "virtusertable" => {
            state.table(Role::Virtuser, given(1), "virtusertable", "main.cf: virtual_alias_maps, see the table")
        }
        _ => told(state, name, given(1)),
    }
}

/// What needs no more than a word.
fn told(state: &mut State, name: &str, argument: &str) -> Verdict {
    match name {
        "relay_local_from" => state.flag(Flag::RelayLocalFrom),
        "relay_mail_from" if argument == "domain" => state.flag(Flag::RelayMailFromDomain),
        "relay_mail_from" => state.flag(Flag::RelayMailFrom),
        "promiscuous_relay" => state.flag(Flag::PromiscuousRelay),
        _ => {}
    }
    if let Some((_, why)) = NOTHING.iter().find(|(known, _)| *known == name) {
        return Verdict::carried(format!("nothing: {why}"));
    }
    if let Some((_, why, choices)) = DECISIONS.iter().find(|(known, ..)| *known == name) {
        return Verdict::decide(*why, choices);
    }
    let known = FLAGS.iter().map(|(known, ..)| *known).chain(DECISIONS.iter().map(|(known, ..)| *known));
    let known = known.chain(NOTHING.iter().map(|(known, _)| *known)).chain(OTHERS);
    let why = format!("no feature of Sendmail's is called {name}");
    match suggest(name, known).first() {
        Some(similar) => Verdict::decide(why, &[&format!("write {similar}, if that was meant"), LEAVE]),
        None => Verdict::decide(why, &["see what the file feature/NAME.m4 of the site does", LEAVE]),
    }
}

/// Features that have arms of their own, for what is misspelled.
const OTHERS: [&str; 23] = [
    "access_db",
    "always_add_domain",
    "block_bad_helo",
    "conncontrol",
    "delay_checks",
    "dnsbl",
    "domaintable",
    "enhdnsbl",
    "genericstable",
    "greet_pause",
    "local_lmtp",
    "local_procmail",
    "mailertable",
    "nouucp",
    "nullclient",
    "ratecontrol",
    "relay_based_on_MX",
    "relay_hosts_only",
    "require_rdns",
    "smrsh",
    "use_ct_file",
    "use_cw_file",
    "virtusertable",
];

fn access_db(state: &mut State, arguments: &[String]) -> Verdict {
    let table = arguments.get(1).map_or("", String::as_str);
    let verdict = state.table(Role::Access, table, "access", "main.cf: access tables, see the table");
    for argument in arguments.iter().skip(2) {
        match argument.as_str() {
            "skip" => state.flag(Flag::AccessSkip),
            "lookupdotdomain" => state.flag(Flag::AccessLookupDotDomain),
            "relaytofulladdress" => state.flag(Flag::AccessRelayToFullAddress),
            _ => {}
        }
    }
    verdict
}

fn delay_checks(state: &mut State, who: &str) -> Verdict {
    state.flag(Flag::DelayChecks);
    match who {
        "friend" => state.flag(Flag::DelayChecksFriend),
        "hater" => state.flag(Flag::DelayChecksHater),
        _ => {}
    }
    Verdict::carried("main.cf: smtpd_delay_reject, which is on; Spam: in the access table")
}

fn greet_pause(state: &mut State, milliseconds: &str) -> Verdict {
    let Some(seconds) = milliseconds.parse::<u64>().ok().map(|number| number.div_ceil(1000)) else {
        return Verdict::decide("how long to wait stands in the access table", &["set postscreen_greet_wait", LEAVE]);
    };
    if seconds == 0 {
        return Verdict::carried("nothing: it is no pause");
    }
    state.set("postscreen_greet_wait", format!("{seconds}s"), "counts once postscreen(8) listens");
    Verdict::changed("main.cf: postscreen_greet_wait; it counts once postscreen(8) listens at port 25 (master.cf)")
}

fn local_lmtp(state: &mut State, path: &str, arguments: &str) -> Verdict {
    if let Some(socket) = arguments.strip_prefix("FILE ") {
        state.set("mailbox_transport", format!("lmtp:unix:{}", socket.trim()), "");
        return Verdict::carried("main.cf: mailbox_transport");
    }
    match path.rsplit('/').next().unwrap_or_default() {
        "" | "mail.local" => Verdict::carried("nothing: Postfix's local(8) writes the same mailboxes as mail.local"),
        program => Verdict::decide(
            format!("{program} gets mail by LMTP through a pipe, and Postfix's lmtp(8) wants a socket"),
            &["set mailbox_transport = lmtp:unix:SOCKET", "set mailbox_command to the program", "let local(8) deliver"],
        ),
    }
}

/// `dnsbl(ZONE, TEXT, t)`, `enhdnsbl(ZONE, TEXT, t, RESULT…)`, `rhsbl(ZONE, TEXT)`
fn block_list(state: &mut State, name: &str, arguments: &[String]) -> Verdict {
    let given = |at: usize| arguments.get(at).map_or("", String::as_str);
    let zone = given(1);
    if zone.is_empty() || zone.contains(char::is_whitespace) {
        return Verdict::decide("no zone is named", &["name the zone of the list, and migrate again", LEAVE]);
    }
    let (stage, word) = match name {
        "rhsbl" => (Stage::Sender, "reject_rhsbl_sender"),
        _ => (Stage::Client, "reject_rbl_client"),
    };
    let results: Vec<String> = match name {
        "enhdnsbl" => arguments.iter().skip(4).map(|result| result.trim_end_matches('.').to_string()).collect(),
        _ => Vec::new(),
    };
    let results: Vec<String> = results.into_iter().filter(|result| !result.is_empty()).collect();
    if results.is_empty() {
        state.restrict(stage, &format!("{word} {zone}"));
    }
    for result in results {
        state.restrict(stage, &format!("{word} {zone}={result}"));
    }
    match given(2) {
        "" => Verdict::carried(format!("main.cf: {word}")),
        "quarantine" => Verdict::changed(format!("main.cf: {word}; mail is refused, not held back")),
        _ => Verdict::changed(format!("main.cf: {word}; the text of its reply is Postfix's, default_rbl_reply")),
    }
}
