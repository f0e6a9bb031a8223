//! `postwright route`: the text that it prints, and its status.

use support::Scratch;

const NAME: &str = "route -c site --color never --map-path /etc/passwd=passwd";

fn site() -> Scratch {
    let scratch = Scratch::example();
    scratch.write("passwd", "alice:x:1000:1000::/srv/alice:/bin/sh\n");
    scratch
}

#[test]
fn each_lookup_in_order() {
    site().run(&format!("{NAME} x@sub.inner.example.com")).is(
        0,
        "x@sub.inner.example.com\n\
         \x20 ├ SMTP server x@sub.inner.example.com\n\
         \x20 │ ├ sub.inner.example.com is not in mydestination\n\
         \x20 │ ├ sub.inner.example.com is not in virtual_alias_domains\n\
         \x20 │ ├ sub.inner.example.com is not in virtual_mailbox_domains\n\
         \x20 │ ├ sub.inner.example.com is in relay_domains, as example.com\n\
         \x20 │ ├ lmdb:/etc/postfix/transport x@sub.inner.example.com not found\n\
         \x20 │ ├ lmdb:/etc/postfix/transport sub.inner.example.com not found\n\
         \x20 │ ├ lmdb:/etc/postfix/transport .inner.example.com = relay:[10.0.0.25] ($DIR/site/transport:3)\n\
         \x20 │ ├ lmdb:/etc/postfix/virtual x@sub.inner.example.com not found\n\
         \x20 │ ├ sub.inner.example.com is not in mydestination\n\
         \x20 │ └ lmdb:/etc/postfix/virtual @sub.inner.example.com not found\n\
         \x20 ├ virtual_alias_maps x@sub.inner.example.com\n\
         \x20 │ ├ lmdb:/etc/postfix/virtual x@sub.inner.example.com not found\n\
         \x20 │ ├ sub.inner.example.com is not in mydestination\n\
         \x20 │ └ lmdb:/etc/postfix/virtual @sub.inner.example.com not found\n\
         \x20 └ recipient x@sub.inner.example.com\n\
         \x20   └ resolve x@sub.inner.example.com\n\
         \x20     ├ sub.inner.example.com is not in mydestination\n\
         \x20     ├ sub.inner.example.com is not in virtual_alias_domains\n\
         \x20     ├ sub.inner.example.com is not in virtual_mailbox_domains\n\
         \x20     ├ sub.inner.example.com is in relay_domains, as example.com\n\
         \x20     ├ lmdb:/etc/postfix/transport x@sub.inner.example.com not found\n\
         \x20     ├ lmdb:/etc/postfix/transport sub.inner.example.com not found\n\
         \x20     └ lmdb:/etc/postfix/transport .inner.example.com = relay:[10.0.0.25] ($DIR/site/transport:3)\n\
         \x20 → x@sub.inner.example.com: relayed via relay to [10.0.0.25]\n",
        "",
    );
}

#[test]
fn where_it_ends() {
    let scratch = site();
    scratch.run(&format!("{NAME} -q root alice@example.com x@else.example tickets")).is(
        0,
        "root\n\
         \x20 → alice@example.com: delivered to mailbox /var/mail/alice\n\
         alice@example.com\n\
         \x20 → alice@example.com: delivered to mailbox /var/mail/alice\n\
         x@else.example\n\
         \x20 → x@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it\n\
         tickets\n\
         \x20 → tickets@example.com: delivered to command /usr/local/bin/tickets --queue inbox\n",
        "",
    );
    scratch.run(&format!("{NAME} -q Sales@example.net none@example.net foo a@")).is(
        1,
        "Sales@example.net\n\
         \x20 → alice@example.com: delivered to mailbox /var/mail/alice\n\
         \x20 → bob@example.com: bounced 5.1.1 unknown user: \"bob\"\n\
         none@example.net\n\
         \x20 → rejected 550 5.1.1 <none@example.net>: Recipient address rejected: User unknown in virtual alias table\n\
         foo\n\
         \x20 → rejected 550 5.1.1 <foo>: Recipient address rejected: User unknown in local recipient table\n\
         a@\n\
         \x20 → a@: bounced 5.1.3 bad address syntax\n",
        "",
    );
    scratch.edit("site/virtual", "alice, bob", "more@example.net");
    scratch.write(
        "site/virtual",
        [scratch.read("site/virtual"), b"more@example.net sales@example.net\n".to_vec()].concat(),
    );
    scratch.run(&format!("{NAME} -q sales@example.net")).is(
        1,
        "sales@example.net\n\
         \x20 → sales@example.net: would loop: unreasonable virtual_alias_maps map nesting for sales@example.net\n",
        "",
    );
}

