//! `OSTYPE` and `DOMAIN`: what Sendmail's files for an operating system, and the general ones for a domain, say.
//!
//! Source: the files of Debian's sendmail-cf 8.17, by what m4 makes of them.

use super::super::report::Verdict;
use super::super::settings::{Class, Flag};
use super::state::State;

const PROCMAIL: &str = "nothing: its paths are Sendmail's. Mail for local users went through procmail: where they have \
                        .procmailrc files, set mailbox_command = /usr/bin/procmail -a \"$EXTENSION\"";

/// What becomes of `OSTYPE`.
pub(super) fn system(state: &mut State, name: &str) -> Verdict {
    let name = name.trim_end_matches(".m4");
    match name {
        "debian" => {
            state.programs = "/usr/libexec/sendmail";
            state.procmail = "/usr/bin/procmail";
            default(state, "default_privs", "mail", "confDEF_USER_ID");
            Verdict::changed(
                "main.cf: default_privs; the rest are Sendmail's paths. Mail for local users went through \
                 sensible-mda, which runs procmail or maildrop for those that have their files",
            )
        }
        "linux" | "mklinux" | "gnu" => {
            state.programs = "/usr/sbin";
            state.procmail = "/usr/bin/procmail";
            Verdict::changed(PROCMAIL)
        }
        "freebsd4" | "freebsd5" | "freebsd6" | "dragonfly" | "openbsd" | "darwin" | "bsd4.4" => Verdict::carried(
            "nothing: its paths are Sendmail's; Postfix's local(8) writes the same mailboxes as mail.local",
        ),
        "" => Verdict::decide("no operating system is named", &["leave it out"]),
        _ if is_known(name) => Verdict::changed("nothing: its paths are Sendmail's; local(8) writes the mailboxes"),
        _ => Verdict::decide(
            format!("what Sendmail's file for {name} says is not known here"),
            &["look into ostype/NAME.m4, and write here what counts", "leave it out"],
        ),
    }
}

/// Systems that Sendmail comes with files for, by how their names begin.
fn is_known(name: &str) -> bool {
    const FAMILIES: [&str; 24] = [
        "a-ux", "aix", "altos", "amdahl", "bsd", "dgux", "domainos", "dynix", "hpux", "irix", "isc", "maxion", "mpeix",
        "nextstep", "osf1", "powerux", "ptx", "qnx", "riscos", "sco", "sinix", "solaris", "sunos", "svr4",
    ];
    const REST: [&str; 5] = ["ultrix", "unicos", "unixware", "unknown", "uxpds"];
    FAMILIES.iter().chain(&REST).any(|family| name.starts_with(family))
}

/// What becomes of `DOMAIN`.
pub(super) fn domain(state: &mut State, name: &str) -> Verdict {
    match name.trim_end_matches(".m4") {
        "generic" => {
            state.flag(Flag::Redirect);
            let file = state.value("confCW_FILE").unwrap_or("/etc/mail/local-host-names").to_string();
            state.file(Class::Local, &file);
            state.members(Class::Exposed, "root");
            default(state, "header_size_limit", "32768", "confMAX_HEADERS_LENGTH");
            Verdict::changed(
                "main.cf: mydestination, see local-host-names; header_size_limit, which is for each header. Aliases that \
                 end in .REDIRECT are carried over; .forward files are Postfix's, without those named for the host",
            )
        }
        "debian-mta" => {
            default(state, "hopcount_limit", "100", "confMAX_HOP");
            default(state, "smtp_connect_timeout", "2m", "confTO_CONNECT");
            default(state, "smtp_mail_timeout", "2m", "confTO_MAIL");
            default(state, "smtp_data_init_timeout", "2m", "confTO_DATAINIT");
            default(state, "smtp_rset_timeout", "1m", "confTO_RSET");
            default(state, "smtp_quit_timeout", "2m", "confTO_QUIT");
            default(state, "smtpd_timeout", "5m", "confTO_COMMAND");
            // Privacy flags of the site's own take the place of these.
            default(state, "authorized_flush_users", "root", "confPRIVACY_FLAGS");
            Verdict::carried("main.cf: hopcount_limit, smtpd_timeout, times of smtp(8)")
        }
        "debian-msp" => Verdict::decide(
            "this is the configuration of the submission program, submit.cf",
            &["migrate sendmail.mc instead: sendmail(1) of Postfix needs no settings of its own"],
        ),
        name => Verdict::decide(
            format!("what the site's file domain/{name}.m4 says is not known here"),
            &["write what it says into sendmail.mc, and migrate again", "leave it out"],
        ),
    }
}

/// Sets what such a file sets, unless the site defines the option itself.
fn default(state: &mut State, parameter: &str, value: &str, option: &str) {
    if !state.defined.contains_key(option) {
        state.set(parameter, value, "");
    }
}
