//! `postwright diff --routes`: whose mail goes another way, and why; and that the short way, which follows only the
//! names that a differing entry can reach, finds what following all names finds.

use rayon::prelude::*;
use std::fmt::Write as _;
use std::fs;
use support::Random;
use support::Scratch;

const DIFF: &str = "diff --routes site other --color never";

/// Two copies of the example, `site` and `other`.
fn sites() -> Scratch {
    let scratch = Scratch::example();
    for name in scratch.names("site") {
        scratch.write(&format!("other/{name}"), fs::read(scratch.path("site").join(&name)).unwrap());
    }
    scratch
}

/// The lines about routes.
fn routes(text: &str) -> String {
    let lines = text.lines().skip_while(|line| !line.starts_with("routes"));
    lines.filter(|line| !line.contains("difference")).map(|line| format!("{line}\n")).collect()
}

#[test]
fn what_each_change_does_to_mail() {
    let scratch = sites();
    scratch.run(DIFF).is(0, "same meaning; all routes are the same\n", "");
    // What leads there is told too: a list that names somebody at a domain whose catch-all is gone.
    scratch.edit("other/virtual", "info@example.net        alice", "info@example.net        dora@example.org");
    scratch.edit("other/virtual", "@example.org            info@example.net\n", "");
    // No account is known here.
    let unknown = |name: &str| format!("{name}@example.com: bounced 5.1.1 unknown user: \"{name}\"");
    let (alice, bob, tickets) = (unknown("alice"), unknown("bob"), "tickets@example.com: delivered to command");
    let tickets = format!("{tickets} /usr/local/bin/tickets --queue inbox");
    let nobody = "bounced 5.1.1 User unknown in virtual alias table";
    let rejected = "rejected 550 5.1.1 User unknown in virtual alias table";
    let expected = format!(
        "lmdb:/etc/postfix/virtual\n  - @example.org  info@example.net\n  ~ info@example.net: alice → dora@example.org\n\
         routes, by lmdb:/etc/postfix/virtual\n  \
         ~ everyone: {alice}, {alice}, {bob}, {tickets} → {alice}, {bob}, carol@example.org: {nobody}, {tickets}\n  \
         ~ info@example.net: {alice} → dora@example.org: {nobody}\n  \
         ~ any other address in example.org: {alice} → {rejected}\n\
         1 difference; 3 routes differ\n"
    );
    scratch.run(DIFF).is(1, &expected, "");
    scratch.run("diff --routes site/main.cf other/main.cf").is(
        2,
        "",
        "postwright: --routes compares directories, not files\n",
    );
}

#[test]
fn parameters_and_lists_as_causes() {
    let scratch = sites();
    scratch.edit("other/relay-domains", ".inner.example.com\n", "");
    scratch.edit("other/transport", "\n.inner.example.com", "\n.outer.example.com");
    scratch.edit("other/main.cf", "\ndefault_database_type", "\nrelayhost = [smtp.example.net]\ndefault_database_type");
    let out = scratch.run(DIFF);
    let now =
        |domain: &str, transport: &str| format!("someone@{domain}: relayed via {transport} to [smtp.example.net]");
    let then = |domain: &str, transport: &str| format!("someone@{domain}: relayed via {transport} to {domain}");
    let below = |domain: &str, transport: &str| {
        let domain = format!("someone.{domain}");
        format!("{} → {}", then(&domain, transport), now(&domain, transport))
    };
    let mut expected = "routes, by relayhost\n".to_string();
    for (domain, transport) in [
        ("example.com", "relay"),
        ("example.org", "smtp"),
        ("localhost", "relay"),
        ("localhost.example.com", "relay"),
        ("mail.example.com", "relay"),
    ] {
        writeln!(expected, "  ~ any other address below {domain}: {}", below(domain, transport)).unwrap();
    }
    let (then_elsewhere, now_elsewhere) = (then("elsewhere.invalid", "smtp"), now("elsewhere.invalid", "smtp"));
    let (inner, outer) = ("someone.inner.example.com", "someone.outer.example.com");
    let to_host = |domain: &str| format!("someone@{domain}: relayed via relay to [10.0.0.25]");
    write!(
        expected,
        "  ~ any other address: {then_elsewhere} → {now_elsewhere}\n\
         routes, by lmdb:/etc/postfix/transport\n  \
         ~ any other address below inner.example.com: {} → {}\n  \
         ~ any other address below outer.example.com: {} → {}\n",
        to_host(inner),
        now(inner, "relay"),
        then(outer, "relay"),
        to_host(outer),
    )
    .unwrap();
    assert_eq!(routes(&out.stdout), expected, "{}", out.stdout);
}

