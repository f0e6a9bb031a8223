//! Every parser takes every text: no panic, and what it returns still holds every byte.
//!
//! Over each file below `testdata/`, whatever it is meant to be, over its prefixes and over random mutations of it, and
//! over bytes that proptest thinks of:
//! - trees print back their source; their tokens follow each other without a gap and none is empty;
//! - spans lie inside the source, and each byte of a joined text stands where it says it does.

use std::collections::HashSet;
use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::cpu_time::cpu_time;
use postwright::base::{Source, Span};
use postwright::syntax::alias_line::parse_alias_line;
use postwright::syntax::alias_value::parse_alias_value;
use postwright::syntax::bounce_template::parse_bounce_template;
use postwright::syntax::fault::Fault;
use postwright::syntax::logical::LogicalLines;
use postwright::syntax::main_cf::parse_main_cf;
use postwright::syntax::master_cf::parse_master_cf;
use postwright::syntax::match_list::{parse_match_list, split_list};
use postwright::syntax::pattern_line::Dialect;
use postwright::syntax::pattern_table::{Pattern, PatternForm, StatementKind, parse_pattern_table};
use postwright::syntax::sendmail_mc::{McItem, parse_sendmail_mc};
use postwright::syntax::table::parse_table;
use postwright::syntax::table_line::{TableForm, parse_table_line, split_table_line};
use postwright::syntax::text::Text;
use postwright::syntax::tree::Tree;
use proptest::prelude::*;
use rayon::prelude::*;
use support::Random;
use support::fixture;

/// A parser with the checks of what it returns.
type Check = fn(&Arc<Source>);

const PARSERS: &[(&str, Check)] = &[
    ("main.cf", main_cf),
    ("master.cf", master_cf),
    ("table", |source| table(source, TableForm::KeyValue)),
    ("aliases", |source| table(source, TableForm::Aliases)),
    ("match list", match_list),
    ("regexp", |source| pattern_table(source, PatternForm::Expression(Dialect::Regexp))),
    ("pcre", |source| pattern_table(source, PatternForm::Expression(Dialect::Pcre))),
    ("networks", |source| pattern_table(source, PatternForm::Network)),
    ("bounce templates", bounce_template),
    ("sendmail.mc", sendmail_mc),
    ("lines", lines),
    ("alias value", |source| alias_value(source.bytes())),
];

/// Longest text of which every prefix is tried, and longest piece of a file that is mutated.
const SHORT: usize = 1024;

fn main_cf(source: &Arc<Source>) {
    let parsed = parse_main_cf(source);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for entry in &parsed.entries {
        check_text(source, &entry.name);
        check_text(source, &entry.value);
        check_span(source, entry.extent);
        assert_eq!(source.slice(entry.equals), b"=");
    }
}

fn sendmail_mc(source: &Arc<Source>) {
    let parsed = parse_sendmail_mc(source);
    check_tree(&parsed.tree);
    parsed.faults.iter().for_each(|fault| check_span(source, fault.span));
    // Items follow each other.
    let mut end = 0;
    for item in &parsed.items {
        let span = match item {
            McItem::Call(call) => call.span,
            McItem::Section(span) | McItem::Text(span) | McItem::Comment(span) => *span,
        };
        check_span(source, span);
        assert!(span.start >= end);
        end = span.end;
        if let McItem::Call(call) = item {
            for argument in &call.arguments {
                check_span(source, argument.span);
                argument.pieces.iter().for_each(|piece| check_span(source, piece.span));
            }
        }
    }
}

fn master_cf(source: &Arc<Source>) {
    let parsed = parse_master_cf(source);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for service in &parsed.services {
        check_span(source, service.extent);
        service.fields.iter().for_each(|field| check_text(source, field));
        for argument in &service.arguments {
            check_span(source, argument.span);
            check_text(source, &argument.text);
        }
    }
}

fn table(source: &Arc<Source>, form: TableForm) {
    let parsed = parse_table(source, form);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for entry in &parsed.entries {
        check_text(source, &entry.text);
        check_span(source, entry.extent);
    }
}

fn bounce_template(source: &Arc<Source>) {
    let parsed = parse_bounce_template(source);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for template in &parsed.templates {
        check_span(source, template.extent);
        check_span(source, template.name);
        template.body.iter().for_each(|line| check_span(source, *line));
        for header in &template.headers {
            check_span(source, header.label);
            check_span(source, header.value);
        }
    }
}

fn match_list(source: &Arc<Source>) {
    let parsed = parse_match_list(source);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for element in &parsed.elements {
        check_span(source, element.span);
        check_text(source, &element.text);
    }
}

