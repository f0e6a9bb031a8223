//! `postwright graph`: pictures of a site with twenty domains, kept in `testdata/graph`, and of one whose names are
//! hostile.
//!
//! `POSTWRIGHT_BLESS=1` writes the pictures anew: look at them before they are kept. SVG is judged by `xmllint`, DOT by
//! Graphviz.

use crate::judge;
use std::fs;
use std::process::Command;
use support::{Scratch, fixture};

const FORMATS: [&str; 3] = ["svg", "mermaid", "dot"];

/// Whether Graphviz accepts a graph; nothing where it is not installed.
fn dot_errors(document: &str) -> Option<Result<(), String>> {
    let is_installed = Command::new("dot").arg("-V").output().is_ok();
    if !is_installed {
        println!("skipped: no Graphviz here");
        return None;
    }
    judge::judged(Command::new("dot").arg("-Tdot"), document)
}

fn is_valid(format: &str, document: &str) {
    let judged = match format {
        "svg" => judge::xml(None, document),
        "dot" => dot_errors(document),
        _ => None,
    };
    assert_eq!(judged.unwrap_or(Ok(())), Ok(()), "{format}\n{document}");
}

#[test]
fn a_site_with_twenty_domains() {
    let scratch = Scratch::copy_of(&fixture("graph"));
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    for format in FORMATS {
        let outcome = scratch.run(&format!("graph twenty --format {format}"));
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, ""), "{format}");
        let golden = fixture("graph").join(format!("twenty.{format}"));
        if bless {
            fs::write(&golden, &outcome.stdout).unwrap();
        }
        let wanted = fs::read_to_string(&golden).unwrap_or_default();
        assert!(outcome.stdout == wanted, "{}: got\n{}", golden.display(), outcome.stdout);
        is_valid(format, &outcome.stdout);
        // The directory may be told either way.
        assert!(scratch.run(&format!("graph -c twenty --format {format}")).stdout == wanted, "{format}");
    }
    // The picture is the same when indexes are there.
    assert_eq!(scratch.run("build twenty").status, 0);
    let svg = scratch.run("graph twenty").stdout;
    assert!(svg == fs::read_to_string(fixture("graph/twenty.svg")).unwrap(), "got\n{svg}");
}

/// A site whose names try to leave the place that a format gives them.
fn hostile() -> Scratch {
    let scratch = Scratch::copy_of(&fixture("graph"));
    let main = b"compatibility_level = 3.11\nmyhostname = <b>\"mail\"&.example\nalias_maps =\nlocal_recipient_maps =\n\
        mydestination = a\"b.example ]]>.example `x`.example \xff.example z#35;.example %%{init}.example\n\
        relay_domains = x\\N.example &lt;.example </text>.example \x1b[31m.example /etc/postfix/none\n\
        transport_maps = inline:{{user@x.example=error:no \"such\" <user> \\\\}}\n"
        .to_vec();
    scratch.write("hostile/main.cf", main);
    scratch
}

#[test]
fn nothing_in_a_name_leaves_its_place() {
    let scratch = hostile();
    let wanted = [
        (
            "svg",
            [
                "&lt;b&gt;&quot;mail&quot;&amp;.example",
                ">]]&gt;.example<",
                "a&quot;b.example",
                "\u{fffd}.example",
                ">z#35;.example<",
            ],
        ),
        (
            "mermaid",
            [
                "a#34;b.example",
                "#96;x#96;.example",
                "\u{fffd}.example",
                "#35;35#59;.example",
                "#37;#37;#123;init#125;.example",
            ],
        ),
        (
            "dot",
            [
                "<b>\\\"mail\\\"&amp;.example",
                "a\\\"b.example",
                "\u{fffd}.example",
                "no \\\"such\\\" <user> \\\\",
                "#35;.example",
            ],
        ),
    ];
    for (format, texts) in wanted {
        let outcome = scratch.run(&format!("graph hostile --format {format}"));
        let fault = "postwright: open $DIR/hostile/none: No such file or directory\n";
        assert_eq!((outcome.status, outcome.stderr.as_str()), (0, fault), "{format}");
        for text in texts {
            assert!(outcome.stdout.contains(text), "{format}: no {text} in\n{}", outcome.stdout);
        }
        assert!(!outcome.stdout.contains('\x1b'), "{format}");
        is_valid(format, &outcome.stdout);
    }
    assert_eq!(scratch.run("graph hostile -q").stderr, "");
}