/// Postfix looks a recipient up before virtual aliases, and does not look up the null sender. Nobody is told of a copy that
/// bounces, but route tells.
#[test]
fn copies_are_followed() {
    let scratch = Scratch::copy_of(&support::fixture("graph"));
    let main = "compatibility_level = 3.11\nmyhostname = mx.example\nalias_maps =\nlocal_recipient_maps =\n\
        always_bcc = all@bcc.example\nmydestination =\nvirtual_alias_domains = gone.example\n\
        virtual_alias_maps = inline:{{a@example.org=b@example.org},{from@bcc.example=f@bcc.example all@bcc.example}}\n\
        sender_bcc_maps = inline:{s@example.net=from@bcc.example}\n\
        recipient_bcc_maps = inline:{{a@example.org=to@bcc.example},{b@example.org=wrong@bcc.example},\
        {c@example.org=c@gone.example},{d@example.org=all@bcc.example}}\n";
    scratch.write("site/main.cf", main);
    let relayed = |prefix: &str, recipient: &str| {
        let domain = recipient.split('@').nth(1).unwrap();
        format!("  → {prefix}{recipient}: relayed via smtp to {domain}, or the MX hosts that the DNS has for it\n")
    };
    let copies = |names: &[&str]| -> String { names.iter().map(|name| relayed("copy to ", name)).collect() };
    let mail = relayed("", "b@example.org");
    scratch.run("route -c site -q a@example.org").is(
        0,
        &format!("a@example.org\n{mail}{}", copies(&["to@bcc.example", "all@bcc.example"])),
        "",
    );
    scratch.run("route -c site -q --from s@example.net a@example.org").is(
        0,
        &format!(
            "a@example.org\n{mail}{}",
            copies(&["f@bcc.example", "all@bcc.example", "to@bcc.example", "all@bcc.example"])
        ),
        "",
    );
    scratch.run("route -c site -q c@example.org d@example.org").is(
        1,
        &format!(
            "c@example.org\n{}  → copy to c@gone.example: bounced 5.1.1 User unknown in virtual alias table\n{}\
             d@example.org\n{}{}",
            relayed("", "c@example.org"),
            copies(&["all@bcc.example"]),
            relayed("", "d@example.org"),
            copies(&["all@bcc.example"]),
        ),
        "",
    );
    let tree = scratch.run("route -c site d@example.org").stdout;
    let lines = [
        "  ├ recipient_bcc_maps d@example.org\n",
        " d@example.org = all@bcc.example\n",
        "  ├ always_bcc all@bcc.example\n",
        "  │ └ all@bcc.example is not sent a copy twice\n",
        "  ├ recipient d@example.org\n",
        "  └ copy by recipient_bcc_maps all@bcc.example\n    └ resolve all@bcc.example\n",
    ];
    let mut rest = tree.as_str();
    for line in lines {
        rest = rest.split_once(line).unwrap_or_else(|| panic!("no {line:?} in its place in\n{tree}")).1;
    }
    let outcome = scratch.run("route -c site --format json --from s@example.net d@example.org");
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let end = |recipient: &str| {
        serde_json::json!({
            "recipient": recipient, "class": "default", "transport": "smtp", "nexthop": "bcc.example", "hosts": [],
            "outcome": "relayed", "status": null, "text": null
        })
    };
    let expected = serde_json::json!([
        {
            "by": "sender_bcc_maps", "address": "from@bcc.example",
            "recipients": [end("f@bcc.example"), end("all@bcc.example")]
        },
        { "by": "recipient_bcc_maps", "address": "all@bcc.example", "recipients": [end("all@bcc.example")] },
    ]);
    assert_eq!(document["routes"][0]["copies"], expected);
    assert_eq!(document["routes"][0]["recipients"].as_array().unwrap().len(), 1);
}

