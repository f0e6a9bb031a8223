//! `postwright migrate sendmail` from end to end: the site of the article, by one command, and what it refuses.

use std::fs;
use support::{Scratch, fixture};

fn site() -> Scratch {
    let scratch = Scratch::example();
    fs::remove_dir_all(scratch.path("site")).unwrap();
    for entry in fs::read_dir(fixture("sendmail-site")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        scratch.write(&format!("mail/{name}"), fs::read(&path).unwrap());
    }
    scratch
}

/// A site of one file, and what becomes of its lines.
fn of(name: &str, text: &str) -> String {
    let scratch = Scratch::example();
    scratch.write("mail/local-host-names", "example.com\n");
    scratch.write(&format!("mail/{name}"), text);
    let outcome = scratch.run("migrate sendmail --from mail --to new --hostname mail.example.com");
    assert_eq!(outcome.stderr, "");
    let lines: Vec<&str> = outcome.stdout.lines().collect();
    let shown = lines[..lines.len() - 3].iter().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    // The list has three lines of its own.
    let mut shown: Vec<String> = shown.collect();
    let own = shown.iter().position(|line| line.contains(" local-host-names:1 ")).unwrap();
    shown.drain(own..own + 3);
    shown.join("\n")
}

#[test]
fn the_old_site_becomes_one_that_works() {
    let scratch = site();
    let command = "migrate sendmail --from mail --to new";
    let plan = scratch.run(command);
    let summary = "53 lines: 51 carried over, 2 changed in meaning, 0 need a decision\n\
                   40 addresses and clients tried: 40 fare as with Sendmail\n";
    assert!(
        plan.stdout.ends_with(&format!("{summary}27 files would be written to new; nothing was: --yes does it\n")),
        "{}",
        plan.stdout
    );
    assert_eq!((plan.status, plan.stderr.as_str(), scratch.names("")), (0, "", vec!["mail".to_string()]));

    let done = scratch.run(&format!("{command} --yes"));
    assert!(done.stdout.ends_with(&format!("{summary}27 files written to new\n")), "{}", done.stdout);
    assert_eq!((done.status, scratch.names("")), (0, vec!["mail".to_string(), "new".to_string()]));
    scratch.run("check new").is(0, "nothing found\n", "");
    let built = scratch.run("build --check new");
    assert_eq!((built.status, built.stderr.as_str()), (0, ""));
    // What the article asks of it.
    let ends = |address: &str| {
        let routed = scratch.run(&format!("route -q -c new {address}")).stdout;
        routed.lines().skip(1).map(|line| line.trim().to_string()).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(ends("sales@foo.example.com"), "→ glenn@bar.example.com: bounced 5.1.1 unknown user: \"glenn\"");
    assert_eq!(
        ends("jobs+2003@example.net"),
        "→ jobs-archive@example.org: relayed via smtp to example.org, or the MX hosts that the DNS has for it"
    );
    assert_eq!(
        ends("anyone@partner.example.org"),
        "→ anyone@partner.example.org: relayed via relay to partner.example.org, or the MX hosts that the DNS has for it"
    );
    let refused = scratch.run("route -q -c new --client 192.0.2.66 glenn@bar.example.com").stdout;
    assert!(
        refused.contains("rejected 550 5.7.1 <unknown[192.0.2.66]>: Client host rejected: Access denied"),
        "{refused}"
    );

    scratch.run(command).is(
        2,
        "",
        "postwright: new: not empty; give a directory that is empty or not there yet: nothing is overwritten\n",
    );
}

#[test]
fn every_line_of_the_article_is_in_the_report() {
    let scratch = site();
    let report = scratch.run("migrate sendmail --from mail --to new --format json");
    let report: serde_json::Value = serde_json::from_str(&report.stdout).unwrap();
    let told: Vec<(String, u64)> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["file"].as_str().unwrap().to_string(), line["line"].as_u64().unwrap()))
        .collect();
    for file in scratch.names("mail") {
        let text = String::from_utf8(scratch.read(&format!("mail/{file}"))).unwrap();
        for (number, line) in (1..).zip(text.lines()) {
            // A line that begins with white space belongs to the one before.
            let says_nothing = ["#", "\t", "dnl", "divert"].iter().any(|start| line.starts_with(start));
            let says_something = !line.is_empty() && !says_nothing;
            assert_eq!(told.contains(&(file.clone(), number)), says_something, "{file}:{number}: {line}");
        }
    }
}

