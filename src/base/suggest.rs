//! "Did you mean": known names that resemble one that is not known.

/// No more suggestions than help.
const AT_MOST: usize = 3;

/// The candidates that resemble `name`, the best first, at most three.
///
/// One that differs only in the case of letters comes first; then those that need the fewest edits (a swap of neighbours is one),
/// as long as these are few for the length of the name, and at most one more than the best needs.
pub fn suggest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = name.to_lowercase();
    let allowed = allowed_edits(lower.chars().count());
    let mut found: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != name)
        .filter(|candidate| may_be_close(&lower, candidate, allowed))
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

/// Whether so few edits can lead from one name to the other: saves nearly all of the work.
///
/// An edit takes away one letter, adds one, or both; a swap of neighbours neither.
fn may_be_close(lower: &str, candidate: &str, allowed: usize) -> bool {
    if !lower.is_ascii() || !candidate.is_ascii() {
        return lower.len().abs_diff(candidate.len()) <= allowed * 4;
    }
    if lower.len().abs_diff(candidate.len()) > allowed {
        return false;
    }
    let mut balance = [0_i32; 128];
    lower.bytes().for_each(|byte| balance[usize::from(byte)] += 1);
    candidate.bytes().for_each(|byte| balance[usize::from(byte.to_ascii_lowercase())] -= 1);
    let missing: i32 = balance.iter().filter(|left| **left > 0).sum();
    let added: i32 = -balance.iter().filter(|left| **left < 0).sum::<i32>();
    usize::try_from(missing.max(added)).is_ok_and(|edits| edits <= allowed)
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
                assert!(edits > allowed || may_be_close(&lower, name, allowed), "{slip} {name}");
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
