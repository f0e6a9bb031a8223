//! What configurations of every kind become, and that each of their lines is told of.

use super::super::settings::Stage;
use super::*;

fn read(text: &str) -> (Settings, Vec<Line>) {
    read_mc("sendmail.mc", text).expect("all closes")
}

/// `LINE WORD: VERDICT` of each line.
fn told(text: &str) -> Vec<String> {
    let line = |line: &Line| format!("{} {}: {}", line.origin.line, line.verdict.word(), line.verdict);
    read(text).1.iter().map(line).collect()
}

/// `NAME = VALUE` of what stands in main.cf, without what Sendmail does by itself.
fn main_cf(text: &str) -> Vec<String> {
    let (settings, _) = read(text);
    let said = settings.main.iter().filter(|setting| setting.origin.line > 0);
    said.map(|setting| format!("{} = {}", setting.name, setting.value)).collect()
}

/// A configuration of the tests' sites, of which every line must be told of.
fn site(name: &str) -> String {
    let path = format!("{}/testdata/sendmail/{name}/sendmail.mc", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the site is there")
}

#[test]
fn every_line_of_what_systems_come_with_is_told_of() {
    for name in ["debian", "freebsd"] {
        let text = site(name);
        let lines = read(&text).1;
        let decisions: Vec<_> = lines.iter().filter(|line| line.verdict.needs_decision()).collect();
        let mut wanted: Vec<usize> = Vec::new();
        let mut is_open = false;
        for (number, line) in (1..).zip(text.lines()) {
            let says = !line.trim().is_empty() && !line.starts_with(['#', '`']) && !line.starts_with("dnl");
            if says && !line.starts_with("divert") && !is_open {
                wanted.push(number);
            }
            is_open = line.ends_with(",dnl");
        }
        let told: Vec<usize> = lines.iter().map(|line| line.origin.line).collect();
        assert_eq!(told, wanted, "{name}");
        let throttle = |line: &&&Line| line.text.contains("confCONNECTION_RATE_THROTTLE");
        assert_eq!(decisions.len(), decisions.iter().filter(throttle).count(), "{name}: {decisions:#?}");
    }
}

#[test]
fn debian_and_freebsd_mean_what_their_systems_mean() {
    let (debian, _) = read(&site("debian"));
    let setting = |settings: &Settings, name: &str| {
        settings.main.iter().find(|setting| setting.name == name).map(|setting| setting.value.clone())
    };
    assert_eq!(setting(&debian, "default_privs").as_deref(), Some("mail"));
    assert_eq!(setting(&debian, "hopcount_limit").as_deref(), Some("100"));
    assert_eq!(setting(&debian, "anvil_rate_time_unit").as_deref(), Some("10m"));
    assert_eq!(setting(&debian, "smtpd_helo_required").as_deref(), Some("yes"));
    assert_eq!(setting(&debian, "postscreen_greet_wait").as_deref(), Some("1s"));
    let services: Vec<_> = debian.listeners.iter().map(|listener| listener.service.as_str()).collect();
    assert_eq!(services, ["127.0.0.1:smtp", "127.0.0.1:submission"]);
    assert!(debian.has(Flag::AccessSkip) && debian.has(Flag::DelayChecksFriend) && debian.has(Flag::NoDefaultMsa));
    let (freebsd, _) = read(&site("freebsd"));
    assert_eq!(freebsd.tables[&Role::Access].path, "/etc/mail/access");
    assert_eq!(freebsd.tables[&Role::Virtuser].map_type, "hash");
    assert!(freebsd.has(Flag::BlocklistRecipients) && freebsd.has(Flag::Redirect));
    let files: Vec<_> = freebsd.files(Class::Local).map(|(path, optional, _)| (path, optional)).collect();
    assert_eq!(files, [("/etc/mail/local-host-names", true)]);
    assert_eq!(freebsd.listeners.len(), 1);
    assert_eq!(setting(&freebsd, "disable_vrfy_command").as_deref(), Some("yes"));
}

#[test]
fn what_stands_behind_a_hash_counts_and_is_told() {
    let (settings, lines) = read("# define(`confMAX_HOP', `30')\ndnl define(`confMAX_HOP', `40')\n");
    let hops = settings.main.iter().find(|setting| setting.name == "hopcount_limit").map(|setting| &setting.value);
    assert_eq!(hops.map(String::as_str), Some("30"));
    let told = "main.cf: hopcount_limit; the # before it does not switch it off: Sendmail heeds it";
    assert_eq!(lines.first().map(|line| &line.verdict), Some(&Verdict::carried(told)));
}

#[test]
fn options_become_parameters() {
    let text = "define(`confMAX_MESSAGE_SIZE', `20971520')dnl\n\
        define(`confTO_QUEUERETURN', `7d')\ndefine(`confTO_QUEUEWARN', `4')\ndefine(`confMIN_QUEUE_AGE', `1h30m')\n\
        define(`confDEF_USER_ID', ``8:12'')\ndefine(`confSMTP_LOGIN_MSG', `$j Sendmail $v/$Z; $b; no spam $?x really $.')\n\
        define(`confFORWARD_PATH', `$z/.forward.$w+$h:$z/.forward+$h:$z/.forward')\n\
        define(`confPRIVACY_FLAGS', `goaway,noetrn,noreceipts')\ndefine(`confSERVER_CERT', `/etc/ssl/c.pem')\n\
        define(`confMAX_MESSAGE_SIZE', `1000')\nundefine(`confSERVER_KEY')\n";
    let expected = [
        "maximal_queue_lifetime = 7d",
        "bounce_queue_lifetime = 7d",
        "delay_warning_time = 4h",
        "minimal_backoff_time = 5400s",
        "smtpd_banner = $myhostname ESMTP Sendmail no spam",
        "forward_path = $home/.forward${recipient_delimiter}${extension}, $home/.forward",
        "smtpd_helo_required = yes",
        "disable_vrfy_command = yes",
        "smtpd_discard_ehlo_keywords = etrn, dsn",
        "smtpd_tls_cert_file = /etc/ssl/c.pem",
        "smtpd_tls_security_level = may",
        "message_size_limit = 1000",
    ];
    assert_eq!(main_cf(text), expected);
    let told = told(text);
    assert_eq!(told[0], "1 carried over: nothing: sendmail.mc:10 says otherwise");
    assert_eq!(
        told[4],
        "5 decide: Postfix wants the name of a user without rights, and 8:12 is none; \
         choose: set default_privs to the name of that user; or leave it at nobody"
    );
    assert_eq!(told[10], "11 carried over: nothing: it leaves confSERVER_KEY at Sendmail's default");
}

#[test]
fn relays_have_mailers_and_ports() {
    let text = "define(`RELAY_MAILER_ARGS', `TCP $h 587')\ndefine(`SMART_HOST', `relay:smart.example.net')\n\
        define(`LUSER_RELAY', `local:ann')\ndefine(`MAIL_HUB', `uucp-new:hub')\n";
    let (settings, lines) = read(text);
    let smart = settings.smart_host.expect("a smart host").what;
    assert_eq!(
        (smart.mailer.as_deref(), smart.host.as_str(), smart.port),
        (Some("relay"), "smart.example.net", Some(587))
    );
    assert_eq!(settings.luser_relay.expect("a relay").what.host, "ann");
    assert_eq!(settings.mail_hub, None);
    assert!(lines[3].verdict.needs_decision());
}

#[test]
fn macros_of_the_site_and_branches_are_followed() {
    let text = "define(`DOM', `example.com')dnl\nMASQUERADE_AS(DOM)\nifdef(`X', `FEATURE(`redirect')',\n\
        `LOCAL_DOMAIN(`a.DOM b.DOM')')\nifelse(DOM, `example.com', `FEATURE(`nouucp', `reject')')\n\
        sinclude(`/etc/mail/more.m4')\ninclude(`/etc/mail/gone.m4')\nifelse(eval(1 > 0), `1', `x')\n";
    let include = |path: &str| (path == "/etc/mail/more.m4").then(|| "\nEXPOSED_USER(`root')\n".to_string());
    let (settings, lines) = read_mc_including("sendmail.mc", text, &include).expect("all closes");
    assert_eq!(settings.masquerade_as.as_ref().map(|said| said.what.as_str()), Some("example.com"));
    let names: Vec<&str> = settings.names(Class::Local).map(|(name, _)| name).collect();
    assert_eq!(names, ["a.example.com", "b.example.com"]);
    assert_eq!(
        settings.names(Class::Exposed).next().map(|(_, origin)| origin.to_string()),
        Some("/etc/mail/more.m4:2".into())
    );
    assert!(!settings.has(Flag::Redirect));
    let undecided: Vec<String> =
        lines.iter().filter(|line| line.verdict.needs_decision()).map(|line| line.origin.to_string()).collect();
    assert_eq!(undecided, ["sendmail.mc:7", "sendmail.mc:8"]);
}

#[test]
fn what_is_not_known_is_left_to_a_person() {
    let text = "FEETURE(`access_db')\nFEATURE(`acess_db')\nnonsense here\nLOCAL_CONFIG\nCwa.example.com b.example.com\n\
        Kfoo regex x\nLOCAL_RULESETS\nSLocal_check_mail\nR$*\t$: $1\nHACK(`own')\nMAILER(`fax')\nDSsmart.example.net\n";
    let told = told(text);
    assert!(told[0].starts_with("1 decide: no macro of Sendmail's is called FEETURE"), "{told:#?}");
    assert!(told[1].contains("choose: write access_db, if that was meant"), "{told:#?}");
    let decided: Vec<usize> = (0..told.len()).filter(|&at| told[at].contains(" decide: ")).collect();
    assert_eq!(decided, [0, 1, 2, 5, 7, 8, 9, 10], "{told:#?}");
    let (settings, _) = read(text);
    assert_eq!(settings.names(Class::Local).count(), 2);
    assert_eq!(settings.smart_host.map(|said| said.what.host), Some("smart.example.net".into()));
}

#[test]
fn filters_lists_and_logins_are_restrictions_and_parameters() {
    let text = "INPUT_MAIL_FILTER(`clam', `S=local:/run/clam.sock, F=T, T=S:4m;R:4m;E:10m')\n\
        INPUT_MAIL_FILTER(`dkim', `S=inet:8891@localhost')\nFEATURE(`dnsbl', `bl.example.net', `\"550 no\"')\n\
        FEATURE(`enhdnsbl', `e.example.net', `', `t', `127.0.0.2.', `127.0.0.3.')\nTRUST_AUTH_MECH(`PLAIN LOGIN')\n\
        FEATURE(`smrsh', `/usr/sbin/smrsh')\nFEATURE(`local_procmail', `', `procmail -t -Y -a $h -d $u')\n";
    let (settings, _) = read(text);
    let words: Vec<_> = settings.restrictions.iter().map(|one| (one.stage, one.words.as_str())).collect();
    let expected = [
        (Stage::Client, "reject_rbl_client bl.example.net"),
        (Stage::Client, "reject_rbl_client e.example.net=127.0.0.2"),
        (Stage::Client, "reject_rbl_client e.example.net=127.0.0.3"),
        (Stage::Relay, "permit_sasl_authenticated"),
    ];
    assert_eq!(words, expected);
    let expected = [
        "milter_command_timeout = 4m",
        "milter_content_timeout = 10m",
        "smtpd_sasl_auth_enable = yes",
        "local_command_shell = /usr/sbin/smrsh -c",
        "mailbox_command = /usr/local/bin/procmail -a \"$EXTENSION\"",
        "smtpd_milters = { unix:/run/clam.sock, default_action=tempfail }, { inet:localhost:8891, default_action=accept }",
        "non_smtpd_milters = $smtpd_milters",
    ];
    assert_eq!(main_cf(text), expected);
}

#[test]
fn what_never_closes_is_an_error_with_its_place() {
    let error = |text: &str| read_mc("sendmail.mc", text).map(drop).map_err(|error| error.to_string());
    assert_eq!(
        error("VERSIONID(`x')\n define(`A', `b)\nMAILER(local)\n"),
        Err("2:14: this ` has no ' that closes it; add the ' where the text should end".into())
    );
    assert_eq!(
        error("MAILER(local"),
        Err("1:7: this ( has no ) that closes it; add the ) behind the last argument".into())
    );
}

#[test]
fn no_depth_of_branches_is_too_deep() {
    let text = format!("{}FEATURE(`redirect'){}", "ifdef(`A',,`".repeat(5000), "')".repeat(5000));
    assert!(read(&text).1.len() < 50);
}
