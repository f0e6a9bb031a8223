//! What a finding is known by from one day to the next: its rule, its file and the text of its line, never the line's
//! number.
//!
//! Findings that agree in all three are told apart by their order. Lines that move, and changes elsewhere, leave a
//! fingerprint as it is; it is the same on every machine and in every version of this program.

use super::Finding;
use std::collections::HashMap;

/// What identifies a finding.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Identity {
    /// The file, as the report names it.
    pub file: String,
    /// The rule's code.
    pub code: &'static str,
    /// The line that it begins on, without white space at its ends; the message for a finding that has no place.
    pub text: String,
}

impl Identity {
    /// The identity of a finding in a file that the report calls `file`.
    #[must_use]
    pub fn of(finding: &Finding, file: String) -> Self {
        let text = match finding.labels.first() {
            Some(label) => {
                let line = label.source.line_span(label.source.position(label.span.start).line);
                String::from_utf8_lossy(label.source.slice(line)).trim().to_string()
            }
            None => finding.message.clone(),
        };
        Self { file, code: finding.rule.code, text }
    }
}

/// The fingerprints of identities, in their order: 32 hexadecimal digits each, no two the same.
#[must_use]
pub fn fingerprints(identities: &[Identity]) -> Vec<String> {
    let mut seen: HashMap<&Identity, usize> = HashMap::new();
    let number = |identity| {
        let count = seen.entry(identity).or_default();
        *count += 1;
        *count
    };
    let numbers: Vec<usize> = identities.iter().map(number).collect();
    identities.iter().zip(numbers).map(|(identity, number)| fingerprint(identity, number)).collect()
}

fn fingerprint(identity: &Identity, number: usize) -> String {
    // A zero byte stands in no code, and ends each part of the rest.
    let text = format!("{}\0{}\0{}\0{number}", identity.code, identity.file, identity.text);
    format!("{:032x}", fnv_1a(text.as_bytes()))
}

/// FNV-1a of 128 bits: nobody gains by making two findings look the same, so it need not be cryptographic.
fn fnv_1a(bytes: &[u8]) -> u128 {
    const START: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(START, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_fnv_1a() {
        // The published test vectors.
        assert_eq!(fnv_1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv_1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv_1a(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn equal_lines_are_told_apart() {
        let identity = |text: &str| Identity { file: "main.cf".into(), code: "MC003", text: text.into() };
        let prints = fingerprints(&[identity("a"), identity("b"), identity("a")]);
        assert_ne!(prints[0], prints[2]);
        assert_eq!(prints[..2], fingerprints(&[identity("a"), identity("b")])[..]);
        assert_eq!(prints[0], "3aa80a7aa4c432cebcd4edff52adb4d6");
    }
}
