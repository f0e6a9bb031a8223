//! `postwright route --dns`: what it prints and its status, with a server of the DNS in the test.

use std::net::Ipv4Addr;
use support::Scratch;
use support::dns_server::{Zone, serve};

const ZONE: &str = "\
PTR 192.0.2.1 good.example.org
good.example.org A 192.0.2.1
2.2.0.192.bl.example A 127.0.0.2
2.2.0.192.bl.example TXT seen with spam
mx.example.org MX 20 two.example.org
mx.example.org MX 10 one.example.org
one.example.org A 192.0.2.10
one.example.org AAAA 2001:db8::10
two.example.org CNAME one.example.org
null.example.org MX 0 .
self.example.org MX 10 mail.example.com
mail.example.com A 127.0.0.1
broken.example.org * SERVFAIL
mail.invalid A 192.0.2.20
localhost MX 5 one.example.org
hidden.onion MX 5 mail.invalid
";

const MAIN: &str = "\
compatibility_level = 3.11
myhostname = mail.example.com
mydestination = example.com
mynetworks = 10.0.0.0/8
inet_protocols = all
smtp_address_preference = ipv6
local_recipient_maps =
alias_maps =
relay_domains = mx.example.org
virtual_alias_maps =
smtpd_client_restrictions = reject_unknown_client_hostname, reject_rbl_client bl.example
smtpd_relay_restrictions = reject_unauth_destination
";

/// A site, and how to ask about it.
fn site() -> (Scratch, String) {
    let scratch = Scratch::example();
    scratch.write("main.cf", MAIN);
    let server = serve(Zone::parse(ZONE), (Ipv4Addr::LOCALHOST, 0).into());
    (scratch, format!("route -c . --color never --dns={server}"))
}

#[test]
fn the_hosts_of_a_nexthop() {
    let (scratch, route) = site();
    scratch.run(&format!("{route} x@mx.example.org")).is(
        0,
        "x@mx.example.org\n\
         \x20 ├ SMTP server x@mx.example.org\n\
         \x20 │ ├ mx.example.org is not in mydestination\n\
         \x20 │ ├ mx.example.org is not in virtual_alias_domains\n\
         \x20 │ ├ mx.example.org is not in virtual_mailbox_domains\n\
         \x20 │ └ mx.example.org is in relay_domains, as mx.example.org\n\
         \x20 └ recipient x@mx.example.org\n\
         \x20   ├ resolve x@mx.example.org\n\
         \x20   │ ├ mx.example.org is not in mydestination\n\
         \x20   │ ├ mx.example.org is not in virtual_alias_domains\n\
         \x20   │ ├ mx.example.org is not in virtual_mailbox_domains\n\
         \x20   │ └ mx.example.org is in relay_domains, as mx.example.org\n\
         \x20   └ smtp mx.example.org\n\
         \x20     ├ DNS MX mx.example.org = 20 two.example.org, 10 one.example.org\n\
         \x20     ├ DNS A one.example.org = 192.0.2.10\n\
         \x20     ├ DNS AAAA one.example.org = 2001:db8::10\n\
         \x20     ├ DNS A two.example.org = 192.0.2.10\n\
         \x20     ├ DNS AAAA two.example.org = 2001:db8::10\n\
         \x20     └ inet_interfaces = all: which addresses this machine has was not looked at\n\
         \x20 → x@mx.example.org: relayed via relay to mx.example.org (one.example.org[2001:db8::10]:25, \
         one.example.org[192.0.2.10]:25, two.example.org[2001:db8::10]:25, two.example.org[192.0.2.10]:25)\n",
        "",
    );
}

