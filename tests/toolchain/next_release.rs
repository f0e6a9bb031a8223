//! `--target 3.12`, which is not out: what it brings, that it is a snapshot, and what an upgrade changes.

use std::process::Command;
use support::Scratch;

/// A site with an alias that needs quotes.
fn site() -> Scratch {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nmyhostname = mail.example.com\nmydomain = example.com\nmyorigin = example.com\n\
                mydestination = example.com\nlocal_recipient_maps =\nalias_maps = lmdb:/etc/postfix/aliases\nalias_database = $alias_maps\n\
                smtpd_relay_restrictions = reject_unauth_destination\n";
    scratch.write("site/main.cf", main);
    scratch
        .write("site/aliases", "postmaster: alice\n\"Sales Team\": bob@else.example\n\"plain\": carol@else.example\n");
    scratch
}

#[test]
fn it_is_marked_as_a_snapshot() {
    let scratch = Scratch::example();
    let said = "\
smtp_tls_loglevel_maps
value:      a list of lookup tables, type:name (type str)
default:    (empty) (Postfix 3.12, snapshot of 2026-08-21)
versions:   since 3.12 (snapshot of 2026-08-21)
note:       key=peer name, then address, its parents and networks; value a TLS log level, perhaps
            with ,trace, or DUNNO
default of: proxy_read_maps
manual:     https://www.postfix.org/postconf.5.html#smtp_tls_loglevel_maps
";
    scratch.run("explain -c site --target 3.12 smtp_tls_loglevel_maps").is(0, said, "");
    let before = scratch.run("explain -c site smtp_tls_loglevel_maps").stdout;
    assert!(before.contains("default:    Postfix 3.11 does not know this parameter\n"), "{before}");
    let json = scratch.run("explain -c site --target 3.12 --format json socketmap_max_query_size").stdout;
    assert!(json.contains(r#""target":"3.12","snapshot":"2026-08-21","#), "{json}");
    let help = scratch.run("check --help").stdout.replace('\n', " ");
    let help: Vec<&str> = help.split_whitespace().collect();
    assert!(help.join(" ").contains("2.11 to 3.12, which is known from its snapshot of 2026-08-21"), "{help:?}");
    let gone = scratch.run("explain -c site --target 3.12 tlsproxy_client_loglevel_parameter").stdout;
    for line in [
        "default:    Postfix 3.12 (snapshot of 2026-08-21) does not know this parameter\n",
        "old name:   removed in 3.12; postconf warns\n",
    ] {
        assert!(gone.contains(line), "{gone}");
    }
}

#[test]
fn what_an_upgrade_changes() {
    let scratch = site();
    let said = "\
lmdb:/etc/postfix/aliases
  + \"sales team\"  bob@else.example
  - sales team  bob@else.example
1 difference
";
    scratch.run("diff site --target-a 3.11 --target-b 3.12 --color never").is(1, said, "");
    let files = "diff site/aliases site/aliases --target-a 3.11 --target-b 3.12 --color never";
    let said = "site/aliases\n  + \"sales team\"  bob@else.example\n  - sales team  bob@else.example\n1 difference\n";
    scratch.run(files).is(1, said, "");
    // Nobody's mail goes another way.
    let routes = scratch.run("diff --routes site --target-a 3.11 --target-b 3.12 --color never").stdout;
    assert!(routes.ends_with("1 difference; all routes are the same\n"), "{routes}");
}

#[test]
fn an_index_of_before_is_stale_and_works() {
    let scratch = site();
    scratch.run("-q build site --target 3.11").is(0, "", "");
    let state = |target: &str| scratch.run(&format!("build --check site --target {target}")).stdout;
    assert!(state("3.11").starts_with("current  lmdb:/etc/postfix/aliases\n"), "{}", state("3.11"));
    assert!(state("3.12").starts_with("stale    lmdb:/etc/postfix/aliases\n"), "{}", state("3.12"));
    let route = |flags: &str| {
        let outcome = scratch.outcome(&mut command(&scratch, flags));
        assert_eq!(outcome.status, 0, "{}", outcome.stderr);
        outcome.stdout
    };
    let looked_up = |said: &str| -> Vec<String> {
        let lines = said.lines().filter(|line| line.contains("/aliases") && line.contains("sales team"));
        let lines = lines.filter(|line| !line.contains("owner-"));
        lines.map(|line| line.trim().to_string()).collect()
    };
    // The old form is found second.
    let said = route("--from-indexes --target 3.12 -v");
    assert!(said.contains("bob@else.example: relayed"), "{said}");
    assert_eq!(looked_up(&said).len(), 2, "{said}");
    assert_eq!(looked_up(&route("--from-indexes --target 3.11 -v")).len(), 1);
    scratch.run("-q build site --target 3.12").is(0, "", "");
    assert!(state("3.12").starts_with("current"), "{}", state("3.12"));
    let said = route("--from-indexes --target 3.12 -v");
    assert!(said.contains("bob@else.example: relayed") && looked_up(&said).len() == 1, "{said}");
    // Which a program of before does not find.
    let outcome = scratch.outcome(&mut command(&scratch, "--from-indexes --target 3.11"));
    assert!(!outcome.stdout.contains("bob@else.example"), "{}", outcome.stdout);
    let check =
        |target: &str| scratch.run(&format!("check --select MAP --format concise site --target {target}")).stdout;
    assert!(check("3.11").contains("is not what its source says"), "{}", check("3.11"));
    assert!(!check("3.12").contains("is not what its source says"), "{}", check("3.12"));
}

fn command(scratch: &Scratch, flags: &str) -> Command {
    let flags = flags.split_whitespace();
    let arguments: Vec<&str> =
        ["route", "-c", "site"].into_iter().chain(flags).chain(["\"sales team\"@example.com"]).collect();
    scratch.command(&arguments)
}

/// Words that only 3.12 knows, and one that it no longer does.
#[test]
fn what_check_says_of_either_release() {
    let scratch = Scratch::example();
    let main = "compatibility_level = 3.11\nsmtp_tls_loglevel = 1,trace\ntls_trust_server_ccerts = yes\n\
                tlsproxy_client_loglevel_parameter = smtp_tls_loglevel\nsocketmap_max_query_size = 0\n\
                known_tcp_ports = box=70000\nvirtual_alias_maps = lmdb:\nalias_maps =\n";
    scratch.write("site/main.cf", main);
    let check = |target: &str| -> Vec<String> {
        let said = scratch.run(&format!(
            "check --select VER,MC003,MC006,MC028,MC029,MAP013 --format concise site/main.cf --target {target}"
        ));
        said.stdout.lines().filter_map(|line| line.strip_prefix("site/main.cf:")).map(str::to_string).collect()
    };
    assert_eq!(
        check("3.11"),
        [
            "2:23: warning[VER005] a TLS log level with ,trace came with Postfix 3.12",
            "3:1: warning[VER003] tls_trust_server_ccerts came with Postfix 3.12",
            "5:1: warning[VER003] socketmap_max_query_size came with Postfix 3.12",
            "6:19: warning[MC028] the port of box=70000 is past 65535",
            "7:22: error[MAP013] virtual_alias_maps needs tables as type:name, and lmdb: has no name",
        ]
    );
    assert_eq!(
        check("3.12"),
        [
            "2:23: warning[MC029] smtp_tls_loglevel traces the TLS sessions of everybody",
            "4:1: warning[VER001] tlsproxy_client_loglevel_parameter is gone since Postfix 3.12",
            "5:28: error[MC006] socketmap_max_query_size cannot be \"0\"",
            "6:19: warning[MC028] the port of box=70000 is past 65535",
            "7:22: error[MAP013] virtual_alias_maps needs tables as type:name, and lmdb: has no name",
        ]
    );
    let mut postconf = scratch.command(&["postconf", "-c", "site", "-n", "tlsproxy_client_loglevel_parameter"]);
    let said = "postconf: warning: site/main.cf: support for parameter tlsproxy_client_loglevel_parameter has been removed; \
                instead, do not specify\n";
    let outcome = scratch.outcome(postconf.env("POSTWRIGHT_TARGET", "3.12"));
    assert!(outcome.status == 0 && outcome.stderr.contains(said), "{}", outcome.stderr);
    scratch.write("site/main.cf", "compatibility_level = 3.12\nalias_maps =\n");
    let level = |target: &str| {
        scratch.run(&format!("check --select VER006 --format concise site/main.cf --target {target}")).stdout
    };
    assert!(
        level("3.11").starts_with("site/main.cf:1:23: info[VER006] the level 3.12 is ahead of Postfix 3.11"),
        "{}",
        level("3.11")
    );
    assert_eq!(level("3.12"), "nothing found\n");
}

/// The script of the recipe "a new release".
#[test]
fn a_new_release_is_compared_with_the_catalogue() {
    let scratch = Scratch::example();
    scratch.write("empty/main.cf", "");
    scratch.write("empty/master.cf", "");
    let mut command = scratch.command(&["postconf", "-d", "-c", "empty"]);
    let known = scratch.outcome(command.env("POSTWRIGHT_TARGET", "3.12").env("POSTWRIGHT_PROFILE", "upstream")).stdout;
    let new: String = known
        .lines()
        .filter(|line| !line.starts_with("tls_trace_rate_limit ") && !line.starts_with("process_id "))
        .map(|line| match line {
            "mail_version = 3.12-20260821" => {
                "mail_version = 3.13.0\nnew_limit = 10\nnew_switch = no\nnew_text =\nnew_time = 5m\n".into()
            }
            "soft_bounce = no" => "soft_bounce = yes\n".into(),
            other => format!("{other}\n"),
        })
        .collect();
    scratch.write("new", new);
    let script = support::repository().join("tests/release/compare");
    let mut command = Command::new(script);
    command.arg(scratch.path("new")).env("POSTWRIGHT", env!("CARGO_BIN_EXE_postwright"));
    command.env_remove("POSTWRIGHT_TARGET").env_remove("POSTWRIGHT_PROFILE");
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let expected = "\
Postfix 3.13, compared with what is known of 3.12 (upstream)

added, for parameters.tsv:
new_limit\tint\t\t\t\t3.13\t\t\t\tnumber\t\t10
new_switch\tbool\t\t\t\t3.13\t\t\t\tboolean\t\tno
new_text\tstr\t\t\t\t3.13\t\t\t\t?\t\t
new_time\ttime\t1\t\tm\t3.13\t\t\t\tduration\t\t5m

gone, for the columns last and listed of parameters.tsv, and for deprecated.tsv:
process_id
tls_trace_rate_limit

changed, for parameters.tsv; what was goes to earlier_defaults.tsv:
mail_version
    was: 3.12-20260821
    is:  3.13.0
soft_bounce
    was: no
    is:  yes
";
    assert_eq!((said.as_str(), String::from_utf8_lossy(&output.stderr).as_ref()), (expected, ""));
}
