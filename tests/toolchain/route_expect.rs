//! `postwright route --expect`: exact reports, the JUnit one held against its schema, and its faults.

use crate::judge;
use support::{Outcome, Scratch, fixture};

const GOOD: &str = "\
# What the example site promises.
[[expect]]
address = \"alice@example.com\"
rewritten = \"alice@example.com\"
class = \"local\"
mailbox = \"/var/mail/alice\"
rejected = false

[[expect]]
address = \"x@sub.inner.example.com\"
from = \"someone@example.net\"
ends = \"x@sub.inner.example.com: relayed via relay to [10.0.0.25]\"

[[expect]]
address = \"sales@example.net\"
from = \"\"
recipients = [\"bob@example.com\", \"alice@example.com\"]
transport = \"local\"
outcome = [\"delivered\", \"bounced\"]
bounced = \"5.1.1 unknown user\"
loops = false

[[expect]]
address = \"none@example.net\"
rejected = \"550 5.1.1\"

[[expect]]
address = \"tickets\"
command = \"/usr/local/bin/tickets --queue inbox\"

[[expect]]
address = \"x@else.example\"
ends = \"x@else.example: relayed via smtp to else.example, or the MX hosts that the DNS has for it\"
";

const WRONG: &str = "\
[[expect]]
address = \"alice@example.com\"
transport = \"local\"

[[expect]]
address = \"x@sub.inner.example.com\"
from = \"<a&b>\"
class = \"relay\"
transport = \"smtp\"
nexthop = [\"[10.0.0.26]\", \"[10.0.0.27]\"]
mailbox = \"/var/mail/x\"

[[expect]]
address = \"none@example.net\"
transport = \"smtp\"

[[expect]]
address = \"sales@example.net\"
bounced = false

[[expect]]
address = \"alice@example.com\"
rejected = true
";

const SESSIONS: &str = "\
[[expect]]
address = \"x@else.example\"
client = \"198.51.100.1\"
rejected = \"554 5.7.1\"
rejected_by = \"reject_unauth_destination\"

[[expect]]
address = \"x@else.example\"
client = \"mail.example.com[192.0.2.7]\"
rejected = false
effects = false
transport = \"smtp\"

[[expect]]
address = \"root\"
from = \"spam@example.com\"
client = \"192.0.2.7\"
effects = \"the message is held\"
outcome = \"delivered\"

[[expect]]
address = \"x@else.example\"
client = \"198.51.100.1\"
tls = true
sasl = \"joe\"
service = \"submission/inet\"
rejected = false

[[expect]]
address = \"x@else.example\"
client = \"192.0.2.7\"
helo = \"late\"
tls = false
sasl = \"\"
rejected_at = \"DATA\"
rejected_by = [\"smtpd_data_restrictions\", \"check_helo_access\"]
";

fn with_sessions() -> Scratch {
    let scratch = site(SESSIONS);
    let more = "smtpd_sasl_auth_enable = yes\nsmtpd_data_restrictions = check_helo_access inline:{late=DEFER}\n";
    scratch.edit("site/main.cf", "\nsmtpd_sender_restrictions", &format!("\n{more}smtpd_sender_restrictions"));
    scratch.write("site/access", "spam@example.com HOLD\ngone@example.com DISCARD\n");
    scratch
}

fn site(expectations: &str) -> Scratch {
    let scratch = Scratch::example();
    scratch.write("passwd", "alice:x:1000:1000::/srv/alice:/bin/sh\n");
    scratch.write("routes.toml", expectations);
    scratch
}

fn run(scratch: &Scratch, options: &str) -> Outcome {
    scratch.run(&format!("route -c site --map-path /etc/passwd=passwd --expect routes.toml{options}"))
}

#[test]
fn all_as_expected() {
    let scratch = site(GOOD);
    run(&scratch, "").is(0, "6 expectations: 6 as expected, 0 differ\n", "");
    run(&scratch, " -q").is(0, "", "");
    run(&scratch, " -v").is(
        0,
        "routes.toml:2: alice@example.com: as expected\n\
         routes.toml:9: x@sub.inner.example.com from someone@example.net: as expected\n\
         routes.toml:14: sales@example.net from <>: as expected\n\
         routes.toml:23: none@example.net: as expected\n\
         routes.toml:27: tickets: as expected\n\
         routes.toml:31: x@else.example: as expected\n\
         6 expectations: 6 as expected, 0 differ\n",
        "",
    );
}

#[test]
fn a_line_for_each_that_differs() {
    run(&site(WRONG), "").is(
        1,
        "routes.toml:5: x@sub.inner.example.com from <a&b>: transport: expected smtp, got relay; \
         nexthop: expected [10.0.0.26] and [10.0.0.27], got [10.0.0.25]; \
         mailbox: expected /var/mail/x, got x@sub.inner.example.com: relayed via relay to [10.0.0.25]\n\
         routes.toml:13: none@example.net: transport: expected smtp, got rejected 550 5.1.1 <none@example.net>: \
         Recipient address rejected: User unknown in virtual alias table\n\
         routes.toml:17: sales@example.net: bounced: expected false, got 5.1.1 unknown user: \"bob\"\n\
         routes.toml:21: alice@example.com: rejected: expected true, \
         got alice@example.com: delivered to mailbox /var/mail/alice\n\
         5 expectations: 1 as expected, 4 differ\n",
        "",
    );
    let scratch = site("[[expect]]\naddress = 'alice@example.com'\nmailbox = '/home'\n");
    run(&scratch, "").is(
        1,
        "routes.toml:1: alice@example.com: mailbox: expected /home, got /var/mail/alice\n\
         1 expectation: 0 as expected, 1 differs\n",
        "",
    );
}

#[test]
fn one_document() {
    let scratch = site("[[expect]]\naddress = 'alice@example.com'\nmailbox = '/home'\nclass = 'local'\n");
    let outcome = run(&scratch, " --format json");
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let span = |line: u32, column: u32, end_column: u32, start: u32, end: u32| {
        serde_json::json!({
            "file": "routes.toml", "line": line, "column": column, "end_line": line, "end_column": end_column,
            "start": start, "end": end
        })
    };
    let expected = serde_json::json!({
        "version": 1,
        "expectations": [{
            "address": "alice@example.com", "from": null, "client": null, "helo": null, "sasl": null, "tls": null,
            "service": null, "as_expected": false,
            "differences": [{
                "key": "mailbox", "expected": ["/home"], "got": ["/var/mail/alice"], "span": span(3, 1, 8, 41, 48)
            }],
            "span": span(1, 1, 11, 0, 10)
        }],
        "differ": 1
    });
    assert_eq!((outcome.status, document), (1, expected));
}

/// Clients of entries, and those of options where entries do not say; an entry without a client then has one, too.
#[test]
fn what_the_server_says() {
    let scratch = with_sessions();
    let expected = "\
        routes.toml:1: x@else.example, client 198.51.100.1: as expected\n\
        routes.toml:7: x@else.example, client mail.example.com[192.0.2.7]: as expected\n\
        routes.toml:14: root from spam@example.com, client 192.0.2.7: as expected\n\
        routes.toml:21: x@else.example, client 198.51.100.1, sasl joe, tls, service submission/inet: as expected\n\
        routes.toml:29: x@else.example, client 192.0.2.7, helo late, sasl <>, no tls: as expected\n\
        5 expectations: 5 as expected, 0 differ\n";
    run(&scratch, " -v").is(0, expected, "");
    run(&scratch, " -v --helo good").is(0, expected, "");
    let refused = "got rejected at DATA 450 4.7.1 <late>: Helo command rejected: Access denied";
    run(&scratch, " --helo late").is(
        1,
        &format!(
            "routes.toml:7: x@else.example, client mail.example.com[192.0.2.7]: \
             rejected: expected false, got 450 4.7.1 <late>: Helo command rejected: Access denied; \
             effects: expected false, {refused}; transport: expected smtp, {refused}\n\
             routes.toml:14: root from spam@example.com, client 192.0.2.7: \
             effects: expected the message is held, {refused}; outcome: expected delivered, {refused}\n\
             routes.toml:21: x@else.example, client 198.51.100.1, sasl joe, tls, service submission/inet: \
             rejected: expected false, got 450 4.7.1 <late>: Helo command rejected: Access denied\n\
             5 expectations: 2 as expected, 3 differ\n"
        ),
        "",
    );
    let gone = "[[expect]]\naddress = 'root'\nfrom = 'gone@example.com'\neffects = 'the message is discarded'\n";
    scratch.write("routes.toml", format!("{gone}outcome = 'discarded'\nmailbox = '/var/mail/alice'\n"));
    run(&scratch, " --client 192.0.2.7").is(
        1,
        "routes.toml:1: root from gone@example.com: mailbox: expected /var/mail/alice, got root@example.com: discarded\n\
         1 expectation: 0 as expected, 1 differs\n",
        "",
    );
    scratch.write("routes.toml", "[[expect]]\naddress = 'x@else.example'\nrejected_by = 'reject'\n");
    run(&scratch, " --client 198.51.100.1 --service smtp/inet --sasl joe").is(
        1,
        "routes.toml:1: x@else.example: rejected_by: expected reject, got x@else.example: relayed via smtp to else.example\n\
         1 expectation: 0 as expected, 1 differs\n",
        "",
    );
    run(&scratch, " --client 198.51.100.1 --service submission/inet --tls").is(
        0,
        "1 expectation: 1 as expected, 0 differ\n",
        "",
    );
}

#[test]
fn clients_in_reports() {
    let scratch = with_sessions();
    let outcome = run(&scratch, " --format json");
    let document: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    let keys = |entry: usize| {
        ["client", "helo", "sasl", "tls", "service"].map(|key| document["expectations"][entry][key].clone())
    };
    let text = |text: &str| serde_json::Value::from(text);
    assert_eq!(keys(3), [text("198.51.100.1"), ().into(), text("joe"), true.into(), text("submission/inet")]);
    assert_eq!(keys(4), [text("192.0.2.7"), text("late"), text(""), false.into(), ().into()]);
    let report = run(&scratch, " --format junit").stdout;
    let name = "name=\"x@else.example, client 192.0.2.7, helo late, sasl &lt;&gt;, no tls at line 29\"/>";
    assert!(report.contains(name), "{report}");
}

/// What is wrong with a client is told with the place of its entry, and nothing is reported.
#[test]
fn clients_that_cannot_be() {
    let entry = "\n[[expect]]\naddress = 'x@else.example'\nrejected = true\n";
    let scratch = site(&format!("{entry}client = '192.0.2.7'\nservice = 'smtp/unix'\n"));
    run(&scratch, "").is(2, "", "postwright: routes.toml:2:1: smtp/unix is no SMTP server\n");
    scratch.write("routes.toml", format!("{entry}helo = 'h'\n"));
    let error = "postwright: routes.toml:5:1: helo needs a client: say client = \"ADDRESS\", or --client\n";
    run(&scratch, "").is(2, "", error);
    run(&scratch, " --sasl joe").is(2, "", error);
    run(&scratch, " --client 198.51.100.1").is(0, "1 expectation: 1 as expected, 0 differ\n", "");
    scratch.edit("site/main.cf", "    reject_unauth_destination\n", "    permit\n");
    let outcome = run(&scratch, " --client 198.51.100.1");
    let error =
        "postwright: routes.toml:2:1: smtp/inet: the SMTP server would not run: in parameter smtpd_relay_restrictions";
    assert_eq!((outcome.status, outcome.stderr.starts_with(error)), (2, true), "{}", outcome.stderr);
}

#[test]
fn a_test_report() {
    let outcome = run(&site(WRONG), " --format junit");
    outcome.is(
        1,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"postwright route\" tests=\"5\" failures=\"4\" errors=\"0\">\n\
         \x20 <testsuite name=\"routes.toml\" tests=\"5\" failures=\"4\" errors=\"0\" skipped=\"0\">\n\
         \x20   <testcase classname=\"routes.toml\" name=\"alice@example.com at line 1\"/>\n\
         \x20   <testcase classname=\"routes.toml\" name=\"x@sub.inner.example.com from &lt;a&amp;b&gt; at line 5\">\n\
         \x20     <failure type=\"difference\" message=\"transport: expected smtp, got relay; \
         nexthop: expected [10.0.0.26] and [10.0.0.27], got [10.0.0.25]; \
         mailbox: expected /var/mail/x, got x@sub.inner.example.com: relayed via relay to [10.0.0.25]\">\
         transport: expected smtp, got relay\n\
         nexthop: expected [10.0.0.26] and [10.0.0.27], got [10.0.0.25]\n\
         mailbox: expected /var/mail/x, got x@sub.inner.example.com: relayed via relay to [10.0.0.25]</failure>\n\
         \x20   </testcase>\n\
         \x20   <testcase classname=\"routes.toml\" name=\"none@example.net at line 13\">\n\
         \x20     <failure type=\"difference\" message=\"transport: expected smtp, got rejected 550 5.1.1 \
         &lt;none@example.net&gt;: Recipient address rejected: User unknown in virtual alias table\">\
         transport: expected smtp, got rejected 550 5.1.1 \
         &lt;none@example.net&gt;: Recipient address rejected: User unknown in virtual alias table</failure>\n\
         \x20   </testcase>\n\
         \x20   <testcase classname=\"routes.toml\" name=\"sales@example.net at line 17\">\n\
         \x20     <failure type=\"difference\" message=\"bounced: expected false, got 5.1.1 unknown user: &quot;bob&quot;\">\
         bounced: expected false, got 5.1.1 unknown user: &quot;bob&quot;</failure>\n\
         \x20   </testcase>\n\
         \x20   <testcase classname=\"routes.toml\" name=\"alice@example.com at line 21\">\n\
         \x20     <failure type=\"difference\" message=\"rejected: expected true, \
         got alice@example.com: delivered to mailbox /var/mail/alice\">rejected: expected true, \
         got alice@example.com: delivered to mailbox /var/mail/alice</failure>\n\
         \x20   </testcase>\n\
         \x20 </testsuite>\n\
         </testsuites>\n",
        "",
    );
    let schema = fixture("schemas").join("junit-10.xsd");
    for document in [outcome.stdout.clone(), run(&site(GOOD), " --format junit").stdout] {
        let Some(judged) = judge::xml(Some(&schema), &document) else { return };
        assert_eq!(judged, Ok(()));
    }
    // The judge judges.
    assert!(judge::xml(Some(&schema), &outcome.stdout.replace(" classname=", " called=")).unwrap().is_err());
}

#[test]
fn wrong_usage() {
    let scratch = site("[[expect]]\naddress = 'a'\n tranport = 'smtp'\n");
    let error = "postwright: routes.toml:3:2: no key is called tranport; did you mean transport?\n";
    run(&scratch, "").is(2, "", error);
    scratch.write("routes.toml", "# nothing\n");
    run(&scratch, "").is(2, "", "postwright: routes.toml:1:1: nothing is expected: there is no [[expect]]\n");
    std::fs::remove_file(scratch.path("routes.toml")).unwrap();
    run(&scratch, "").is(2, "", "postwright: routes.toml: No such file or directory\n");
    let junit = "postwright: --format junit is for --expect\n";
    scratch.run("route -c site --format junit a@example.com").is(2, "", junit);
    for options in [" a@example.com", " --format xml"] {
        let outcome = run(&scratch, options);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{options}");
    }
}

/// The keys in the help are those that there are.
#[test]
fn the_help_tells_of_every_key() {
    let help = site("").run("route --help").stdout;
    for key in &postwright::expect::KEYS {
        assert!(help.contains(&format!("\n  {:<11} ", key.name)), "{}", key.name);
    }
    for (name, _) in &postwright::expect::client_keys::CLIENT_KEYS {
        assert!(help.contains(&format!("\n  {name:<11} ")), "{name}");
    }
}