/// A rule that would let a stranger's address choose the nexthop is skipped, and that is said once.
#[test]
fn transports_take_no_parts_of_the_address() {
    let scratch = Scratch::copy_of(&support::fixture("route/substitution"));
    scratch.run("route -c . -q a@sub.example.net b@sub.example.net").is(
        0,
        "a@sub.example.net\n  → a@sub.example.net: relayed via smtp to [fixed.example.com]\n\
         b@sub.example.net\n  → b@sub.example.net: relayed via smtp to [fixed.example.com]\n",
        "postwright: regexp map $DIR/regexp-transports, line 1: regular expression substitution is not allowed: skipping this rule\n\
         postwright: pcre map $DIR/pcre-relayhosts, line 1: regular expression substitution is not allowed: skipping this rule\n\
         postwright: pcre map $DIR/pcre-transport, line 1: regular expression substitution is not allowed: skipping this rule\n\
         postwright: pcre map $DIR/pcre-transport, line 3: regular expression substitution is not allowed: skipping this rule\n",
    );
}

#[test]
fn one_document() {
    let outcome = site().run(&format!("{NAME} --format json --from a@b.example alice@example.com"));
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((outcome.status, &document["version"]), (0, &1.into()));
    let expected = serde_json::json!([{
        "recipient": "alice@example.com", "class": "local", "transport": "local", "nexthop": "mail.example.com", "hosts": [],
        "outcome": "delivered", "status": null, "text": "mailbox /var/mail/alice"
    }]);
    assert_eq!(document["routes"][0]["recipients"], expected);
}

#[test]
fn wrong_usage() {
    let scratch = site();
    scratch.run("route -c none a").is(2, "", "postwright: none/main.cf: No such file or directory\n");
    assert_eq!(scratch.run("route -c site").status, 2);
}

/// Mail that an SMTP server takes before a content filter, as a rule, is not mapped there.
#[test]
fn mappings_may_be_left_to_a_later_server() {
    let scratch = Scratch::copy_of(&support::fixture("route/received"));
    let site = "route -c . -q a@example.org";
    scratch.run(site).is(0, "a@example.org\n  → far@example.com: discarded\n", "");
    scratch.edit("master.cf", "no_unknown_recipient_checks", "no_address_mappings");
    scratch.run(site).is(
        1,
        "a@example.org\n  → a@example.org: bounced 5.1.1 User unknown in virtual alias table\n",
        "",
    );
}

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

/// Tables inside others are those of the site too, by every way that it can be named.
#[test]
fn tables_inside_tables_are_the_sites() {
    let scratch = Scratch::example();
    let inside = [
        "unionmap:{texthash:/etc/postfix/v}",
        "pipemap:{inline:{bob@example.com=key@example.com}, proxy:lmdb:/etc/postfix/v}",
        "debug:unionmap:{cdb:/etc/postfix/v, inline:{z=y}}",
        "proxy:unionmap:{proxy:hash:/etc/postfix/v, debug:inline:{z=y}}",
        "unionmap:{inline:{x=y}, pcre:/etc/postfix/p}",
    ];
    for root in ["site", "root/etc/postfix"] {
        scratch.write(&format!("{root}/v"), "bob@example.com ann@else.example\nkey@example.com ann@else.example\n");
        scratch.write(&format!("{root}/p"), "/^bob@/ ann@else.example\n");
        for table in inside {
            let main = format!(
                "compatibility_level = 3.11\nmydestination = example.com\nlocal_recipient_maps =\nvirtual_alias_maps = {table}\n"
            );
            scratch.write(&format!("{root}/main.cf"), main);
            let site = if root == "site" { "-c site" } else { "--root root" };
            let out = scratch.run(&format!("route -q {site} bob@example.com"));
            let end =
                "  → ann@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it\n";
            assert!(out.stdout.contains(end), "{site} {table}: {}{}", out.stdout, out.stderr);
        }
    }
}