/// A content filter has all mail first, and is drawn before the tables.
#[test]
fn a_filter_is_drawn_first() {
    let scratch = Scratch::copy_of(&fixture("graph"));
    let main = "compatibility_level = 3.11\nmyhostname = mx.example\nalias_maps =\nlocal_recipient_maps =\n\
        content_filter = amavis:[127.0.0.1]:10024\ncanonical_maps = inline:{a@b.example=c@d.example}\n";
    scratch.write("filtered/main.cf", main);
    let text = scratch.run("graph filtered --format mermaid");
    assert_eq!((text.status, text.stderr.as_str()), (0, ""));
    let wanted = "flowchart LR\n  filter(\"content_filter = amavis:[127.0.0.1]:10024<br/>has all mail first<br/>what \
                  comes back goes on\"):::first\n  first(\"every recipient first passes<br/>";
    assert!(text.stdout.starts_with(wanted), "{}", text.stdout);
    let svg = scratch.run("graph filtered").stdout;
    let at = |text: &str| svg.find(text).unwrap_or_else(|| panic!("no {text} in {svg}"));
    assert!(at(">content_filter<") < at(">amavis:[127.0.0.1]:10024<"));
    assert!(at(">what comes back goes on<") < at(">canonical_maps<"));
    let dot = scratch.run("graph filtered --format dot").stdout;
    assert!(dot.contains("filter [label=\"content_filter = amavis:[127.0.0.1]:10024\\nhas all mail first"), "{dot}");
}

#[test]
fn long_lists_are_shortened() {
    let scratch = Scratch::copy_of(&fixture("graph"));
    let domains: String = (0..1000).map(|number| format!("d{number}.example\n")).collect();
    scratch.write("big/relay", domains);
    let main = "compatibility_level = 3.11\nmyhostname = mx.example\nalias_maps =\nlocal_recipient_maps =\n\
        mydestination =\nrelay_domains = /etc/postfix/relay, pcre:/etc/postfix/patterns\n\
        transport_maps = texthash:/etc/postfix/transport\n";
    scratch.write("big/main.cf", main);
    scratch.write("big/patterns", "/^d/ x\n");
    let transport: String = (0..40).map(|number| format!("d{number}.example smtp:[10.0.0.{number}]\n")).collect();
    scratch.write("big/transport", transport);
    let text = scratch.run("graph big --format mermaid").stdout;
    for line in [
        "  domains0x0(\"domains of pcre:/etc/postfix/patterns<br/>d40.example<br/>d41.example<br/>d42.example<br/>\
         d43.example<br/>… and 956 more\"):::relay\n",
        "  domains0x23(\"… and 18 more\"):::relay\n",
        "  end0x23(\"18 other ways\"):::relay\n",
    ] {
        assert!(text.contains(line), "no {line} in\n{text}");
    }
}

/// Names that are too many to be resolved are counted by themselves, also where ways are too many to be shown.
#[test]
fn what_is_not_looked_at_is_said() {
    let scratch = Scratch::copy_of(&fixture("graph"));
    let main = "compatibility_level = 3.11\nmyhostname = mx.example\nalias_maps =\nlocal_recipient_maps =\n\
        mydestination =\nrelay_domains = /etc/postfix/relay\ntransport_maps = texthash:/etc/postfix/transport\n";
    scratch.write("big/main.cf", main);
    let lines = |prefix: &str, count: usize, suffix: &dyn Fn(usize) -> String| -> String {
        (0..count).map(|number| format!("{prefix}{number}.example{}\n", suffix(number))).collect()
    };
    scratch.write("big/relay", lines("d", 2500, &|_| String::new()));
    for (ways, format) in [(0, "mermaid"), (40, "mermaid"), (40, "svg")] {
        let transport = lines("d", ways, &|number| format!(" smtp:[10.0.0.{number}]"));
        let others = lines("t", 3000, &|_| " smtp:[10.1.0.1]".to_string());
        scratch.write("big/transport", transport + &others);
        let text = scratch.run(&format!("graph big --format {format}")).stdout;
        is_valid(format, &text);
        let count = |words: &str| text.matches(words).count();
        assert_eq!(count("not looked at"), 2, "{ways} {format}");
        for words in ["… and 500 more", "… and 1000 more"] {
            assert!(count(words) >= 1, "{ways} {format}: no {words} in\n{text}");
        }
        assert_eq!(count("other ways") > 0, ways > 0, "{ways} {format}");
    }
}

#[test]
fn wrong_usage() {
    let scratch = Scratch::example();
    scratch.run("graph none").is(2, "", "postwright: none/main.cf: No such file or directory\n");
    for options in ["graph site -c site", "graph --format png site", "graph site other"] {
        let outcome = scratch.run(options);
        assert_eq!((outcome.status, outcome.stdout.as_str()), (2, ""), "{options}");
        assert!(outcome.stderr.starts_with("error: "), "{options}: {}", outcome.stderr);
    }
}