#[test]
fn where_the_dns_ends_it() {
    let (scratch, route) = site();
    scratch
        .run(&format!("{route} -q x@null.example.org x@self.example.org x@broken.example.org x@none.example.org"))
        .is(
            1,
            "x@null.example.org\n\
         \x20 → x@null.example.org: bounced 5.1.0 Domain null.example.org does not accept mail (nullMX)\n\
         x@self.example.org\n\
         \x20 → x@self.example.org: would loop: mail for self.example.org loops back to myself\n\
         x@broken.example.org\n\
         \x20 → x@broken.example.org: deferred: Host or domain name not found. Name service error for \
         name=broken.example.org type=MX: Host not found, try again\n\
         x@none.example.org\n\
         \x20 → x@none.example.org: bounced 5.4.4 Host or domain name not found. Name service error for \
         name=none.example.org type=AAAA: Host not found\n",
            "",
        );
}

#[test]
fn who_a_client_is() {
    let (scratch, route) = site();
    let steps = |outcome: &str| outcome.lines().filter(|line| !line.contains(" is ")).collect::<Vec<_>>().join("\n");
    let known = scratch.run(&format!("{route} --client 192.0.2.1 x@mx.example.org"));
    assert_eq!(known.status, 0);
    assert_eq!(
        steps(&known.stdout).split("\n  ├ smtpd_relay").next().unwrap(),
        "x@mx.example.org\n\
         \x20 ├ client name 192.0.2.1\n\
         \x20 │ ├ DNS PTR 1.2.0.192.in-addr.arpa = good.example.org\n\
         \x20 │ └ DNS A good.example.org = 192.0.2.1\n\
         \x20 ├ resolve x@mx.example.org\n\
         \x20 ├ smtpd_client_restrictions good.example.org[192.0.2.1]\n\
         \x20 │ ├ reject_unknown_client_hostname → no decision\n\
         \x20 │ └ reject_rbl_client bl.example → no decision\n\
         \x20 │   └ DNS A 1.2.0.192.bl.example: no such name"
    );
    scratch.run(&format!("{route} -q --client unknown[192.0.2.2] x@example.com")).is(
        1,
        "x@example.com\n\
         \x20 → rejected 450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.2]\n\
         \x20 → by smtpd_client_restrictions: reject_unknown_client_hostname\n",
        "",
    );
    scratch.run(&format!("{route} -q --client a.example[192.0.2.2] x@example.com")).is(
        1,
        "x@example.com\n\
         \x20 → rejected 554 5.7.1 Service unavailable; Client host [192.0.2.2] blocked using bl.example; seen with spam\n\
         \x20 → by smtpd_client_restrictions: reject_rbl_client bl.example\n",
        "",
    );
}

#[test]
fn one_document() {
    let (scratch, route) = site();
    let outcome = scratch.run(&format!("{route} --format json x@mx.example.org"));
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let end = &document["routes"][0]["recipients"][0];
    let hosts = [
        "one.example.org[2001:db8::10]:25",
        "one.example.org[192.0.2.10]:25",
        "two.example.org[2001:db8::10]:25",
        "two.example.org[192.0.2.10]:25",
    ];
    assert_eq!(end["hosts"], serde_json::json!(hosts));
    let steps = &document["routes"][0]["steps"][1]["steps"][1]["steps"];
    assert_eq!(
        steps[0],
        serde_json::json!({
            "kind": "dns", "name": "mx.example.org", "type": "MX",
            "records": ["20 two.example.org", "10 one.example.org"], "error": null
        })
    );
    let none = scratch.run(&format!("{route} --format json x@none.example.org"));
    let document: serde_json::Value = serde_json::from_str(&none.stdout).unwrap();
    let step = &document["routes"][0]["steps"][1]["steps"][1]["steps"][0];
    assert_eq!((&step["records"], &step["error"]), (&serde_json::json!([]), &"no such name".into()));
}