/// Where an index is stale, a checkout goes by the source; who wants to know what the index says is told that.
#[test]
fn sources_and_indexes() {
    let scratch = Scratch::example();
    scratch
        .write("site/main.cf", "compatibility_level = 3.11\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\nvirtual_alias_domains = example.com\n");
    scratch.write("site/virtual", "a@example.com b@example.net\n");
    assert_eq!(scratch.run("build -q site").status, 0);
    let to = |user: &str| {
        format!("a@example.com\n  → {user}: relayed via smtp to example.net, or the MX hosts that the DNS has for it\n")
    };
    scratch.run("route -q -c site a@example.com").is(0, &to("b@example.net"), "");
    scratch.write("site/virtual", "a@example.com c@example.net\n");
    scratch.run("route -q -c site a@example.com").is(0, &to("c@example.net"), "");
    scratch.run("route -q -c site --from-indexes a@example.com").is(0, &to("b@example.net"), "");
    let what = "lmdb:/etc/postfix/virtual (the index is not what the source says)";
    let told = scratch.run("route -c site a@example.com").stderr;
    assert_eq!(told, format!("postwright: looked through the sources: {what}\n"));
    let told = scratch.run("route -c site --from-indexes a@example.com").stderr;
    let until = "this is how mail goes until `postwright build`, or --from-sources";
    assert_eq!(told, format!("postwright: warning: {what}; {until}\n"));
    scratch.write("routes.toml", "[[expect]]\naddress = \"a@example.com\"\nrecipients = \"b@example.net\"\n");
    assert_eq!(scratch.run("route -c site --expect routes.toml -q").status, 1);
    assert_eq!(scratch.run("route -c site --from-indexes --expect routes.toml -q").status, 0);
    std::fs::remove_file(scratch.path("site/virtual.lmdb")).unwrap();
    let out = scratch.run("route -c site --from-indexes a@example.com");
    assert!(out.stdout.contains("deferred: "), "{}", out.stdout);
    assert_eq!(out.stderr, format!("postwright: warning: lmdb:/etc/postfix/virtual (there is no index); {until}\n"));
}

/// As 3.11.7 delivers them.
#[test]
fn addresses_that_are_quoted_whole_are_local_parts() {
    let scratch = Scratch::example();
    scratch.write(
        "site/main.cf",
        "compatibility_level = 3.11\nmydestination = example.com\nmyorigin = origin.example\nlocal_recipient_maps =\n\
         alias_maps = lmdb:/etc/postfix/aliases\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n\
         recipient_canonical_maps = inline:{c@example.com=\"x@y.example\"}\nmailbox_transport = lmtp:box\n",
    );
    scratch.write(
        "site/aliases",
        "root: \"sysadmin@company.example\"\nfive: <\"e@company.example\">\nsix: \"f\"@company.example\n\
         two: \"x@y\"@z.example\n",
    );
    scratch.write("site/virtual", "v@example.com \"a b\"@y.example, <\"p@q.example\">\n");
    let out = scratch.run("route -q -c site root five six two v@example.com c@example.com");
    let ends: Vec<&str> = out.stdout.lines().filter_map(|line| line.strip_prefix("  → ")).collect();
    let ends: Vec<&str> = ends.iter().filter_map(|line| line.split(": ").next()).collect();
    let expected = [
        // root is first an address of myorigin, which is not this machine's.
        "root@origin.example",
        "five@origin.example",
        "six@origin.example",
        "two@origin.example",
        "a b@y.example",
        "p@q.example@origin.example",
        "x@y.example@origin.example",
    ];
    assert_eq!(ends, expected, "{}", out.stdout);
    let out = scratch.run("route -q -c site root@example.com five@example.com six@example.com two@example.com");
    let ends: Vec<&str> = out.stdout.lines().filter_map(|line| line.strip_prefix("  → ")?.split(": ").next()).collect();
    let expected = [
        "sysadmin@company.example@origin.example",
        "e@company.example@origin.example",
        "f@company.example",
        "x@y@z.example",
    ];
    assert_eq!(ends, expected, "{}", out.stdout);
}

