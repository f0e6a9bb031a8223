//! `define`: each option of Sendmail's and what stands for it in main.cf.
//!
//! Source: cf/README and the operation guide of Sendmail 8.17; postconf(5) of Postfix 3.11.

use super::super::report::Verdict;
use super::option_hosts as hosts;
use super::option_values::{self as values, Own};
use super::option_words as words;
use super::state::State;
use super::time::time;
use crate::base::suggest;

/// What an option becomes.
#[derive(Clone, Copy)]
enum Rule {
    /// A parameter with the same value.
    Text(&'static str),
    /// A parameter with the same value, and what differs.
    Near(&'static str, &'static str),
    /// A parameter that holds a time; the unit of a number without one.
    Time(&'static str, char),
    /// Nothing: why nothing is needed.
    Nothing(&'static str),
    /// A decision: why, and what to choose from.
    Decide(&'static str, &'static [&'static str]),
    /// What its value decides.
    Own(Own),
}
use Rule::{Decide, Near, Nothing, Text, Time};

const LEAVE: &str = "leave it out";
const OWN_LOG: &str = "Postfix has files and processes of its own";
const LOAD: &str = "Postfix sets no limits by the system's load: it adapts its concurrency";
const RESOLVER: &str = "the resolver is set up in resolv.conf(5)";
const QUEUE_ORDER: &str = "Postfix's queue manager has an order of its own";
const SAFE_FILES: &str = "Postfix checks the files that it delivers to by rules of its own";
const UUCP: &str = "Postfix has no UUCP of its own";
const UUCP_CHOICES: &[&str] = &["add a pipe(8) service for uux to master.cf", LEAVE];
const MAILER: &str = "how Sendmail calls a program that delivers; Postfix has agents of its own";
const MAILER_CHOICES: &[&str] = &["add a pipe(8) service for the program to master.cf", LEAVE];
const TLS_CHOICES: &[&str] = &["set smtpd_tls_protocols and smtp_tls_protocols", LEAVE];

/// Options in order of the alphabet.
const RULES: &[(&str, Rule)] = &[
    ("ALIAS_FILE", Rule::Own(values::alias_file)),
    ("BITNET_RELAY", Decide("Postfix has no BITNET", &[LEAVE])),
    ("CYRUSV2_MAILER_ARGS", Nothing("it says where confLOCAL_MAILER's socket is")),
    ("DATABASE_MAP_TYPE", Nothing("the type of the tables, which are read by it")),
    ("DECNET_RELAY", Decide("Postfix has no DECnet", &[LEAVE])),
    ("ESMTP_MAILER_ARGS", Rule::Own(hosts::mailer_port)),
    ("FAX_RELAY", Decide("Postfix has no fax of its own", &["add a transport entry for the fax domain", LEAVE])),
    ("HELP_FILE", Nothing("Postfix has no HELP text")),
    ("LOCAL_MAILER_ARGS", Rule::Own(values::local_mailer_arguments)),
    ("LOCAL_MAILER_CHARSET", Nothing("Postfix does not convert character sets")),
    ("LOCAL_MAILER_DSN_DIAGNOSTIC_CODE", Nothing("Postfix's local(8) has status codes of its own")),
    ("LOCAL_MAILER_EOL", Nothing("Postfix's local(8) writes mailboxes as the system has them")),
    ("LOCAL_MAILER_FLAGS", Decide("flags of Sendmail's local mailer", &["see local(8) for what Postfix does", LEAVE])),
    ("LOCAL_MAILER_MAX", Text("mailbox_size_limit")),
    ("LOCAL_MAILER_MAXMSGS", Nothing("a limit of Sendmail's connections to its mailer")),
    ("LOCAL_MAILER_PATH", Rule::Own(values::local_mailer_path)),
    ("LOCAL_RELAY", Rule::Own(hosts::local_relay)),
    ("LOCAL_SHELL_ARGS", Nothing("Postfix's local(8) gives commands to sh -c too")),
    (
        "LOCAL_SHELL_DIR",
        Nothing("Postfix's local(8) runs commands in its queue directory, command_execution_directory"),
    ),
    ("LOCAL_SHELL_FLAGS", Nothing("flags of Sendmail's own")),
    ("LOCAL_SHELL_PATH", Rule::Own(values::local_shell)),
    ("LUSER_RELAY", Rule::Own(hosts::luser_relay)),
    ("MAIL_HUB", Rule::Own(hosts::mail_hub)),
    ("MAIL_SETTINGS_DIR", Nothing("the directory of the tables, which are read from there")),
    ("MASQUERADE_NAME", Rule::Own(hosts::masquerade_name)),
    ("MSP_QUEUE_DIR", Nothing(OWN_LOG)),
    ("PROCMAIL_MAILER_ARGS", Nothing("it belongs to MAILER(procmail)")),
    ("PROCMAIL_MAILER_FLAGS", Nothing("it belongs to MAILER(procmail)")),
    ("PROCMAIL_MAILER_PATH", Nothing("it says where procmail is, where that is used")),
    ("QUEUE_DIR", Nothing(OWN_LOG)),
    ("RELAY_MAILER_ARGS", Rule::Own(hosts::mailer_port)),
    ("SMART_HOST", Rule::Own(hosts::smart_host)),
    ("SMTP_MAILER_ARGS", Rule::Own(hosts::mailer_port)),
    ("SMTP_MAILER_MAX", Decide("Postfix has one size limit for all mail", &["lower message_size_limit", LEAVE])),
    ("STATUS_FILE", Nothing(OWN_LOG)),
    ("USENET_MAILER_ARGS", Decide(MAILER, MAILER_CHOICES)),
    ("USENET_MAILER_PATH", Decide(MAILER, MAILER_CHOICES)),
    ("UUCP_MAILER_ARGS", Decide(UUCP, UUCP_CHOICES)),
    ("UUCP_MAILER_MAX", Decide(UUCP, UUCP_CHOICES)),
    ("UUCP_MAILER_PATH", Decide(UUCP, UUCP_CHOICES)),
    ("UUCP_RELAY", Decide(UUCP, UUCP_CHOICES)),
    ("confALIAS_WAIT", Nothing("Postfix replaces alias tables as a whole")),
    ("confALLOW_BOGUS_HELO", Nothing("Postfix takes what HELO says unless a restriction looks at it")),
    ("confAUTH_MAX_BITS", Nothing("Postfix offers no security layer of SASL")),
    ("confAUTH_MECHANISMS", Rule::Own(values::auth_mechanisms)),
    ("confAUTH_OPTIONS", Rule::Own(values::auth_options)),
    ("confAUTH_REALM", Near("smtpd_sasl_local_domain", "only realms of Cyrus SASL are chosen by it")),
    ("confAUTO_REBUILD", Nothing("newaliases and postmap rebuild tables, nothing else")),
    ("confBAD_RCPT_THROTTLE", Near("smtpd_soft_error_limit", "all errors of a client count, not only bad recipients")),
    ("confBIND_OPTS", Nothing(RESOLVER)),
    ("confBLANK_SUB", Nothing("Postfix keeps blanks in quoted local parts")),
    ("confCACERT", Rule::Own(values::ca_file)),
    ("confCACERT_PATH", Rule::Own(values::ca_path)),
    ("confCERT_FINGERPRINT_ALGORITHM", Text("smtpd_tls_fingerprint_digest")),
    ("confCF_VERSION", Nothing("it names the version of sendmail.cf")),
    ("confCHECKPOINT_INTERVAL", Nothing("Postfix notes each recipient that is done")),
    ("confCHECK_ALIASES", Nothing("postalias checks the form of aliases; `postwright check` where they lead")),
    (
        "confCIPHER_LIST",
        Decide(
            "Postfix has lists of ciphers by grade",
            &["leave it at Postfix's lists, as postconf(5) advises", "set tls_medium_cipherlist to it"],
        ),
    ),
    ("confCLIENT_CERT", Text("smtp_tls_cert_file")),
    ("confCLIENT_KEY", Text("smtp_tls_key_file")),
    ("confCLIENT_SSL_OPTIONS", Decide("options of OpenSSL by name", TLS_CHOICES)),
    ("confCOLON_OK_IN_ADDR", Nothing("a colon is a part of addresses in Postfix")),
    (
        "confCONNECTION_RATE_THROTTLE",
        Decide(
            "Sendmail limits new connections of all clients together, Postfix those of each client",
            &["set smtpd_client_connection_rate_limit", LEAVE],
        ),
    ),
    ("confCONNECTION_RATE_WINDOW_SIZE", Time("anvil_rate_time_unit", 's')),
    (
        "confCONNECT_ONLY_TO",
        Decide("for tests: all mail goes to one address", &["set relayhost to the address in brackets", LEAVE]),
    ),
    ("confCONTROL_SOCKET_NAME", Nothing(OWN_LOG)),
    (
        "confCON_EXPENSIVE",
        Decide(
            "mail waits until the queue is run, as a dial-up line needs it",
            &["set defer_transports = smtp, and run `postqueue -f` when the line is up", LEAVE],
        ),
    ),
    ("confCOPY_ERRORS_TO", Rule::Own(values::copy_errors)),
    (
        "confCRL",
        Decide(
            "Postfix reads no list of revoked certificates",
            &["list the fingerprints that are trusted: relay_clientcerts", LEAVE],
        ),
    ),
    (
        "confCRL_PATH",
        Decide(
            "Postfix reads no list of revoked certificates",
            &["list the fingerprints that are trusted: relay_clientcerts", LEAVE],
        ),
    ),
    ("confCR_FILE", Rule::Own(values::relay_file)),
    ("confCT_FILE", Nothing("it says where FEATURE(use_ct_file) finds the users")),
    ("confCW_FILE", Rule::Own(values::local_names_file)),
    ("confDANE", Rule::Own(values::dane)),
    ("confDEAD_LETTER_DROP", Nothing("mail that cannot be returned is bounced to the postmaster or logged")),
    (
        "confDEF_AUTH_INFO",
        Decide(
            "a file with one password for all hosts",
            &["write HOST USER:PASSWORD to a table, and set smtp_sasl_password_maps", LEAVE],
        ),
    ),
    ("confDEF_CHAR_SET", Nothing("Postfix does not guess character sets")),
    ("confDEF_USER_ID", Rule::Own(values::default_user)),
    ("confDELAY_LA", Nothing(LOAD)),
    ("confDELIVERY_MODE", Rule::Own(values::delivery_mode)),
    ("confDELIVER_BY_MIN", Nothing("Postfix does not offer DELIVERBY")),
    ("confDEQUOTE_OPTS", Nothing("an option of Sendmail's own maps")),
    ("confDF_BUFFER_SIZE", Nothing(OWN_LOG)),
    ("confDH_PARAMETERS", Rule::Own(values::dh_parameters)),
    ("confDIAL_DELAY", Nothing("Postfix tries again when the queue is run")),
    ("confDIRECT_SUBMISSION_MODIFIERS", Nothing("sendmail(1) of Postfix hands mail to postdrop, without SMTP")),
    ("confDOMAIN_NAME", Rule::Own(hosts::domain_name)),
    ("confDONT_BLAME_SENDMAIL", Nothing(SAFE_FILES)),
    ("confDONT_EXPAND_CNAMES", Nothing("Postfix leaves names in addresses as they are")),
    ("confDONT_INIT_GROUPS", Nothing("Postfix's local(8) takes the user's groups")),
    ("confDONT_PROBE_INTERFACES", Nothing("inet_interfaces says which addresses are the host's own")),
    ("confDONT_PRUNE_ROUTES", Nothing("Postfix drops source routes")),
    ("confDOUBLE_BOUNCE_ADDRESS", Text("2bounce_notice_recipient")),
    ("confEBINDIR", Nothing("it says where Sendmail's helpers are, where they are used")),
    ("confEIGHT_BIT_HANDLING", Nothing("Postfix takes 8-bit text, and converts it where the other side needs that")),
    ("confERROR_MESSAGE", Decide("a text for bounces", &["write it into bounce_template_file", LEAVE])),
    ("confERROR_MODE", Nothing("sendmail(1) of Postfix mails errors back")),
    ("confFALLBACK_MX", Text("smtp_fallback_relay")),
    ("confFALLBACK_SMARTHOST", Text("smtp_fallback_relay")),
    ("confFAST_SPLIT", Nothing(QUEUE_ORDER)),
    ("confFORWARD_PATH", Rule::Own(words::forward_path)),
    ("confFROM_HEADER", Nothing("Postfix writes From: as full_name and the sender give it")),
    ("confFROM_LINE", Nothing("Postfix's local(8) writes From lines as mailboxes have them")),
    ("confHELO_NAME", Text("smtp_helo_name")),
    ("confHOSTS_FILE", Nothing(RESOLVER)),
    ("confHOST_STATUS_DIRECTORY", Nothing("Postfix keeps no status of hosts in files")),
    ("confIGNORE_DOTS", Nothing("`sendmail -i` says the same for each message")),
    ("confINPUT_MAIL_FILTERS", Nothing("smtpd_milters has them in this order")),
    ("confLDAP_CLUSTER", Decide("LDAP is not asked here", &["write a client's .cf file: ldap_table(5)", LEAVE])),
    ("confLDAP_DEFAULT_SPEC", Decide("LDAP is not asked here", &["write a client's .cf file: ldap_table(5)", LEAVE])),
    ("confLOCAL_MAILER", Rule::Own(values::local_mailer)),
    ("confLOG_LEVEL", Nothing("Postfix has one level; debug_peer_list tells more of some")),
    ("confMAILBOX_DATABASE", Nothing("Postfix asks the system who its users are")),
    ("confMAILER_NAME", Nothing("bounces come from MAILER-DAEMON in Postfix")),
    ("confMATCH_GECOS", Decide("mail to full names was taken for users", &["write aliases for the names", LEAVE])),
    ("confMAX_ALIAS_RECURSION", Nothing("Postfix has limits of its own for aliases within aliases")),
    ("confMAX_DAEMON_CHILDREN", Rule::Own(values::daemon_children)),
    ("confMAX_HEADERS_LENGTH", Near("header_size_limit", "it is for each header, not for all of them together")),
    ("confMAX_HOP", Text("hopcount_limit")),
    ("confMAX_MESSAGE_SIZE", Rule::Own(values::message_size)),
    ("confMAX_MIME_HEADER_LENGTH", Nothing("header_size_limit and line_length_limit are what Postfix has")),
    ("confMAX_NOOP_COMMANDS", Near("smtpd_junk_command_limit", "it is one limit for NOOP, RSET, VRFY and ETRN")),
    ("confMAX_QUEUE_AGE", Time("maximal_backoff_time", 'm')),
    ("confMAX_QUEUE_CHILDREN", Nothing("default_destination_concurrency_limit and master.cf limit deliveries")),
    ("confMAX_QUEUE_RUN_SIZE", Nothing("qmgr_message_active_limit is what Postfix has")),
    ("confMAX_RCPTS_PER_MESSAGE", Rule::Own(values::recipient_limit)),
    ("confMAX_RUNNERS_PER_QUEUE", Nothing(QUEUE_ORDER)),
    ("confMCI_CACHE_SIZE", Nothing("Postfix caches connections where there is much mail")),
    ("confMCI_CACHE_TIMEOUT", Time("smtp_connection_cache_time_limit", 'm')),
    ("confMESSAGEID_HEADER", Nothing("Postfix writes a Message-Id of its own form")),
    ("confMESSAGE_TIMEOUT", Rule::Own(values::message_timeout)),
    ("confME_TOO", Nothing("Postfix sends to the sender too, if a list has it")),
    ("confMILTER_LOG_LEVEL", Nothing("milters are logged as smtpd(8) and cleanup(8) are")),
    ("confMILTER_MACROS_CONNECT", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_DATA", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_ENVFROM", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_ENVRCPT", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_EOH", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_EOM", Rule::Own(words::milter_macros)),
    ("confMILTER_MACROS_HELO", Rule::Own(words::milter_macros)),
    ("confMIME_FORMAT_ERRORS", Nothing("bounces are MIME in Postfix")),
    ("confMIN_FREE_BLOCKS", Rule::Own(values::free_blocks)),
    ("confMIN_QUEUE_AGE", Time("minimal_backoff_time", 'm')),
    ("confMUST_QUOTE_CHARS", Nothing("Postfix quotes what RFC 5322 has quoted")),
    ("confNICE_QUEUE_RUN", Nothing(LOAD)),
    ("confNO_RCPT_ACTION", Rule::Own(values::no_recipient)),
    ("confOLD_STYLE_HEADERS", Nothing("blanks between addresses mean nothing in Postfix")),
    ("confOPERATORS", Decide("which characters divide addresses", &[LEAVE])),
    ("confPID_FILE", Nothing(OWN_LOG)),
    ("confPRIVACY_FLAGS", Rule::Own(words::privacy)),
    ("confPROCESS_TITLE_PREFIX", Nothing(OWN_LOG)),
    ("confQUEUE_FACTOR", Nothing(LOAD)),
    ("confQUEUE_FILE_MODE", Nothing(OWN_LOG)),
    ("confQUEUE_LA", Nothing(LOAD)),
    ("confQUEUE_SORT_ORDER", Nothing(QUEUE_ORDER)),
    ("confRAND_FILE", Nothing("OpenSSL has random numbers without it")),
    (
        "confRCPTREJ_MSG",
        Decide("a text for recipients that the access table rejects", &["write it into recipient_access", LEAVE]),
    ),
    ("confREAD_TIMEOUT", Time("smtpd_timeout", 'm')),
    ("confRECEIVED_HEADER", Nothing("Postfix writes Received: in its own form")),
    ("confREFUSE_LA", Nothing(LOAD)),
    ("confREJECT_LOG_INTERVAL", Nothing("Postfix logs each rejection")),
    ("confREJECT_MSG", Rule::Own(values::reject_text)),
    ("confREJECT_NUL", Rule::Own(values::reject_nul)),
    ("confRELAY_MAILER", Rule::Own(values::relay_mailer)),
    (
        "confRELAY_MSG",
        Decide(
            "a text for those who may not relay; Postfix has its code only, relay_domains_reject_code",
            &[
                "leave it at Postfix's text",
                "end smtpd_relay_restrictions in a check_recipient_access table with the text",
            ],
        ),
    ),
    ("confREQUIRES_DIR_FSYNC", Nothing("Postfix does what the system needs to keep files")),
    ("confRRT_IMPLIES_DSN", Nothing("Postfix pays no regard to Return-Receipt-To")),
    ("confRUN_AS_USER", Nothing("Postfix's processes run as mail_owner")),
    ("confSAFE_FILE_ENV", Nothing(SAFE_FILES)),
    ("confSAFE_QUEUE", Nothing("Postfix has mail on disk before it says that it has it")),
    ("confSAVE_FROM_LINES", Nothing("Postfix keeps no From lines")),
    ("confSEPARATE_PROC", Nothing(OWN_LOG)),
    ("confSERVER_CERT", Rule::Own(values::server_certificate)),
    ("confSERVER_KEY", Text("smtpd_tls_key_file")),
    ("confSERVER_SSL_OPTIONS", Decide("options of OpenSSL by name", TLS_CHOICES)),
    ("confSERVICE_SWITCH_FILE", Nothing("nsswitch.conf(5) says where names are looked up")),
    ("confSEVEN_BIT_INPUT", Decide("input was cut to seven bits", &[LEAVE])),
    ("confSHARED_MEMORY_KEY", Nothing(OWN_LOG)),
    ("confSHARED_MEMORY_KEY_FILE", Nothing(OWN_LOG)),
    ("confSINGLE_LINE_FROM_HEADER", Nothing("Postfix leaves folded headers as they are")),
    (
        "confSINGLE_THREAD_DELIVERY",
        Decide("one connection to each host at a time", &["set smtp_destination_concurrency_limit = 1", LEAVE]),
    ),
    ("confSMTP_LOGIN_MSG", Rule::Own(words::banner)),
    ("confSMTP_MAILER", Nothing("Postfix's smtp(8) speaks ESMTP where the other side does")),
    ("confSOFT_BOUNCE", Rule::Own(values::soft_bounce)),
    ("confSSL_ENGINE", Decide("Postfix has no engines of OpenSSL", &[LEAVE])),
    ("confSSL_ENGINE_PATH", Decide("Postfix has no engines of OpenSSL", &[LEAVE])),
    ("confTEMP_FILE_MODE", Nothing(OWN_LOG)),
    ("confTIME_ZONE", Nothing("import_environment brings TZ to Postfix")),
    ("confTLS_FALLBACK_TO_CLEAR", Nothing("smtp_tls_security_level = may falls back too")),
    ("confTLS_SRV_OPTIONS", Rule::Own(values::tls_server_options)),
    ("confTO_ACONNECT", Nothing("smtp_connect_timeout is for each attempt")),
    ("confTO_AUTH", Nothing("Postfix has no time of its own for AUTH")),
    ("confTO_COMMAND", Time("smtpd_timeout", 'm')),
    ("confTO_CONNECT", Time("smtp_connect_timeout", 'm')),
    ("confTO_CONTROL", Nothing(OWN_LOG)),
    ("confTO_DATABLOCK", Time("smtp_data_xfer_timeout", 'm')),
    ("confTO_DATAFINAL", Time("smtp_data_done_timeout", 'm')),
    ("confTO_DATAINIT", Time("smtp_data_init_timeout", 'm')),
    ("confTO_FILEOPEN", Nothing(OWN_LOG)),
    ("confTO_HELO", Time("smtp_helo_timeout", 'm')),
    ("confTO_HOSTSTATUS", Nothing("Postfix keeps no status of hosts in files")),
    ("confTO_ICONNECT", Nothing("smtp_connect_timeout is for each attempt, the first one too")),
    ("confTO_IDENT", Nothing("Postfix does not ask who a client is by ident")),
    ("confTO_INITIAL", Nothing("smtp_helo_timeout is for the greeting too")),
    ("confTO_LHLO", Time("lmtp_lhlo_timeout", 'm')),
    ("confTO_MAIL", Time("smtp_mail_timeout", 'm')),
    ("confTO_MISC", Nothing("Postfix sends no such commands")),
    ("confTO_QUEUERETURN", Rule::Own(values::queue_return)),
    ("confTO_QUEUERETURN_DSN", Time("bounce_queue_lifetime", 'd')),
    ("confTO_QUEUERETURN_NONURGENT", Nothing("Postfix has one lifetime, that of confTO_QUEUERETURN")),
    ("confTO_QUEUERETURN_NORMAL", Rule::Own(values::queue_return)),
    ("confTO_QUEUERETURN_URGENT", Nothing("Postfix has one lifetime, that of confTO_QUEUERETURN")),
    ("confTO_QUEUEWARN", Time("delay_warning_time", 'h')),
    ("confTO_QUEUEWARN_DSN", Nothing("bounces of Postfix's are not warned about")),
    ("confTO_QUEUEWARN_NONURGENT", Nothing("Postfix has one time to warn, that of confTO_QUEUEWARN")),
    ("confTO_QUEUEWARN_NORMAL", Time("delay_warning_time", 'h')),
    ("confTO_QUEUEWARN_URGENT", Nothing("Postfix has one time to warn, that of confTO_QUEUEWARN")),
    ("confTO_QUIT", Time("smtp_quit_timeout", 'm')),
    ("confTO_RCPT", Time("smtp_rcpt_timeout", 'm')),
    ("confTO_RESOLVER_RETRANS", Nothing(RESOLVER)),
    ("confTO_RESOLVER_RETRANS_FIRST", Nothing(RESOLVER)),
    ("confTO_RESOLVER_RETRANS_NORMAL", Nothing(RESOLVER)),
    ("confTO_RESOLVER_RETRY", Nothing(RESOLVER)),
    ("confTO_RESOLVER_RETRY_FIRST", Nothing(RESOLVER)),
    ("confTO_RESOLVER_RETRY_NORMAL", Nothing(RESOLVER)),
    ("confTO_RSET", Time("smtp_rset_timeout", 'm')),
    ("confTO_STARTTLS", Time("smtp_starttls_timeout", 'm')),
    ("confTRUSTED_USER", Nothing("Postfix's processes run as mail_owner")),
    ("confTRUSTED_USERS", Rule::Own(values::trusted_users)),
    ("confTRY_NULL_MX_LIST", Nothing("Postfix goes to the address of a host that is its own MX")),
    ("confUNSAFE_GROUP_WRITES", Nothing(SAFE_FILES)),
    ("confUSERDB_SPEC", Rule::Own(values::user_database)),
    (
        "confUSE_COMPRESSED_IPV6_ADDRESSES",
        Nothing("Postfix compares IPv6 addresses in their short form, and they are written so"),
    ),
    ("confUSE_ERRORS_TO", Decide("bounces went to Errors-To:", &[LEAVE])),
    ("confUSE_MSP", Nothing("sendmail(1) of Postfix submits mail by postdrop(1)")),
    ("confUUCP_MAILER", Decide(UUCP, UUCP_CHOICES)),
    ("confWORK_CLASS_FACTOR", Nothing(QUEUE_ORDER)),
    ("confWORK_RECIPIENT_FACTOR", Nothing(QUEUE_ORDER)),
    ("confWORK_TIME_FACTOR", Nothing(QUEUE_ORDER)),
    ("confXF_BUFFER_SIZE", Nothing(OWN_LOG)),
];

/// What becomes of `define(NAME, VALUE)`, if it counts in the end.
pub(super) fn define(state: &mut State, name: &str, value: &str) -> Verdict {
    let Ok(at) = RULES.binary_search_by(|(known, _)| known.cmp(&name)) else { return unknown(name) };
    let nothing = value.is_empty() && !matches!(name, "confUSERDB_SPEC" | "confCW_FILE");
    match RULES[at].1 {
        Nothing(why) => Verdict::carried(format!("nothing: {why}")),
        _ if nothing => Verdict::carried("nothing: its value is empty, which is Sendmail's default"),
        Text(parameter) => {
            state.set(parameter, value, "");
            Verdict::carried(format!("main.cf: {parameter}"))
        }
        Near(parameter, how) => {
            state.set(parameter, value, how);
            Verdict::changed(format!("main.cf: {parameter}; {how}"))
        }
        Time(parameter, unit) => match time(value, unit) {
            Some(time) => {
                state.set(parameter, time, "");
                Verdict::carried(format!("main.cf: {parameter}"))
            }
            None => Verdict::decide(format!("{value} is no time"), &["set the time that was meant", LEAVE]),
        },
        Decide(why, choices) => Verdict::decide(why, choices),
        Rule::Own(own) => own(state, name, value),
    }
}

/// A name that no option has: a macro of the site's own, or one that is misspelled.
fn unknown(name: &str) -> Verdict {
    if !name.starts_with("conf") {
        let is_mailer = ["_MAILER_ARGS", "_MAILER_PATH", "_MAILER_FLAGS", "_MAILER_MAX", "_MAILER_CHARSET"]
            .iter()
            .any(|end| name.ends_with(end));
        return match () {
            () if is_mailer => Verdict::decide(MAILER, MAILER_CHOICES),
            () if name.starts_with('_') => Verdict::carried("nothing: a switch of the macros themselves"),
            () => Verdict::carried(format!("nothing by itself: it counts where {name} is used")),
        };
    }
    let known = RULES.iter().map(|(known, _)| *known);
    match suggest(name, known).first() {
        Some(similar) => {
            let choice = format!("write {similar}, if that was meant");
            Verdict::decide(format!("no option of Sendmail's is called {name}"), &[&choice, LEAVE])
        }
        None => Verdict::decide(format!("no option of Sendmail's is called {name}"), &[LEAVE]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn options_are_found_by_halving() {
        let unsorted = RULES.windows(2).filter(|pair| pair[0].0 >= pair[1].0).map(|pair| pair[1].0);
        assert_eq!(unsorted.collect::<Vec<_>>(), Vec::<&str>::new());
    }

    #[test]
    fn names_that_no_option_has_are_told() {
        let mut state = State::new(BTreeMap::new(), "sendmail.mc");
        let verdict = define(&mut state, "confMAX_MESAGE_SIZE", "1");
        let expected = "no option of Sendmail's is called confMAX_MESAGE_SIZE; \
                        choose: write confMAX_MESSAGE_SIZE, if that was meant; or leave it out";
        assert_eq!(verdict.to_string(), expected);
        assert_eq!(define(&mut state, "MYHOST", "x").to_string(), "nothing by itself: it counts where MYHOST is used");
    }
}
