//! What people type by mistake, and the sentence that they get.

use support::Scratch;

fn refused(scratch: &Scratch, arguments: &[&str], said: &str) {
    let outcome = scratch.outcome(&mut scratch.command(arguments));
    assert_eq!((outcome.status, outcome.stderr.as_str()), (2, said), "{arguments:?}");
}

#[test]
fn a_file_where_a_directory_is_meant() {
    let scratch = Scratch::example();
    let said = "postwright: site/main.cf is a file; give the directory of the configuration: site\n";
    refused(&scratch, &["build", "site/main.cf"], said);
    refused(&scratch, &["graph", "site/main.cf"], said);
    refused(&scratch, &["route", "-c", "site/main.cf", "a@example.com"], said);
    refused(&scratch, &["set", "-c", "site/main.cf", "a=b"], said);
}

/// `postconf` and every other program of Postfix 3.11.7 ends with `fatal: … missing '=' after attribute name` or
/// `bad field count`.
#[test]
fn lines_with_which_postfix_does_not_start() {
    let lines: [(&str, &str, &str, &str); 3] = [
        ("main.cf", "relayhost [x]\n", "1:1", "no '=' behind the name"),
        ("main.cf", "myhostname = a.example.com\n= x\n", "2:1", "no name before '='"),
        ("master.cf", "smtp inet n - n - -\n", "1:1", "a service needs eight fields"),
    ];
    for (file, text, place, what) in lines {
        let scratch = Scratch::example();
        scratch.write(&format!("site/{file}"), text);
        let said = format!(
            "postwright: site/{file}:{place}: {what}; Postfix does not start with this (`postwright check` tells more)\n"
        );
        refused(&scratch, &["build", "site"], &said);
        refused(&scratch, &["graph", "site"], &said);
        refused(&scratch, &["route", "-c", "site", "a@example.com"], &said);
        refused(&scratch, &["expand", "-c", "site", "myorigin"], &said);
        refused(&scratch, &["diff", "site", "site"], &said);
        assert_eq!(scratch.run("check --format concise site").status, 1);
    }
}

#[test]
fn operands_that_are_empty() {
    let scratch = Scratch::example();
    let needed = "an address is needed, such as info@example.com";
    for (address, why) in [
        ("", needed),
        ("\"\"", needed),
        (" ", needed),
        ("<info@example.com>", "expected the address alone: info@example.com"),
        ("Ann <info@example.com>", "expected the address alone: info@example.com"),
        ("a@example.com,b@example.com", "expected one address in each argument"),
        ("a@example.com; b@example.com", "expected one address in each argument"),
    ] {
        refused(
            &scratch,
            &["route", "-c", "site", address],
            &format!(
                "error: invalid value '{address}' for '[ADDRESS]...': {why}\n\nFor more information, try '--help'.\n"
            ),
        );
    }
    for address in ["\"a, b\"@example.com", "\"<a>\"@example.com"] {
        let outcome = scratch.outcome(&mut scratch.command(&["route", "-c", "site", address]));
        assert_ne!(outcome.status, 2, "{address}: {}", outcome.stderr);
    }
    let needed = |what: &str| {
        format!(
            "error: a value is required for '{what}' but none was supplied\n\nFor more information, try '--help'.\n"
        )
    };
    refused(&scratch, &["expand", "-c", "site", ""], &needed("[NAME|STRING]..."));
    refused(&scratch, &["explain", ""], &needed("[CODE|PARAMETER]"));
}

#[test]
fn files_of_other_kinds() {
    let scratch = Scratch::example();
    scratch.write("README.md", "# A site\n\nsome words\n");
    let said =
        "postwright: README.md: by its name this is no file that Postfix reads; --as KIND checks it all the same\n";
    refused(&scratch, &["check", "README.md"], said);
    assert_eq!(scratch.run("check --as virtual README.md").status, 0);
    let said = "postwright: site/virtual is a table and site/main.cf is a main.cf: they cannot be compared; --as KIND takes \
                both for the same\n";
    refused(&scratch, &["diff", "site/virtual", "site/main.cf"], said);
    let said = "postwright: site/master.cf is a master.cf and site/aliases is a table of aliases: they cannot be compared; \
                --as KIND takes both for the same\n";
    refused(&scratch, &["diff", "site/master.cf", "site/aliases"], said);
}

