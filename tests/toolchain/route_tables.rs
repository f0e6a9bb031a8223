//! `postwright route`: which file, daemon or server answers for a table.

use support::Scratch;

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

/// The database that a client file names lies where the site's other files lie.
#[cfg(feature = "sql")]
#[test]
fn databases_of_clients_are_the_sites() {
    let scratch = Scratch::example();
    for (root, site) in [("site", "-c site"), ("root/etc/postfix", "--root root")] {
        let main = "compatibility_level = 3.11\nmydestination = example.com\nlocal_recipient_maps =\n\
                    virtual_alias_maps = proxy:sqlite:/etc/postfix/aliases.cf\n";
        scratch.write(&format!("{root}/main.cf"), main);
        scratch.write(
            &format!("{root}/aliases.cf"),
            "dbpath = /etc/postfix/aliases.db\nquery = SELECT goto FROM alias WHERE address = '%s'\n",
        );
        let database = rusqlite::Connection::open(scratch.path(&format!("{root}/aliases.db"))).unwrap();
        let rows = "CREATE TABLE alias (address, goto); \
                    INSERT INTO alias VALUES ('bob@example.com', 'ann@else.example')";
        database.execute_batch(rows).unwrap();
        let out = scratch.run(&format!("route -q {site} bob@example.com"));
        let end = "  → ann@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it\n";
        assert!(out.stdout.contains(end), "{site}: {}{}", out.stdout, out.stderr);
    }
}