fn pattern_table(source: &Arc<Source>, form: PatternForm) {
    let parsed = parse_pattern_table(source, form);
    check_tree(&parsed.tree);
    check_faults(source, &parsed.faults);
    for statement in &parsed.statements {
        check_span(source, statement.extent);
        match &statement.kind {
            StatementKind::If { pattern, end } => {
                check_pattern(source, pattern);
                let closed = end.is_none_or(|end| parsed.statements[end].kind == StatementKind::Endif);
                assert!(closed, "an if is closed by something else");
            }
            StatementKind::Endif => {}
            StatementKind::Rule { pattern, result } => {
                check_pattern(source, pattern);
                check_text(source, result);
            }
        }
    }
}

fn check_pattern(source: &Source, pattern: &Pattern) {
    check_text(source, &pattern.text);
    check_text(source, &pattern.flags);
    pattern.second.iter().for_each(|second| check_pattern(source, second));
}

/// What works on single logical lines.
fn lines(source: &Arc<Source>) {
    let bytes = source.bytes();
    let mut end = 0;
    for line in LogicalLines::new(bytes) {
        check_span(source, line.extent());
        assert!(line.extent().start >= end, "logical lines overlap");
        end = line.extent().end;
        let text = line.text(bytes);
        assert_eq!(Text::of(&line, bytes).bytes(), text.as_ref());
        if let Ok((key, value)) = split_table_line(&text) {
            let entry = parse_table_line(&text).unwrap();
            assert_eq!((entry.key, entry.value), (&text[key], &text[value]));
        }
        if let Ok(entry) = parse_alias_line(&text) {
            alias_value(&entry.value);
        }
        let elements = split_list(&text);
        assert!(elements.iter().all(|range| !range.is_empty() && range.end <= text.len()));
        assert!(elements.windows(2).all(|pair| pair[0].end <= pair[1].start), "elements overlap");
    }
}

fn alias_value(bytes: &[u8]) {
    let parsed = parse_alias_value(bytes);
    let spans = parsed.destinations.iter().map(|destination| destination.span);
    let spans = spans.chain(parsed.comments.iter().copied()).chain(parsed.ignored.iter().map(|ignored| ignored.span));
    for span in spans.chain(parsed.bad.iter().map(|bad| bad.span)) {
        assert!(span.start < span.end && span.end <= bytes.len(), "{span:?} of {}", bytes.len());
    }
}

fn check_tree(tree: &Tree) {
    let mut end = 0;
    for token in tree.tokens() {
        assert_eq!(token.span.start, end, "a gap or an overlap before {token:?}");
        assert!(!token.span.is_empty(), "an empty token: {token:?}");
        end = token.span.end;
    }
    assert_eq!(end, tree.source().bytes().len(), "the tokens end before the source or behind it");
    assert!(tree.print() == tree.source().bytes(), "the tree prints something else");
}

fn check_faults(source: &Source, faults: &[Fault]) {
    faults.iter().for_each(|fault| check_span(source, fault.span));
}

fn check_span(source: &Source, span: Span) {
    assert!(span.start <= span.end && span.end <= source.bytes().len(), "{span:?} lies outside");
}

/// Each byte of a text is the one at its place in the source.
fn check_text(source: &Source, text: &Text) {
    check_span(source, text.span());
    for (at, byte) in text.bytes().iter().enumerate() {
        assert_eq!(source.bytes()[text.source_offset(at)], *byte, "byte {at} of {:?}", text.to_string_lossy());
    }
}

/// Runs every parser over a text; what fails, and on which.
fn check(bytes: &[u8]) -> Result<(), String> {
    let source = Arc::new(Source::new("text", bytes));
    for (parser, check) in PARSERS {
        catch_unwind(AssertUnwindSafe(|| check(&source))).map_err(|cause| {
            let cause = cause.downcast_ref::<String>().map_or("a panic", String::as_str);
            let shown = if bytes.len() > SHORT { "(long)".into() } else { bytes.escape_ascii().to_string() };
            format!("{parser}: {cause}\n{shown}")
        })?;
    }
    Ok(())
}

/// Every file below `testdata/`, and its bytes.
fn fixtures() -> Vec<(PathBuf, Vec<u8>)> {
    fn add(directory: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { add(&path, files) } else { files.push(path) }
        }
    }
    let mut files = Vec::new();
    add(&fixture(""), &mut files);
    // What the README builds.
    files.retain(|path| !path.extension().is_some_and(|suffix| suffix == "lmdb" || suffix == "cdb"));
    files.sort();
    assert!(files.len() > 8);
    files.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// What programs wrote, which no parser is for: only as a whole.
const WRITTEN: [&str; 12] =
    ["expected", "human", "json", "answers", "db", "svg", "dot", "mmd", "sarif", "junit", "gitlab", "checkstyle"];

