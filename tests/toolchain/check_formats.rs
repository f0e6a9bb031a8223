//! The formats of `postwright check` for other programs: exact reports, and each report held against the schema of its
//! format.
//!
//! `POSTWRIGHT_BLESS=1` writes the reports anew. XML is validated by `xmllint` (libxml2-utils); where it is missing the
//! tests say so, and fail with `POSTWRIGHT_ORACLE_REQUIRED`.

use crate::judge;
use serde_json::Value;
use std::fs;
use support::{Scratch, fixture};

/// Where the schemas are, with what says where they come from.
const SCHEMAS: &str = "testdata/schemas";
const FORMATS: [&str; 6] = ["sarif", "github", "gitlab", "checkstyle", "junit", "json"];

/// A site with findings of every severity, in three files, with places in two files and with a fix.
fn faulty() -> Scratch {
    let scratch = Scratch::example();
    scratch.edit("site/main.cf", "myhostname = ", "my_hostname = ");
    scratch.edit("site/main.cf", "myorigin = $mydomain", "myorigin $mydomain\n ünder=é");
    scratch.edit("site/master.cf", "-o syslog_name=", "-o syslog_name");
    scratch.edit("site/virtual", "webmaster ", "INFO@example.net alice\nwebmaster ");
    scratch
}

/// A site whose name and text try to leave the place that a format gives them.
fn hostile() -> Scratch {
    let scratch = Scratch::example();
    fs::rename(scratch.path("site"), scratch.path("s ite,50%:<&\"'")).unwrap();
    let mut text = scratch.read("s ite,50%:<&\"'/main.cf");
    text.extend_from_slice("a]]>\"<b>%0A::error::x,y:z\x1b\u{9b}\u{ffff}=1\n::error::ä\n".as_bytes());
    text.extend_from_slice(b"\xff\xfe= ${}\n");
    scratch.write("s ite,50%:<&\"'/main.cf", text);
    scratch
}

fn sites() -> [(&'static str, Scratch, &'static str); 3] {
    let current = Scratch::example();
    assert_eq!(current.run("build site").status, 0);
    [("faulty", faulty(), "site"), ("hostile", hostile(), "s ite,50%:<&\"'"), ("clean", current, "site")]
}

fn report(scratch: &Scratch, directory: &str, format: &str) -> support::Outcome {
    scratch.outcome(&mut scratch.command(&["check", "--format", format, directory]))
}

/// JSON with a line for each value, for reading and comparing.
fn laid_out(text: &str) -> String {
    match serde_json::from_str::<Value>(text) {
        Ok(value) => serde_json::to_string_pretty(&value).unwrap() + "\n",
        Err(_) => text.to_string(),
    }
}

/// The rules of a log are the rules themselves, with all that is said of them: a golden file need not repeat them.
fn without_rules(text: &str) -> String {
    let Ok(mut log) = serde_json::from_str::<Value>(text) else { return text.to_string() };
    if let Some(rules) = log.pointer_mut("/runs/0/tool/driver/rules") {
        let rules = rules.as_array_mut().unwrap();
        let first = rules.first().cloned();
        *rules = first.into_iter().collect();
        // Their numbers change whenever a rule is added.
        for result in log["runs"][0]["results"].as_array_mut().unwrap() {
            result["ruleIndex"] = Value::from("?");
        }
        return log.to_string();
    }
    text.to_string()
}

#[test]
fn reports_are_exact() {
    let bless = std::env::var_os("POSTWRIGHT_BLESS").is_some();
    for (name, scratch, directory) in sites() {
        for format in FORMATS {
            let outcome = report(&scratch, directory, format);
            assert_eq!((outcome.status, outcome.stderr.as_str()), (i32::from(name != "clean"), ""), "{name} {format}");
            let text = laid_out(&without_rules(&outcome.stdout));
            let golden = fixture("check/formats").join(format!("{name}.{format}"));
            if bless {
                fs::create_dir_all(golden.parent().unwrap()).unwrap();
                fs::write(&golden, &text).unwrap();
            }
            let wanted = fs::read_to_string(&golden).unwrap_or_default();
            assert!(text == wanted, "{}: got\n{text}\nwanted\n{wanted}", golden.display());
        }
    }
}

fn schema(name: &str) -> std::path::PathBuf {
    support::repository().join(SCHEMAS).join(name)
}

fn json_validator(name: &str) -> jsonschema::Validator {
    // The schema of SARIF holds a pattern with a bracket too many, which no strict reader takes.
    let text = fs::read_to_string(schema(name)).unwrap().replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&text).unwrap();
    jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn json_reports_follow_their_schemas() {
    for (format, name) in [("sarif", "sarif-schema-2.1.0.json"), ("gitlab", "gitlab-code-quality.json")] {
        let validator = json_validator(name);
        for (site, scratch, directory) in sites() {
            let document: Value = serde_json::from_str(&report(&scratch, directory, format).stdout).unwrap();
            let errors: Vec<String> =
                validator.iter_errors(&document).map(|error| format!("{}: {error}", error.instance_path())).collect();
            assert!(errors.is_empty(), "{site} {format}: {errors:#?}");
        }
        // The judge judges.
        let mut wrong: Value = serde_json::from_str(&report(&faulty(), "site", format).stdout).unwrap();
        let path = if format == "sarif" { "/runs/0/results/0/level" } else { "/0/severity" };
        *wrong.pointer_mut(path).unwrap() = Value::from("bad");
        assert!(!validator.is_valid(&wrong), "{format}");
    }
}

#[test]
fn xml_reports_follow_their_schemas() {
    for (format, name) in [("checkstyle", "checkstyle-4.3.xsd"), ("junit", "junit-10.xsd")] {
        for (site, scratch, directory) in sites() {
            let document = report(&scratch, directory, format).stdout;
            let Some(judged) = judge::xml(Some(&schema(name)), &document) else { return };
            assert_eq!(judged, Ok(()), "{site} {format}");
        }
        // The judge judges.
        let wrong = report(&faulty(), "site", format).stdout.replace(" name=", " called=");
        assert!(judge::xml(Some(&schema(name)), &wrong).unwrap().is_err(), "{format}");
    }
}

/// What cannot be in a golden file: the rules of a log are all there, and each result points at its own.
#[test]
fn a_sarif_log_names_every_rule() {
    let log: Value = serde_json::from_str(&report(&faulty(), "site", "sarif").stdout).unwrap();
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let codes: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    for rule in postwright::lint::declarations() {
        assert!(codes.contains(&rule.code), "{}", rule.code);
    }
    for result in log["runs"][0]["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(result["ruleId"], codes[index]);
    }
}

/// A finding is known by its line's text: it stays the same finding when lines are added above.
#[test]
fn fingerprints_survive_moved_lines() {
    let prints = |scratch: &Scratch| -> Vec<Value> {
        let report: Value = serde_json::from_str(&report(scratch, "site", "gitlab").stdout).unwrap();
        report.as_array().unwrap().iter().map(|issue| issue["fingerprint"].clone()).collect()
    };
    let scratch = faulty();
    let before = prints(&scratch);
    scratch.edit("site/main.cf", "# A small", "# More\n\n# A small");
    assert_eq!(prints(&scratch), before);
    let mut unique = before.clone();
    unique.sort_by_key(Value::to_string);
    unique.dedup();
    assert_eq!(unique.len(), before.len());
}