/// Of a name that a backslash keeps from being an alias, the mail is logged without it.
#[test]
fn a_backslash_is_no_part_of_the_name() {
    let scratch = Scratch::example();
    scratch.write("passwd", "alice:x:1000:1000::/srv/alice:/bin/sh\n");
    scratch.write(
        "site/main.cf",
        "compatibility_level = 3.11\nmydestination = example.com\nmyorigin = example.com\nalias_maps = cdb:/etc/postfix/aliases\n",
    );
    scratch.write("site/aliases", "alice: \\\\alice, \\\\Bob+x\n");
    scratch.run("route -q -c site --map-path /etc/passwd=passwd alice").is(
        1,
        "alice\n  → alice@example.com: delivered to mailbox /var/mail/alice\n  \
         → bob+x@example.com: bounced 5.1.1 unknown user: \"bob+x\"\n",
        "",
    );
}

/// As 3.11.7 has them: domains in other scripts are good unless `smtputf8_enable` says no, and literals may be listed.
#[test]
fn domains_that_mail_can_be_for() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nmydestination = example.com, [192.0.2.2]\nlocal_recipient_maps =\nalias_maps =\nmailbox_transport = lmtp:box\n";
    scratch.write("site/main.cf", main);
    let addresses = "mail@exämple.net x@exämple..net x@ä-.net root@[192.0.2.2] root@[192.0.2.3] x@[0.2.3.4]";
    scratch.run(&format!("route -q -c site {addresses}")).is(
        1,
        "mail@exämple.net\n  → mail@exämple.net: relayed via smtp to exämple.net, or the MX hosts that the DNS has for it\n\
         x@exämple..net\n  → x@exämple..net: bounced 5.1.3 bad address syntax\n\
         x@ä-.net\n  → x@ä-.net: bounced 5.1.3 bad address syntax\n\
         root@[192.0.2.2]\n  → root@[192.0.2.2]: relayed via lmtp to box\n\
         root@[192.0.2.3]\n  → root@[192.0.2.3]: relayed via smtp to [192.0.2.3]\n\
         x@[0.2.3.4]\n  → x@[0.2.3.4]: bounced 5.1.3 bad address syntax\n",
        "",
    );
    scratch.write("site/main.cf", format!("{main}smtputf8_enable = no\n"));
    scratch.run("route -q -c site mail@exämple.net").is(
        1,
        "mail@exämple.net\n  → mail@exämple.net: bounced 5.1.3 bad address syntax\n",
        "",
    );
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

/// As 3.11.7 delivers them: agents fold the keys of texts for aliases only, all other daemons always.
#[test]
fn keys_with_capitals() {
    let scratch = Scratch::example();
    scratch.write(
        "site/main.cf",
        "compatibility_level = 3.11\nmydestination = example.com\nmyorigin = example.com\nlocal_recipient_maps =\n\
         virtual_mailbox_domains = v.example\nvirtual_mailbox_base = /srv\n\
         virtual_uid_maps = static:1000\nvirtual_gid_maps = static:1000\n\
         virtual_mailbox_maps = inline:{Joe@v.example=joe, ann@v.example=ann}, unionmap:{texthash:/etc/postfix/boxes}\n\
         alias_maps = texthash:/etc/postfix/aliases\nmailbox_transport_maps = inline:{Nob=lmtp:caps, bin=lmtp:small}\n\
         mailbox_transport = lmtp:box\ntransport_maps = inline:{Z.example=smtp:[z]}\n",
    );
    scratch.write("site/boxes", "Cid@v.example cid\ndan@v.example dan\n");
    scratch.write("site/aliases", "root: alice\nGames x@z.example\n");
    let out = scratch.run(
        "route -q -c site joe@v.example ANN@v.example cid@v.example dan@v.example root@example.com games@example.com \
         nob@example.com bin@example.com",
    );
    let ends: Vec<&str> = out.stdout.lines().filter_map(|line| line.strip_prefix("  → ")).collect();
    let expected = [
        "joe@v.example: bounced 5.1.1 unknown user: \"joe@v.example\"",
        "ANN@v.example: delivered to mailbox /srv/ann",
        "cid@v.example: bounced 5.1.1 unknown user: \"cid@v.example\"",
        "dan@v.example: delivered to mailbox /srv/dan",
        "root@example.com: relayed via lmtp to box",
        "x@z.example: relayed via smtp to [z]",
        "nob@example.com: relayed via lmtp to box",
        "bin@example.com: relayed via lmtp to small",
    ];
    assert_eq!(ends, expected, "{}", out.stdout);
}

