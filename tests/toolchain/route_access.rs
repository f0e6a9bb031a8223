//! `postwright route --client`: what the SMTP server says first.

use super::route::{NAME, site};
use support::Scratch;

/// The session comes first, with each restriction and its lookups.
#[test]
fn access_restrictions() {
    let scratch = site();
    scratch.edit(
        "site/main.cf",
        "mynetworks = ",
        "smtpd_client_restrictions = reject_unknown_client_hostname\nmynetworks = ",
    );
    scratch.edit("site/main.cf", "\ntransport_maps =", "\n#");
    scratch.run(&format!("{NAME} --client 198.51.100.1 --helo h --from a@junk.example.com x@else.example")).is(
        1,
        "x@else.example\n\
         \x20 ├ resolve a@junk.example.com\n\
         \x20 │ ├ junk.example.com is not in mydestination\n\
         \x20 │ ├ junk.example.com is not in virtual_alias_domains\n\
         \x20 │ ├ junk.example.com is not in virtual_mailbox_domains\n\
         \x20 │ └ junk.example.com is in relay_domains, as example.com\n\
         \x20 ├ resolve x@else.example\n\
         \x20 │ ├ else.example is not in mydestination\n\
         \x20 │ ├ else.example is not in virtual_alias_domains\n\
         \x20 │ ├ else.example is not in virtual_mailbox_domains\n\
         \x20 │ └ else.example is not in relay_domains\n\
         \x20 ├ smtpd_client_restrictions unknown[198.51.100.1]\n\
         \x20 │ └ reject_unknown_client_hostname → not asked: needs the DNS\n\
         \x20 └ smtpd_sender_restrictions a@junk.example.com\n\
         \x20   └ check_sender_access cdb:/etc/postfix/access → reject: 550 5.7.1 <a@junk.example.com>: Sender address rejected: No mail from this domain\n\
         \x20     ├ cdb:/etc/postfix/access a@junk.example.com not found\n\
         \x20     └ cdb:/etc/postfix/access junk.example.com = 550 5.7.1 No mail from this domain ($DIR/site/access:3)\n\
         \x20 → rejected 550 5.7.1 <a@junk.example.com>: Sender address rejected: No mail from this domain\n\
         \x20 → by smtpd_sender_restrictions: check_sender_access cdb:/etc/postfix/access\n",
        "",
    );
}

#[test]
fn how_sessions_end() {
    let scratch = site();
    scratch.edit("site/master.cf", "-o smtpd_sasl_auth_enable=yes", "-o smtpd_tls_security_level=encrypt");
    let accepted = "x@else.example\n  → accepted\n\
                    \x20 → x@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it\n";
    let denied = "x@else.example\n  → rejected 554 5.7.1 <x@else.example>: Relay access denied\n\
                  \x20 → by smtpd_relay_restrictions: reject_unauth_destination\n";
    let rejected = "x@else.example\n  → rejected 554 5.7.1 <x@else.example>: Recipient address rejected: Access denied\n\
                    \x20 → by smtpd_relay_restrictions: reject\n";
    let plain = "x@else.example\n  → rejected at MAIL 530 5.7.0 Must issue a STARTTLS command first\n";
    let cases = [
        ("192.0.2.7", 0, accepted),
        ("a.example[192.0.2.7]", 0, accepted),
        ("198.51.100.1", 1, denied),
        ("198.51.100.1 --service submission/inet", 1, plain),
        ("198.51.100.1 --service submission/inet --tls", 1, rejected),
        ("198.51.100.1 --service submission/inet --tls --sasl joe", 1, rejected),
    ];
    for (session, status, stdout) in cases {
        scratch.run(&format!("{NAME} -q x@else.example --client {session}")).is(status, stdout, "");
    }
    scratch.edit(
        "site/main.cf",
        "\nsmtpd_sender_restrictions",
        "\nsmtpd_sasl_auth_enable = yes\nsmtpd_sender_restrictions",
    );
    let submission = "--client 198.51.100.1 --service submission/inet --tls --sasl joe";
    scratch.run(&format!("{NAME} -q x@else.example {submission}")).is(0, accepted, "");
    scratch.write("site/access", "spam@example.com HOLD\n");
    scratch.run(&format!("{NAME} -q --client 192.0.2.7 --from spam@example.com root")).is(
        0,
        "root\n  → accepted\n  → the message is held\n  → alice@example.com: delivered to mailbox /var/mail/alice\n",
        "",
    );
    // What is discarded is so for all, and gets nowhere; nor does a copy, which would bounce.
    scratch.edit(
        "site/main.cf",
        "\nsmtpd_sender_restrictions",
        "\nalways_bcc = none@example.net\nsmtpd_sender_restrictions",
    );
    scratch.write("site/access", "spam@example.com DISCARD\n");
    scratch.run(&format!("{NAME} -q --client 192.0.2.7 --from spam@example.com root x@else.example")).is(
        0,
        "root\n  → accepted\n  → the message is discarded\n  → root@example.com: discarded\n\
         x@else.example\n  → accepted\n  → the message is discarded\n  → x@else.example: discarded\n",
        "",
    );
    let outcome = scratch.run(&format!("{NAME} --client 192.0.2.7 --from spam@example.com root"));
    let last = outcome.stdout.lines().rfind(|line| line.starts_with("  └"));
    assert_eq!(last, Some("  └ smtpd_sender_restrictions spam@example.com"), "{}", outcome.stdout);
}

