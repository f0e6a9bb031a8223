//! `postwright explain`: rules, families of rules, parameters, and names that are neither.

use support::Scratch;

#[test]
fn a_rule() {
    let said = "\
MC003 unknown-parameter
a parameter that no Postfix knows and nothing refers to

family:   MC (main.cf)
severity: warning
fix:      may change the meaning: --unsafe-fixes
manual:   https://www.postfix.org/postconf.5.html

Why
  Postfix ignores it: most often a slip of the pen, and the parameter that was meant keeps its
  default.

For example
  my_hostname = mail.example.com

What to do
  Correct the name, or remove the line.
";
    let scratch = Scratch::example();
    scratch.run("explain MC003").is(0, said, "");
    scratch.run("explain unknown-parameter").is(0, said, "");
    let json = concat!(
        r#"{"version":1,"rule":{"code":"PW002","name":"unused-suppression","family":"PW","about":"comments for postwright","#,
        r#""severity":"warning","fix":"safe","summary":"a comment that silences a finding which is not there","#
    );
    let outcome = scratch.run("explain --format json PW002");
    assert!(outcome.status == 0 && outcome.stdout.starts_with(json), "{}", outcome.stdout);
}

/// Everything that is declared can be explained.
#[test]
fn every_rule_and_family() {
    let scratch = Scratch::example();
    for rule in postwright::lint::declarations() {
        let outcome = scratch.run(&format!("explain {}", rule.code));
        assert_eq!(outcome.status, 0);
        assert!(outcome.stdout.starts_with(&format!("{} {}\n", rule.code, rule.name)), "{}", outcome.stdout);
    }
    let said = scratch.run("explain MS").stdout;
    assert!(
        said.starts_with("MS: master.cf\nMS001 malformed-service: a line of master.cf that is no service\n"),
        "{said}"
    );
}

#[test]
fn a_parameter_and_its_places() {
    let scratch = Scratch::example();
    scratch.edit("site/master.cf", "-o syslog_name=postfix/submission", "-o myorigin=$mydomain");
    let said = "\
myorigin
The domain that is put behind local senders and recipients that have none.

value:      a domain, or a file that holds it (type str); not empty
default:    $myhostname (Postfix 3.11, debian)
versions:   since 2.11 or earlier
note:       domain name or /file containing it
manual:     https://www.postfix.org/postconf.5.html#myorigin
set:        site/main.cf:6:1: $mydomain
set:        site/master.cf:4:6 for submission/inet: $mydomain
";
    let outcome = scratch.run("explain -c site --profile debian myorigin");
    outcome.is(0, said, "");
    let outcome = scratch.run("explain -c site --target 3.5 mynetworks_style");
    let said = "\
mynetworks_style
How much of its own networks a machine trusts as long as mynetworks is not set.

value:      one of the allowed words (type str); words: class, subnet, host; not empty
default:    ${{$compatibility_level} < {2} ? {subnet} : {host}} (Postfix 3.5)
versions:   since 2.11 or earlier
changed:    until 2.11: subnet
changed:    3.0 to 3.5: ${{$compatibility_level} < {2} ? {subnet} : {host}}
changed:    since 3.6: ${{$compatibility_level} <level {2} ? {subnet} : {host}}
manual:     https://www.postfix.org/postconf.5.html#mynetworks_style
";
    outcome.is(0, said, "");
    let used = scratch.run("explain -c site mydomain").stdout;
    assert!(used.contains("used:       site/master.cf:4:16 for submission/inet: in myorigin\n"), "{used}");
    let said = "\
smtpd_use_tls
value:      yes or no (type bool)
default:    no (Postfix 3.11)
versions:   since 2.11 or earlier
old name:   deprecated in 3.9; use smtpd_tls_security_level; no becomes none; yes becomes may;
            postconf warns
default of: postscreen_use_tls, tlsproxy_use_tls
manual:     https://www.postfix.org/postconf.5.html#smtpd_use_tls
";
    scratch.run("explain -c site smtpd_use_tls").is(0, said, "");
    let outcome = scratch.run("explain -c site --target 3.4 smtp_requiretls_policy");
    assert!(outcome.stdout.contains("default:    Postfix 3.4 does not know this parameter\n"), "{}", outcome.stdout);
    let json = concat!(
        r#"{"version":1,"parameter":{"name":"relay_destination_rate_delay","summary":null,"target":"3.11","snapshot":null,"profile":null,"type":"time","#,
        r#""kind":null,"about":null,"allowed":[],"min":null,"max":null,"transport":"relay","#,
        r#""default":"$default_destination_rate_delay","introduced":"2.11","last":null,"defaults":[],"deprecation":null,"#,
        r#""note":"","in_defaults_of":[],"#,
        r#""link":"https://www.postfix.org/postconf.5.html#transport_destination_rate_delay","uses":[]}}"#,
        "\n"
    );
    scratch.run("explain -c site --format json relay_destination_rate_delay").is(0, json, "");
}

#[test]
fn names_that_are_not_known() {
    let scratch = Scratch::example();
    let cases = [
        ("mc003", "; did you mean MC003?"),
        ("mydestnation", "; did you mean mydestination?"),
        ("unknown-paramter", "; did you mean unknown-parameter?"),
        ("zzzz", ""),
    ];
    for (name, hint) in cases {
        let said = format!("postwright: no rule and no parameter is called {name}{hint}\n");
        scratch.run(&format!("explain {name}")).is(1, "", &said);
    }
    scratch.run("explain -c none myorigin").is(2, "", "postwright: none/main.cf: No such file or directory\n");
    assert_eq!(scratch.run("explain --format xml MC003").status, 2);
}

/// The sentences are our own; every restriction has one, and so have the parameters most in use.
#[test]
fn restrictions_and_what_parameters_are_about() {
    let scratch = Scratch::example();
    let said = "\
reject_unauth_destination
Refuses mail to domains that are neither delivered here nor relayed for: without it a server is an
open relay.

what:       an access restriction of the SMTP server
";
    let outcome = scratch.run("explain reject_unauth_destination");
    assert!(outcome.status == 0 && outcome.stdout.starts_with(said), "{}", outcome.stdout);
    let said = "relayhost\nThe server through which all mail for other domains goes, instead of straight to their mail servers.\n\n";
    let outcome = scratch.run("explain relayhost");
    let flat = outcome.stdout.replacen("straight to their\n", "straight to their ", 1);
    assert!(outcome.status == 0 && flat.starts_with(said), "{flat}");
    let outcome = scratch.run("explain --format json permit_mynetworks");
    let start = r#"{"version":1,"restriction":{"name":"permit_mynetworks","summary":"Lets clients through whose address mynetworks holds.""#;
    assert!(outcome.stdout.starts_with(start), "{}", outcome.stdout);
    // What has no sentence says nothing.
    assert!(scratch.run("explain smtpd_noop_commands").stdout.starts_with("smtpd_noop_commands\nvalue: "));
}
