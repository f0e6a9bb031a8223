//! `postwright route`: the text that it prints, and its status.

use support::Scratch;

/// The command line up to the addresses.
pub const NAME: &str = "route -c site --color never --map-path /etc/passwd=passwd";

/// The example site, with one account.
pub fn site() -> Scratch {
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

/// Postfix looks a recipient up before virtual aliases, and does not look up the null sender. Nobody is told of a copy
/// that bounces, but route tells.
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