#[test]
fn the_page_holds_what_was_written_beside_it() {
    let scratch = site();
    let command = "migrate sendmail --from mail --to new";
    let page = scratch.run(&format!("{command} --format html")).stdout;
    scratch.run(&format!("{command} --yes"));
    assert!(String::from_utf8(scratch.read("new/migration-report.html")).unwrap() == page);
    let row =
        "<tr class=\"carried\"><td class=\"n\">8</td><td><code>@example.edu error:5.1.1:550 User unknown</code></td>";
    assert!(page.contains(row), "{page}");
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_written() {
    let refused = |make: &dyn Fn(&Scratch), words: &str| {
        let scratch = site();
        make(&scratch);
        let before = scratch.names("");
        scratch.run("migrate sendmail --from mail --to new --yes").is(2, "", &format!("postwright: {words}\n"));
        assert_eq!(scratch.names(""), before);
    };
    refused(
        &|scratch| {
            fs::remove_file(scratch.path("mail/access")).unwrap();
            fs::create_dir(scratch.path("mail/access")).unwrap();
        },
        "mail/access: a directory, where a file is expected; move it away",
    );
    refused(
        &|scratch| {
            fs::remove_file(scratch.path("mail/access")).unwrap();
            scratch.write("mail/access.db", "no database");
        },
        "mail/access.db: not a usable Berkeley DB file: it is too short; its source access is gone: bring back one of them, or remove it",
    );
    refused(
        &|scratch| scratch.edit("mail/sendmail.mc", "`bar.example.com')", "`bar.example.com)"),
        "mail/sendmail.mc:5:27: this ` has no ' that closes it; add the ' where the text should end",
    );
    refused(&|scratch| scratch.write("new", ""), "new: Not a directory");
    refused(
        &|scratch| fs::rename(scratch.path("mail"), scratch.path("old")).unwrap(),
        "mail: no directory; --from takes Sendmail's, as /etc/mail",
    );
    refused(
        &|scratch| {
            fs::rename(scratch.path("mail"), scratch.path("old")).unwrap();
            fs::create_dir(scratch.path("mail")).unwrap();
        },
        "mail: no sendmail.mc, and no table with an entry; --from takes Sendmail's directory, as /etc/mail",
    );
}

#[test]
fn lines_that_need_a_person_say_what_to_choose() {
    assert_eq!(
        of("virtusertable", "a@example.com x@example.org, y@example.org\nb@elsewhere.example jane\n"),
        "decide virtusertable:1 a@example.com x@example.org, y@example.org\n\
         → Sendmail takes one address only and answers 553 5.1.3 Invalid route address; choose: write the address that \
         was meant; or leave it out; or make an alias of it\n\
         ≠ a@example.com: Sendmail: Sendmail takes one address only and answers 553 5.1.3 Invalid route address; \
         Postfix: local user a\n\
         decide virtusertable:2 b@elsewhere.example jane\n\
         → elsewhere.example is neither in local-host-names nor a VIRTUSER_DOMAIN, so Sendmail never asks this table for \
         it; choose: add the domain to local-host-names and migrate again; or leave it out\n\
         = b@elsewhere.example: b@elsewhere.example by elsewhere.example"
    );
    assert_eq!(
        of("mailertable", ".example.org esmtp:%1.example.net\n"),
        "decide mailertable:1 .example.org esmtp:%1.example.net\n\
         → Postfix puts no part of an address into the name of a host (transport_maps); choose: a line in transport for \
         each subdomain; or MX records for the hosts, and no line\n\
         ≠ anyone@host.example.org: Sendmail: anyone@host.example.org by host.example.net; Postfix: \
         anyone@host.example.org by host.example.org"
    );
    assert_eq!(
        of("access", "GreetPause:192.0.2 5000\n"),
        "decide access:1 GreetPause:192.0.2 5000\n\
         → a pause before the greeting that differs by client has no place in Postfix; choose: postscreen_greet_wait, \
         and postscreen_access_list for those who need not wait; or leave it out"
    );
}

/// Names that nobody knows stop nothing, and none of them is dropped in silence.
#[test]
fn constructs_that_are_not_known() {
    let scratch = Scratch::example();
    let text =
        "FROBNICATE(`x', `y')\nFEATURE(`frobnicate')\ndefine(`confNO_SUCH_OPTION', `1')\nMAILER(`frob')\nsome words\n";
    scratch.write("mail/sendmail.mc", text);
    let run = scratch.run("migrate sendmail --from mail --to new --hostname mail.example.com");
    let told: Vec<_> = run.stdout.lines().filter_map(|line| line.trim_start().strip_prefix("→ ")).collect();
    let expected = [
        "/etc/mail/aliases is named here and was not found below the directory; choose: copy it there and migrate again; \
         or go on without it",
        "no macro of Sendmail's is called FROBNICATE; choose: correct the name, if it is misspelled; or leave the line out",
        "no feature of Sendmail's is called frobnicate; choose: see what the file feature/NAME.m4 of the site does; or \
         leave it out",
        "no option of Sendmail's is called confNO_SUCH_OPTION; choose: leave it out",
        "Postfix has no mailer frob; choose: add a pipe(8) service to master.cf, if tables name it; or leave it out",
        "it is no macro of Sendmail's, and no line of sendmail.cf; choose: correct it, if it is misspelled; or leave it out",
    ];
    assert_eq!((run.status, told), (1, expected.to_vec()));
}

/// The setting of a name in the main.cf that becomes of some files.
fn setting(files: &[(&str, &str)], name: &str) -> String {
    let scratch = Scratch::example();
    for (file, text) in files {
        scratch.write(&format!("mail/{file}"), text);
    }
    let run = scratch.run("migrate sendmail --from mail --to new --hostname mail.example.com --yes -q");
    assert!(run.status < 2 && run.stderr.is_empty(), "{run:?}");
    let main = String::from_utf8(scratch.read("new/main.cf")).unwrap();
    let line = main.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = "));
    line.unwrap_or_default().to_string()
}

/// Mail to a domain of relay-domains is relayed whatever access says of those below it; not so to one of access alone.
#[test]
fn what_access_refuses_below_a_relayed_domain() {
    let relayed = [
        ("relay-domains", "example.org\n"),
        ("access", "To:a.example.org REJECT\nTo:b.example.org REJECT\nTo:x.b.example.org REJECT\n"),
    ];
    assert_eq!(setting(&relayed, "relay_domains"), "$config_directory/relay-domains");
    let by_access = [("access", "To:example.org RELAY\nTo:a.example.org REJECT\nTo:b.example.org REJECT\n")];
    assert_eq!(setting(&by_access, "relay_domains"), "!a.example.org, !b.example.org, $config_directory/relay-domains");
    let networks = [("access", "10 RELAY\n10.1 REJECT\n10.2.3.4 REJECT\n11.1 REJECT\n")];
    assert_eq!(setting(&networks, "mynetworks"), "127.0.0.0/8, [::1]/128, !10.1.0.0/16, !10.2.3.4, 10.0.0.0/8");
}

/// Tables of many lines, and lists of many names, are gone through once.
#[test]
fn many_lines_take_no_longer_than_their_number() {
    let scratch = Scratch::example();
    let lines = |line: &dyn Fn(usize) -> String| (0..5_000).map(line).collect::<String>();
    scratch.write("mail/local-host-names", lines(&|n| format!("d{n}.example.com\n")));
    scratch.write("mail/relay-domains", lines(&|n| format!("r{n}.example.net\n")));
    scratch.write("mail/virtusertable", lines(&|n| format!("u{n}@d{n}.example.com joe\n")));
    scratch.write("mail/genericstable", lines(&|n| format!("u{n} u{n}@example.org\n")));
    scratch.write("mail/generics-domains", "a.example.com\nb.example.com\n");
    scratch.write("mail/mailertable", lines(&|n| format!(".m{n}.example.net esmtp:[h]\n")));
    scratch.write("mail/access", lines(&|n| format!("To:a{n}.example.org RELAY\nFrom:b{n}.example.org REJECT\n")));
    let begin = std::time::Instant::now();
    let run = scratch.run("migrate sendmail --from mail --to new --hostname mail.example.com --yes -q");
    assert!(run.status < 2 && run.stderr.is_empty(), "{run:?}");
    assert!(begin.elapsed().as_secs() < 60, "it took {:?}", begin.elapsed());
}

/// Of what it makes of each site that Sendmail was tried with, `check` finds nothing to say.
#[test]
fn new_sites_pass_check() {
    let sites = fs::read_dir(fixture("sendmail")).unwrap().map(|entry| entry.unwrap().path());
    let sites: Vec<_> = sites.filter(|path| path.is_dir()).collect();
    assert!(sites.len() >= 15, "only {} sites", sites.len());
    for site in sites {
        let scratch = Scratch::copy_of(&site);
        for file in ["addresses", "clients", "answers", "open"] {
            let _ = fs::remove_file(scratch.path(file));
        }
        let run = scratch.run("migrate sendmail --from . --to new --hostname mail.example.com --yes -q");
        assert!(run.status < 2 && run.stderr.is_empty(), "{}: {run:?}", site.display());
        let check = scratch.run("check new");
        assert_eq!((check.status, check.stdout.as_str()), (0, "nothing found\n"), "{}", site.display());
    }
}

/// Keys of access and genericstable are tried by those that they are about.
#[test]
fn clients_and_senders_are_tried() {
    let access = "Connect:10.1 RELAY\nFrom:bad@example.net REJECT\nTo:joe@example.com ERROR:4.2.1:450 later\n\
                  drop.example.net DISCARD\n";
    let tried: Vec<String> =
        of("access", access).lines().filter(|line| line.starts_with(['=', '≠'])).map(str::to_string).collect();
    let expected = [
        "= client unknown[10.1.0.1] to anyone@elsewhere.example: taken",
        "= from bad@example.net: refused 550 5.7.1 Access denied",
        "= to joe@example.com by 127.0.0.1: refused 450 4.2.1 later",
        "= client drop.example.net[203.0.113.213]: discarded",
        "= from anyone@drop.example.net: discarded",
        "= to root@drop.example.net by 127.0.0.1: discarded",
    ];
    assert_eq!(tried, expected);
    let generics = of("genericstable", "joe Joe.Doe@example.org\nann@example.com ann\n");
    let tried: Vec<&str> = generics.lines().filter(|line| line.starts_with(['=', '≠'])).collect();
    let expected =
        ["= sender joe@mail.example.com: Joe.Doe@example.org", "= sender ann@example.com: ann@mail.example.com"];
    assert_eq!(tried, expected);
}