/// Of a long file also prefixes that end anywhere, and, since those take long, pieces that begin anywhere too. Many
/// files begin alike; what they have in common is looked at once.
#[test]
fn every_fixture_and_its_prefixes() {
    let mut seen: HashSet<u64> = HashSet::new();
    for (path, bytes) in fixtures() {
        let is_written = path.extension().is_some_and(|suffix| WRITTEN.iter().any(|written| suffix == *written));
        let most = if is_written { 0 } else { bytes.len().min(SHORT) };
        let mut begun = DefaultHasher::new();
        let mut pieces: Vec<Range<usize>> = Vec::new();
        for (end, &byte) in bytes[..most].iter().enumerate() {
            if seen.insert(begun.finish()) {
                pieces.push(0..end);
            }
            begun.write_u8(byte);
        }
        if bytes.len() > SHORT && !is_written {
            let mut random = Random(bytes.len() as u64);
            pieces.extend((0..50).map(|_| 0..SHORT + random.below(bytes.len() - SHORT)));
            pieces.extend((0..450).map(|_| random.range(bytes.len(), 2 * SHORT)));
        }
        pieces.push(0..bytes.len());
        let checked =
            pieces.into_par_iter().try_for_each(|piece| check(&bytes[piece.clone()]).map_err(|error| (piece, error)));
        if let Err((piece, error)) = checked {
            panic!("bytes {piece:?} of {}: {error}", path.display());
        }
    }
}

/// What is put in: everything that means something somewhere, bytes that are no UTF-8, and what ends texts in C.
const INSERTIONS: &[u8] = b"{}$\"\\#\n\r\0\t =:,/!";

/// Changes a text in one to four places.
fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len() + 1);
        let kind = if bytes.is_empty() { 1 } else { random.below(5) };
        match kind {
            0 => bytes[at.saturating_sub(1)] ^= 1 << random.below(8),
            1 => bytes.insert(at, INSERTIONS[random.below(INSERTIONS.len())]),
            2 => bytes.insert(at, 0x80 + random.below(0x80) as u8),
            3 => drop(bytes.drain(random.range(bytes.len(), 40))),
            _ => {
                let copied = bytes[random.range(bytes.len(), 40)].to_vec();
                bytes.splice(at..at, copied);
            }
        }
    }
}

#[test]
fn ten_thousand_mutations() {
    let fixtures = fixtures();
    let checked = (0..10_000_usize).into_par_iter().try_for_each(|seed| {
        let mut random = Random(seed as u64);
        let (path, bytes) = &fixtures[seed % fixtures.len()];
        let mut mutated = match bytes.len() {
            0..=SHORT => bytes.clone(),
            length => bytes[random.range(length, SHORT)].to_vec(),
        };
        mutate(&mut mutated, &mut random);
        check(&mutated).map_err(|error| format!("mutation {seed}, of {}: {error}", path.display()))
    });
    assert_eq!(checked, Ok(()));
}

/// Deep nesting and long runs take neither the stack nor quadratic time.
#[test]
fn long_runs_of_the_same() {
    let runs: &[&str] = &[
        "(", ")", "[", "<", ">", "{", "}", "\"", "\\", "\\(", "$", "${", "$(", ",", ";", ":", ":;", "<>", "a:", "a,",
        "a <", "a\n ", "=", "a =\n", "\n", "\n ", "#\n", " ", "!", "!/", "/", "if /a/\n", "endif\n", "-o ", "a -o {",
        "\0", "\u{ff}", "a ",
    ];
    for run in runs {
        let text = run.repeat(50_000);
        for text in [text.clone(), format!("a b - - - - - {text}"), format!("a: {text}"), format!("/{text}")] {
            let source = Arc::new(Source::new("text", text));
            for (parser, check) in PARSERS {
                let started = cpu_time();
                check(&source);
                let seconds = (cpu_time() - started).as_secs_f64();
                assert!(seconds < 5.0, "{parser} takes {seconds} s for {run:?}");
            }
        }
    }
}

fn proptest_config() -> ProptestConfig {
    // Shrinking prints the panic of every step.
    ProptestConfig { cases: 2000, max_shrink_iters: 100, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(proptest_config())]

    #[test]
    fn arbitrary_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert_eq!(check(&bytes), Ok(()));
    }

    /// Bytes that mean something, mostly.
    #[test]
    fn arbitrary_text(bytes in prop::collection::vec(prop_oneof![
        3 => prop::sample::select(INSERTIONS), 2 => prop::sample::select(&b"ab-o<>[]()@;%"[..]), 1 => any::<u8>(),
    ], 0..200)) {
        prop_assert_eq!(check(&bytes), Ok(()));
    }
}