/// Copies that go elsewhere are told once for all mail, once a sender, and with the recipient; and mail is not said to
/// go elsewhere because its copies do.
#[test]
fn copies_by_themselves() {
    let scratch = sites();
    let main = String::from_utf8(scratch.read("site/main.cf")).unwrap();
    let with = |lines: &str| {
        format!("{main}{lines}sender_bcc_maps = lmdb:/etc/postfix/from\nrecipient_bcc_maps = lmdb:/etc/postfix/to\n")
    };
    scratch.write("site/main.cf", with(""));
    scratch.write("other/main.cf", with("always_bcc = all@archive.example\n"));
    for side in ["site", "other"] {
        scratch.write(&format!("{side}/from"), "ann@example.org a@archive.example\n@example.com b@archive.example\n");
        scratch.write(&format!("{side}/to"), "x@far.example c@archive.example\nz@far.example d@archive.example\n");
    }
    scratch.edit("other/from", "a@archive", "a@attic");
    scratch.edit("other/to", "z@far.example d@archive.example\n", "");
    let out = scratch.run(DIFF).stdout;
    let copy = |recipient: &str| {
        let domain = recipient.split('@').nth(1).unwrap();
        format!("copy to {recipient}: relayed via smtp to {domain}")
    };
    let expected = format!(
        "routes, by lmdb:/etc/postfix/to\n  ~ z@far.example: {} → no copy\n\
         routes, by lmdb:/etc/postfix/from\n  ~ mail from ann@example.org: {} → {}\n\
         routes, by always_bcc\n  ~ all mail: no copy → {}\n",
        copy("d@archive.example"),
        copy("a@archive.example"),
        copy("a@attic.example"),
        copy("all@archive.example")
    );
    assert_eq!(routes(&out), expected, "{out}");
    // What becomes of the copies themselves is followed, for all mail too where only entries differ.
    scratch.write("site/main.cf", with("always_bcc = all@archive.example\n"));
    for side in ["site", "other"] {
        scratch.write(&format!("{side}/from"), "ann@example.org a@archive.example\n");
        scratch.write(&format!("{side}/to"), "x@far.example c@archive.example\n");
    }
    scratch.write("other/transport", [scratch.read("site/transport"), b"archive.example discard:\n".to_vec()].concat());
    let out = scratch.run(DIFF).stdout;
    let gone = |recipient: &str| format!("{} → copy to {recipient}: discarded", copy(recipient));
    let expected = [
        "  ~ x@far.example: ".to_string() + &gone("c@archive.example"),
        "  ~ mail from ann@example.org: ".to_string() + &gone("a@archive.example"),
        "  ~ all mail: ".to_string() + &gone("all@archive.example"),
    ];
    let found: Vec<&str> = out.lines().filter(|line| line.contains("copy to")).collect();
    assert_eq!(found, expected, "{out}");
    let document = scratch.run(&DIFF.replace("--color never", "--format json")).stdout;
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    let groups = document["routes"]["groups"].as_array().unwrap();
    let changes = groups.iter().flat_map(|group| group["changes"].as_array().unwrap());
    let kinds: Vec<String> = changes
        .filter(|change| !change["copies_by"].is_null())
        .map(|change| format!("{} {} {}", change["copies_by"], change["kind"], change["name"]))
        .collect();
    let expected = [
        r#""recipient_bcc_maps" "address" "x@far.example""#,
        r#""sender_bcc_maps" "address" "ann@example.org""#,
        r#""always_bcc" "any" """#,
    ];
    assert_eq!(kinds, expected);
}