/// A refusal of the message is one for all that were taken, and not for others.
#[test]
fn messages_are_refused_for_all() {
    let scratch = site();
    scratch.edit(
        "site/main.cf",
        "\nsmtpd_sender_restrictions",
        "\nsmtpd_end_of_data_restrictions = permit_mynetworks, reject\nsmtpd_sender_restrictions",
    );
    let outcome = scratch.run(&format!("{NAME} --client 198.51.100.1 root x@else.example"));
    let last: Vec<&str> =
        outcome.stdout.lines().filter(|line| line.contains("END") || line.starts_with("  →")).collect();
    let expected = [
        "  └ smtpd_end_of_data_restrictions END-OF-MESSAGE",
        "    └ reject → reject: 554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied",
        "  → rejected at END-OF-MESSAGE 554 5.7.1 <END-OF-MESSAGE>: End-of-data rejected: Access denied",
        "  → by smtpd_end_of_data_restrictions: reject",
        "  → rejected 554 5.7.1 <x@else.example>: Relay access denied",
        "  → by smtpd_relay_restrictions: reject_unauth_destination",
    ];
    assert_eq!((outcome.status, last), (1, expected.to_vec()));
    let outcome = scratch.run(&format!("{NAME} --format json --client 192.0.2.7 root"));
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let access = &document["routes"][0]["access"];
    assert_eq!((&access["accepted"], &access["command"]), (&true.into(), &"END-OF-MESSAGE".into()));
}

#[test]
fn sessions_as_a_document() {
    let outcome = site().run(&format!("{NAME} --format json --client 198.51.100.1 x@else.example"));
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let access = &document["routes"][0]["access"];
    assert_eq!((outcome.status, &access["accepted"], &access["command"]), (1, &false.into(), &"RCPT".into()));
    let reply = serde_json::json!({ "code": 554, "status": "5.7.1", "text": "<x@else.example>: Relay access denied" });
    assert_eq!(access["reply"], reply);
    assert_eq!(access["rejected_by"], serde_json::json!(["smtpd_relay_restrictions", "reject_unauth_destination"]));
    let list = access["steps"].as_array().unwrap().last().unwrap();
    let last = list["steps"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["kind"], &last["decision"], &last["reply"]), (&"restriction".into(), &"reject".into(), &reply));
}

/// What smtpd would die of is an error, and so is a server that is none.
#[test]
fn servers_that_would_not_run() {
    let scratch = site();
    let run = |service: &str, message: &str| {
        let outcome = scratch.run(&format!("{NAME} --client 192.0.2.7 --service {service} x@else.example"));
        outcome.is(2, "", &format!("postwright: {message}\n"));
    };
    run("smtp/unix", "smtp/unix is no SMTP server");
    run("smtpx/inet", "master.cf: no service smtpx/inet; did you mean smtp/inet?");
    scratch.edit("site/main.cf", "    reject_unauth_destination\n", "    permit\n");
    run(
        "smtp/inet",
        "smtp/inet: the SMTP server would not run: in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, \
         specify at least one working instance of: reject_unauth_destination, defer_unauth_destination, reject, defer, \
         defer_if_permit or check_relay_domains",
    );
    scratch.edit("site/main.cf", "    permit\n", "    a\nsmtpd_restriction_classes = a, b\na = reject\n");
    run("smtp/inet", "smtp/inet: the SMTP server would not run: restriction class `b' needs a definition");
    scratch.edit("site/main.cf", "a = reject\n", "a = b\nb = a, reject\n");
    run("smtp/inet", "smtp/inet: the SMTP server would not run: restriction class `a' refers to itself");
    assert_eq!(scratch.run("route -c site --helo h a").status, 2);
    assert_eq!(scratch.run("route -c site --client nowhere a").status, 2);
}

/// As 3.11.7 answers.
#[test]
fn what_sessions_look_for() {
    let scratch = Scratch::example();
    scratch.write(
        "site/main.cf",
        "compatibility_level = 3.11\nmydestination = example.com\nalias_maps =\nlocal_recipient_maps = inline:{bob@example.com=x}\n\
         mynetworks = 127.0.0.0/8\nsmtpd_sender_restrictions = reject_unlisted_sender\n\
         sender_canonical_maps = inline:{ghost@example.com=bob@example.com}\n\
         recipient_canonical_maps = inline:{rghost@example.com=x}\n\
         smtpd_helo_restrictions = reject_invalid_helo_hostname\n",
    );
    let last = |arguments: &str| {
        let out = scratch.run(&format!("route -q -c site --client 127.0.0.1 {arguments} bob@example.com"));
        out.stdout.lines().nth(1).map(str::to_string).unwrap_or(out.stderr)
    };
    let unlisted =
        "  → rejected 550 5.1.0 <none@example.com>: Sender address rejected: User unknown in local recipient table";
    assert_eq!(last("--from none@example.com"), unlisted);
    assert_eq!(last("--from ghost@example.com"), "  → accepted");
    assert_eq!(last("--from rghost@example.com"), "  → accepted");
    assert_eq!(last("--helo 1:2:3:4:5:192.0.2.1"), "  → accepted");
    let invalid = "  → rejected 501 5.5.2 <0.2.3.4>: Helo command rejected: Invalid name";
    assert_eq!(last("--helo 0.2.3.4"), invalid);
}