#[test]
fn help_for_the_names_of_programs() {
    let scratch = Scratch::example();
    for name in ["postmap", "postalias", "newaliases", "postconf"] {
        let outcome = scratch.run(&format!("help {name}"));
        let start = format!("{name}: ");
        assert!(outcome.status == 0 && outcome.stdout.starts_with(&start), "{outcome:?}");
        assert!(outcome.stdout.contains(&format!("\nUsage:\n  {name} ")), "{outcome:?}");
    }
    assert!(scratch.run("help postmap").stdout.contains("\n  -q key\n"));
    assert_eq!(scratch.run("help nosuch").status, 2);
}

/// The name is told, and not all of it.
#[test]
fn a_line_of_twenty_megabytes() {
    let scratch = Scratch::example();
    scratch.write("site/main.cf", format!("{} = 1\n", "y".repeat(20_000_000)));
    let outcome = scratch.run("check --format concise --select MC003 site");
    assert_eq!(outcome.status, 1);
    assert!(
        outcome.stdout.contains("yyy… (19999718 more bytes)"),
        "{}",
        &outcome.stdout[..outcome.stdout.len().min(3000)]
    );
    assert!(outcome.stdout.len() < 5000);
}

/// The same turns a thousand times are one circle.
#[test]
fn circles_are_shown_once() {
    let scratch = Scratch::example();
    scratch.write(
        "site/main.cf",
        "compatibility_level = 3.11\nmyhostname = mail.example.com\nvirtual_alias_domains = v.example\nalias_maps =\n\
         virtual_alias_maps = texthash:/etc/postfix/virtual\ncanonical_maps = texthash:/etc/postfix/canonical\n",
    );
    scratch.write("site/virtual", "a@v.example b@v.example\nb@v.example a@v.example\nd@v.example c@v.example\nc@v.example d@v.example e@v.example\n");
    scratch.write("site/canonical", "q@v.example r@v.example\nr@v.example q@v.example\n");
    let lines = |address: &str| {
        let outcome = scratch.run(&format!("route -c site {address}"));
        assert_eq!(outcome.status, 1, "{outcome:?}");
        (outcome.stdout.lines().count(), outcome.stdout)
    };
    let (count, text) = lines("a@v.example");
    assert!(count < 30, "{text}");
    let circle = "  └ virtual_alias_maps leads in a circle, from a@v.example to a@v.example again\n  → a@v.example: would loop: \
                  unreasonable virtual_alias_maps map nesting for a@v.example\n";
    assert!(text.ends_with(circle), "{text}");
    assert!(lines("d@v.example").0 < 40);
    let (count, text) = lines("q@v.example");
    assert!(
        count < 40 && text.contains("canonical_maps leads in a circle: Postfix stops after 10 turns, at q@v.example"),
        "{text}"
    );
}

#[test]
fn what_was_perhaps_meant() {
    let cases = [
        ("virtual_alias_maps = textlmdb:/etc/postfix/virtual", "MAP013", "did you mean texthash:/etc/postfix/virtual?"),
        (
            "relay_transport = lmdb:/etc/postfix/relay",
            "RT003",
            "lmdb is a type of lookup tables, not a transport; a table of transports belongs in transport_maps",
        ),
        (
            "default_transport = smtp mail.example.com",
            "RT003",
            "a colon stands between transport and nexthop, and no white space: write smtp:mail.example.com",
        ),
        (
            "default_transport = smpt mail.example.com",
            "RT003",
            "a colon stands between transport and nexthop, and no white space: write transport:nexthop",
        ),
    ];
    for (line, rule, help) in cases {
        let scratch = Scratch::example();
        scratch.write("site/main.cf", format!("compatibility_level = 3.11\n{line}\n"));
        let outcome = scratch.run(&format!("check --format json --select {rule} site"));
        let help = format!("\"help\":\"{help}\"");
        assert!(outcome.stdout.contains(&help), "{}", outcome.stdout);
    }
    // Of a main.cf without a master.cf, what no service is ever called.
    let scratch = Scratch::example();
    let main = "default_transport = smtp mail.example.com\nrelay_transport = hash:/etc/postfix/relay\nlocal_transport = nosuch\n";
    scratch.write("main.cf", main);
    let told = "main.cf:1:21: error[RT003] smtp mail.example.com is no transport\n\
                main.cf:2:19: error[RT003] hash is no transport\n";
    scratch.run("check -q --format concise --select RT003 main.cf").is(1, told, "");
}