/// A site of many names that lead to each other.
fn write_site(scratch: &Scratch, random: &mut Random, side: &str, change: Option<&mut Random>) {
    let domains = ["a.example", "b.example", "c.example", "example.com", "sub.example.com", "far.example"];
    let address = |random: &mut Random| match random.below(8) {
        0 => format!("@{}", domains[random.below(3)]),
        1 => format!("u{}", random.below(12)),
        2 => format!("u{}+x@{}", random.below(12), domains[random.below(6)]),
        _ => format!("u{}@{}", random.below(12), domains[random.below(6)]),
    };
    let mut lines: Vec<(&str, String)> = Vec::new();
    for table in ["virtual", "canonical"] {
        for _ in 0..if table == "virtual" { 60 } else { 8 } {
            let count = 1 + random.below(2);
            let values: Vec<String> = (0..count).map(|_| address(random)).collect();
            lines.push((table, format!("{} {}\n", address(random), values.join(", "))));
        }
    }
    for _ in 0..20 {
        lines.push(("aliases", format!("u{}: {}\n", random.below(12), address(random))));
    }
    for _ in 0..6 {
        let domain = domains[random.below(6)];
        let dot = if random.below(3) == 0 { "." } else { "" };
        lines.push(("transport", format!("{dot}{domain} smtp:[relay{}.example.net]\n", random.below(3))));
    }
    for _ in 0..4 {
        lines.push(("recipient_bcc", format!("{} {}\n", address(random), address(random))));
        lines.push(("sender_bcc", format!("{} {}\n", address(random), address(random))));
    }
    if let Some(change) = change {
        for _ in 0..1 + change.below(3) {
            let at = change.below(lines.len());
            match change.below(3) {
                0 => drop(lines.remove(at)),
                1 => lines[at].1 = lines[at].1.replace(['1', '2'], "3"),
                _ => {
                    let line = (lines[at].0, lines[at].1.replace(['4', '5'], "6"));
                    lines.insert(at, line);
                }
            }
        }
    }
    let mut texts = std::collections::BTreeMap::from([("virtual", String::new()), ("canonical", String::new())]);
    for (table, line) in lines {
        write!(texts.entry(table).or_default(), "{line}").unwrap();
    }
    for table in ["virtual", "canonical", "aliases", "transport", "recipient_bcc", "sender_bcc"] {
        scratch.write(&format!("{side}/{table}"), texts.get(table).cloned().unwrap_or_default());
    }
}

/// A place for sites without a master.cf: services that differ would make all names be followed.
fn without_master() -> Scratch {
    let scratch = Scratch::example();
    fs::remove_file(scratch.path("site/master.cf")).unwrap();
    scratch
}

const MAIN: &str = "compatibility_level = 3.11\nmyhostname = mail.example.com\nmydomain = example.com\nmyorigin = example.com\n\
    mydestination = example.com\nvirtual_alias_domains = a.example, b.example, c.example\nrecipient_delimiter = +\n\
    canonical_maps = lmdb:/etc/postfix/canonical\nvirtual_alias_maps = lmdb:/etc/postfix/virtual\n\
    alias_maps = lmdb:/etc/postfix/aliases\nalias_database = $alias_maps\ntransport_maps = lmdb:/etc/postfix/transport\n\
    recipient_bcc_maps = lmdb:/etc/postfix/recipient_bcc\nsender_bcc_maps = lmdb:/etc/postfix/sender_bcc\n\
    always_bcc = all@far.example\n";

#[test]
fn the_short_way_finds_what_the_long_way_finds() {
    let differing = (1..=12_u64).into_par_iter().map(|seed| {
        let scratch = without_master();
        write_site(&scratch, &mut Random(seed), "site", None);
        write_site(&scratch, &mut Random(seed), "other", Some(&mut Random(seed + 1000)));
        scratch.write("site/main.cf", MAIN);
        scratch.write("other/main.cf", MAIN);
        let short = routes(&scratch.run(DIFF).stdout);
        // A parameter that has nothing to do with it makes all names be followed.
        scratch.write("other/main.cf", format!("{MAIN}queue_run_delay = 400s\n"));
        let long = routes(&scratch.run(DIFF).stdout);
        assert_eq!(short, long, "seed {seed}");
        short.lines().count()
    });
    let differing: usize = differing.sum();
    assert!(differing > 30, "hardly a change was seen: {differing}");
}

/// The tables of a side as tables that are their own names.
fn main_with_inline_tables(scratch: &Scratch, side: &str) -> String {
    ["canonical", "virtual"].iter().fold(MAIN.to_string(), |main, name| {
        let text = String::from_utf8(scratch.read(&format!("{side}/{name}"))).unwrap();
        let entries = text.lines().filter_map(|line| line.split_once(' '));
        let entries: String = entries.map(|(key, value)| format!(" {{ {key} = {} }}", value.trim())).collect();
        main.replace(
            &format!("lmdb:/etc/postfix/{name}"),
            &format!("inline:{{ {{ x@y.example = z@y.example }}{entries} }}"),
        )
    })
}