/// As 3.11.7 answers: who asks proxymap for a table that it may not open gets none; delivery agents do not ask it.
#[test]
fn tables_that_proxymap_may_not_open() {
    let scratch = Scratch::example();
    scratch.write("site/v", "bob@example.com alice@else.example\nbob alice@else.example\n");
    let end = |main: &str, arguments: &str| {
        let base = "compatibility_level = 3.11\nmydestination = example.com\nlocal_recipient_maps =\nmailbox_transport = lmtp:b\n";
        scratch.write("site/main.cf", format!("{base}alias_maps =\n{main}\n"));
        let out = scratch.run(&format!("route -q -c site bob@example.com{arguments}"));
        out.stdout.lines().nth(1).map(str::to_string).unwrap_or(out.stderr)
    };
    let away = "  → alice@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it";
    let refused = "  → bob@example.com: deferred: proxymap service is not configured for table \"texthash:/etc/postfix/v\": see \
                   proxy_read_maps";
    let maps = "virtual_alias_maps = proxy:texthash:/etc/postfix/v";
    assert_eq!(end(maps, ""), away);
    assert_eq!(end(&format!("{maps}\nproxy_read_maps = $local_recipient_maps"), ""), refused);
    assert_eq!(end(&format!("{maps}\nproxy_read_maps = texthash:/etc/postfix/v"), ""), refused);
    assert_eq!(end(&format!("{maps}\nproxy_read_maps = proxy:texthash:/etc/postfix/v"), ""), away);
    assert_eq!(end("virtual_alias_maps = proxy:proxy:texthash:/etc/postfix/v", ""), away);
    assert_eq!(end("virtual_alias_maps = proxy:unionmap:{texthash:/etc/postfix/v}", ""), away);
    let inside = "virtual_alias_maps = unionmap:{proxy:texthash:/etc/postfix/v}";
    assert_eq!(end(inside, ""), away);
    assert_eq!(end("virtual_alias_maps = debug:proxy:texthash:/etc/postfix/v", ""), refused);
    assert_eq!(end(&format!("{inside}\nproxy_read_maps ="), ""), refused);
    assert_eq!(end("alias_maps = proxy:texthash:/etc/postfix/v\nproxy_read_maps =", ""), away);
    let access = "smtpd_client_restrictions = check_client_access proxy:texthash:/etc/postfix/v";
    let client = " --client unknown[127.0.0.1]";
    let error = "  → rejected 451 4.3.5 <unknown[127.0.0.1]>: Client host rejected: Server configuration error";
    assert_eq!(end(access, client), "  → accepted");
    assert_eq!(end(&format!("{access}\nproxy_read_maps ="), client), error);
}

