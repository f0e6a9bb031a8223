//! "Did you mean": known names that resemble one that is not known.

/// No more suggestions than help.
const AT_MOST: usize = 3;

/// The candidates that resemble `name`, the best first, at most three.
///
/// One that differs only in the case of letters comes first; then those that need the fewest edits (a swap of
/// neighbours is one), as long as these are few for the length of the name, and at most one more than the best needs.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    if name.len() > LONGEST {
        return Vec::new();
    }
    let lower = name.to_lowercase();
    let allowed = allowed_edits(lower.chars().count());
    let letters = Letters::of(&lower);
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter(|candidate| letters.may_be_close(candidate, allowed))
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(edits, _)| *edits <= allowed)
        .collect();
    found.sort_unstable();
    found.dedup();
    let best = found.first().map_or(0, |(edits, _)| *edits);
    found.retain(|(edits, _)| *edits <= best + 1);
    found.truncate(AT_MOST);
    found.into_iter().map(|(_, candidate)| candidate).collect()
}

/// What is longer, in bytes, is no slip of a name.
const LONGEST: usize = 500;

/// The letters of a name, counted: saves nearly all of the work.
struct Letters {
    length: usize,
    /// How often each ASCII character occurs; nothing for a name that has others.
    counts: Option<[i16; 128]>,
}

impl Letters {
    fn of(lower: &str) -> Self {
        let counts = lower.is_ascii().then(|| {
            let mut counts = [0_i16; 128];
            lower.bytes().for_each(|byte| counts[usize::from(byte)] += 1);
            counts
        });
        Self { length: lower.len(), counts }
    }

    /// Whether so few edits can lead to a candidate.
    ///
    /// An edit takes away one letter, adds one, or both; a swap of neighbours neither.
    fn may_be_close(&self, candidate: &str, allowed: usize) -> bool {
        let difference = self.length.abs_diff(candidate.len());
        if difference > allowed * 4 {
            return false;
        }
        let Some(mut left) = self.counts.filter(|_| candidate.is_ascii()) else { return true };
        if difference > allowed {
            return false;
        }
        // Letters of the candidate that the name has not.
        let mut added = 0;
        for byte in candidate.bytes() {
            let count = &mut left[usize::from(byte.to_ascii_lowercase())];
            *count -= 1;
            added += usize::from(*count < 0);
            if added > allowed {
                return false;
            }
        }
        self.length + added <= candidate.len() + allowed
    }
}

/// How many edits still look like a slip in a name of this many characters.
fn allowed_edits(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=5 => 1,
        6..=11 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No name that is close is passed over unseen.
    #[test]
    fn letters_tell_what_cannot_be_close() {
        let names =
            ["smtpd_tls_security_level", "smtpd_banner", "myhostname", "mynetworks", "relayhost", "mydomain", "my"];
        let slips =
            ["smtpd_tls_securty_level", "SMTPD_Banner", "myhostmane", "mynetwroks", "relayhots", "\u{e9}mydomain"];
        for slip in slips.iter().chain(&names) {
            let lower = slip.to_lowercase();
            for name in &names {
                let edits = strsim::damerau_levenshtein(&lower, &name.to_lowercase());
                let allowed = allowed_edits(lower.chars().count());
                assert!(edits > allowed || Letters::of(&lower).may_be_close(name, allowed), "{slip} {name}");
            }
        }
    }

    #[test]
    fn the_closest_come_first() {
        let names = ["mydestination", "mydomain", "myorigin", "myhostname", "relayhost", "relay_domains"];
        let cases: &[(&str, &[&str])] = &[
            ("mydestinations", &["mydestination"]),
            ("MyDestination", &["mydestination"]),
            ("myorigni", &["myorigin"]),
            ("relay_host", &["relayhost"]),
            ("relaydomains", &["relay_domains"]),
            ("mydestination", &[]),
            ("smtp_tls_loglevel", &[]),
            ("my", &[]),
            ("", &[]),
            (&"y".repeat(20_000), &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(suggest(name, names), *expected, "{name}");
        }
    }

    #[test]
    fn a_difference_in_case_beats_an_edit() {
        assert_eq!(suggest("Abcd", ["abce", "abcd", "Abc"]), ["abcd", "Abc", "abce"]);
        assert_eq!(suggest("aaaa", ["aaab", "aaac", "aaad", "aaae"]).len(), 3);
    }
}