/// A text that is too long for a datagram is asked for again by TCP.
#[test]
fn long_answers() {
    let (scratch, _) = site();
    let text = "a".repeat(200);
    let zone: String = (0..4).map(|number| format!("2.2.0.192.bl.example TXT {number}{text}\n")).collect();
    let server =
        serve(Zone::parse(&format!("2.2.0.192.bl.example A 127.0.0.2\n{zone}")), (Ipv4Addr::LOCALHOST, 0).into());
    let outcome = scratch.run(&format!("route -c . -q --dns={server} --client a.example[192.0.2.2] x@example.com"));
    let reason: Vec<String> = (0..4).map(|number| format!("{number}{text}")).collect();
    let expected = format!("blocked using bl.example; {}\n", reason.join(" / "));
    assert!(outcome.stdout.contains(&expected), "{}", outcome.stdout);
}

#[test]
fn wrong_usage() {
    let (scratch, _) = site();
    let outcome = scratch.run("route -c . --dns=dns.example.com x@example.com");
    assert_eq!(outcome.status, 2);
    assert_eq!(
        outcome.stderr.lines().next().unwrap(),
        "error: invalid value 'dns.example.com' for '--dns[=<SERVER>]': expected an address such as 192.0.2.53, \
         192.0.2.53:5353 or [2001:db8::53]:5353"
    );
}

/// Postfix asks for such names like for all others.
#[test]
fn names_that_are_nobodys_are_asked_for() {
    let (scratch, route) = site();
    scratch.run(&format!("{route} -q x@mail.invalid x@localhost x@hidden.onion x@other.invalid")).is(
        1,
        "x@mail.invalid\n  → x@mail.invalid: relayed via smtp to mail.invalid (mail.invalid[192.0.2.20]:25)\n\
         x@localhost\n  → x@localhost: relayed via smtp to localhost (one.example.org[2001:db8::10]:25, \
         one.example.org[192.0.2.10]:25)\n\
         x@hidden.onion\n  → x@hidden.onion: relayed via smtp to hidden.onion (mail.invalid[192.0.2.20]:25)\n\
         x@other.invalid\n  → x@other.invalid: bounced 5.4.4 Host or domain name not found. Name service error for \
         name=other.invalid type=AAAA: Host not found\n",
        "",
    );
}

/// The words for a list are looked up with its filter, then without; a table about the servers of an address takes what
/// stands behind the last `@`, which no `HELO` name keeps.
#[test]
fn what_restrictions_look_for() {
    let (scratch, route) = site();
    let first = |main: &str, client: &str| {
        scratch.write("main.cf", format!("{}{main}\n", MAIN.replace("smtpd_client_restrictions", "unused")));
        let out = scratch.run(&format!("{route} -q --client unknown[192.0.2.2]{client} x@example.com"));
        out.stdout.lines().nth(1).map(str::to_string).unwrap_or(out.stderr)
    };
    let list = "smtpd_client_restrictions = reject_rbl_client bl.example=127.0.0.2\nrbl_reply_maps = texthash:/etc/postfix/words";
    scratch.write("words", "bl.example 554 5.7.1 own words\n");
    assert_eq!(first(list, ""), "  → rejected 554 5.7.1 own words");
    scratch.write("words", "bl.example 554 5.7.1 own words\nbl.example=127.0.0.2 554 5.7.1 other words\n");
    assert_eq!(first(list, ""), "  → rejected 554 5.7.1 other words");
    let helo = "smtpd_helo_restrictions = check_helo_a_access inline:{{192.0.2.10 = REJECT by address}}";
    assert_eq!(
        first(helo, " --helo one.example.org"),
        "  → rejected 554 5.7.1 <one.example.org>: Helo command rejected: by address"
    );
    let refused = first(helo, " --helo x@one.example.org");
    assert!(!refused.contains("Helo"), "{refused}");
    let sender = "smtpd_sender_restrictions = check_sender_a_access inline:{{192.0.2.10 = REJECT by address}}";
    assert_eq!(
        first(sender, " --from \"x@y\"@one.example.org"),
        "  → rejected 554 5.7.1 <x@y@one.example.org>: Sender address rejected: by address"
    );
}