/// What servers would say is not known, and each answer is followed; `--ask` asks.
#[test]
fn each_answer_of_those_that_are_not_asked() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nmydestination = example.com\nlocal_recipient_maps = $alias_maps\n";
    scratch
        .write("site/main.cf", format!("{main}relay_domains = tcp:127.0.0.1:1\nalias_maps = lmdb:/nowhere/aliases\n"));
    let or_mx = "or the MX hosts that the DNS has for it";
    let none = "if no table that was not asked has an entry: ";
    scratch.run("route -q -c site x@else.example bob@example.com").is(
        0,
        &format!(
            "x@else.example\n\
             \x20 → {none}x@else.example: relayed via smtp to else.example, {or_mx}\n\
             \x20 → if tcp:127.0.0.1:1 has else.example: x@else.example: relayed via relay to else.example, {or_mx}\n\
             \x20 → if tcp:127.0.0.1:1 has example: x@else.example: relayed via relay to else.example, {or_mx}\n\
             bob@example.com\n\
             \x20 → {none}rejected 550 5.1.1 <bob@example.com>: Recipient address rejected: User unknown in local recipient table\n\
             \x20 → if lmdb:/nowhere/aliases has an entry for it: bob@example.com: not known: as lmdb:/nowhere/aliases says\n"
        ),
        "",
    );
    scratch.write("routes.toml", "[[expect]]\naddress = \"x@else.example\"\ntransport = \"relay\"\n");
    scratch.run("route -q -c site --expect routes.toml").is(0, "", "");
    scratch.write("routes.toml", "[[expect]]\naddress = \"x@else.example\"\ntransport = \"lmtp\"\n");
    assert_eq!(scratch.run("route -q -c site --expect routes.toml").status, 1);
    // Restrictions that rest on it decide nothing.
    scratch.write(
        "site/main.cf",
        format!(
            "{main}alias_maps =\nvirtual_mailbox_domains = mysql:/etc/postfix/d.cf\nmynetworks = 127.0.0.0/8\n\
             smtpd_client_restrictions = check_client_access proxy:pgsql:/etc/postfix/c.cf\n"
        ),
    );
    let out = scratch.run("route -c site --client 192.0.2.1 x@else.example");
    let why = "this program is no client of such servers";
    for line in [
        format!(
            "  │ └ check_client_access proxy:pgsql:/etc/postfix/c.cf → not asked: pgsql:/etc/postfix/c.cf: {why}\n"
        ),
        format!("  │ └ defer_unauth_destination → not asked: mysql:/etc/postfix/d.cf: {why}\n"),
        "  → accepted\n".to_string(),
    ] {
        assert!(out.stdout.contains(&line), "{line}{}", out.stdout);
    }
    let out = scratch.run("route --format json -c site x@else.example");
    let alternative = r#""alternatives":[{"if":[{"table":"mysql:/etc/postfix/d.cf","key":"else.example","why":"#;
    assert!(out.stdout.contains(alternative), "{}", out.stdout);
}

/// Below a root, the build of the system there tells the types of tables; a checkout is of no system.
#[test]
fn the_system_tells_its_types() {
    let scratch = Scratch::example();
    let main =
        "compatibility_level = 3.11\nmydestination = example.com\nmyorigin = example.com\nlocal_recipient_maps =\n";
    scratch.write("root/etc/postfix/main.cf", main);
    scratch.write("root/etc/aliases", "root: x@else.example\n");
    let asked = |options: &str| {
        let out = scratch.run(&format!("route {options} root@example.com"));
        let line = out.stdout.lines().find(|line| line.contains(":/etc/aliases root ")).unwrap_or_default();
        line.trim_start_matches([' ', '│', '├', '└']).split(' ').next().unwrap_or_default().to_string()
    };
    assert_eq!(asked("--root root"), "lmdb:/etc/aliases");
    let build = "CC = gcc -DDEBIAN -DDEF_DB_TYPE=\\\"cdb\\\" -DDEF_CACHE_DB_TYPE=\\\"lmdb\\\"\n";
    scratch.write("root/usr/share/postfix/makedefs.out", build);
    assert_eq!(asked("--root root"), "cdb:/etc/aliases");
    assert_eq!(asked("--root root --profile upstream"), "hash:/etc/aliases");
    assert_eq!(asked("-c root/etc/postfix --map-path /etc/aliases=root/etc/aliases"), "lmdb:/etc/aliases");
    scratch.write("root/usr/share/postfix/makedefs.out", "CC = gcc -DDEBIAN -DHAS_CDB\n");
    assert_eq!(asked("--root root"), "hash:/etc/aliases");
    assert_eq!(asked("--root root --target 3.7"), "hash:/etc/aliases");
}