/// The whole of such a table is the value of a parameter; nevertheless only what its entries reach is followed.
#[test]
fn tables_that_are_their_own_names_are_compared_by_entry() {
    let differing = (1..=12_u64).into_par_iter().map(|seed| {
        let scratch = without_master();
        write_site(&scratch, &mut Random(seed), "site", None);
        write_site(&scratch, &mut Random(seed), "other", Some(&mut Random(seed + 1000)));
        scratch.write("site/main.cf", main_with_inline_tables(&scratch, "site"));
        let main = main_with_inline_tables(&scratch, "other");
        scratch.write("other/main.cf", &main);
        let short = routes(&scratch.run(DIFF).stdout);
        scratch.write("other/main.cf", format!("{main}queue_run_delay = 400s\n"));
        assert_eq!(short, routes(&scratch.run(DIFF).stdout), "seed {seed}");
        short.lines().count()
    });
    let differing: usize = differing.sum();
    assert!(differing > 8, "hardly a change was seen: {differing}");
}

/// A source that was edited tells where mail will go; the index beside it, where mail goes now.
#[test]
fn sources_that_are_newer_than_their_indexes() {
    let scratch = sites();
    assert_eq!(scratch.run("build -q site").status, 0);
    assert_eq!(scratch.run("build -q other").status, 0);
    scratch.edit("other/virtual", "info@example.net        alice", "info@example.net        dora@example.com");
    let out = scratch.run(DIFF);
    assert_eq!(out.status, 1);
    assert!(out.stdout.contains("info@example.net: alice → dora@example.com"), "{}", out.stdout);
    assert!(out.stdout.contains("routes, by lmdb:/etc/postfix/virtual\n"), "{}", out.stdout);
    assert_eq!(
        out.stderr,
        "postwright: looked through the sources: lmdb:/etc/postfix/virtual (the index is not what the source says)\n"
    );
    scratch.run(&format!("{DIFF} --from-indexes -q")).is(0, "", "");
    let told = scratch.run(&format!("{DIFF} --from-indexes")).stderr;
    assert_eq!(
        told,
        "postwright: warning: lmdb:/etc/postfix/virtual (the index is not what the source says); this is how mail goes until \
         `postwright build`, or --from-sources\n"
    );
    fs::remove_file(scratch.path("other/transport.lmdb")).unwrap();
    let out = scratch.run(&format!("{DIFF} -q"));
    assert_eq!(out.stderr, "");
    let out = scratch.run(DIFF);
    let both = "lmdb:/etc/postfix/virtual (the index is not what the source says), lmdb:/etc/postfix/transport (there is \
                no index)";
    assert_eq!(out.stderr, format!("postwright: looked through the sources: {both}\n"));
}

/// The time in an index of aliases differs from one second to the next, and its key has capitals.
#[test]
fn what_postalias_notes_in_an_index_is_no_difference() {
    let scratch = sites();
    for site in ["site", "other"] {
        assert_eq!(scratch.run(&format!("build -q {site}")).status, 0);
        let note = format!("postmap -c {site} -f -r -i lmdb:{site}/aliases");
        let stamp = if site == "site" { "YP_LAST_MODIFIED 1\n" } else { "YP_LAST_MODIFIED 2\n" };
        scratch.run_with_input(&note, stamp.as_bytes()).is(0, "", "");
    }
    scratch.run("diff --routes site other --color never --from-indexes -q").is(0, "", "");
}

#[test]
fn a_site_is_what_it_is() {
    let scratch = Scratch::example();
    scratch.write(
        "site/main.cf",
        "mydestination = example.com\nvirtual_alias_maps = pcre:/nowhere/v, cidr:/etc/postfix/none, \
         tcp:127.0.0.1:1, mysql:/etc/postfix/m.cf, proxy:socketmap:unix:/nowhere/s:x\nlocal_recipient_maps =\n",
    );
    let begun = std::time::Instant::now();
    let out = scratch.run("diff --routes site site --color never");
    assert_eq!((out.status, out.stderr.as_str()), (0, ""), "{}", out.stdout);
    assert!(out.stdout.ends_with("\nsame meaning; all routes are the same\n"), "{}", out.stdout);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5), "servers are not asked");
}
