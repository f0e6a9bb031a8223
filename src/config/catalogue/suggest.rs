//! "Did you mean": known names that resemble one that is not known.

use super::family::service_parameters;
use super::parameter::parameters;
use super::restrictions::{Restriction, restriction};

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

/// What may have been meant by a main.cf name that no parameter has.
#[derive(Debug)]
pub struct ParameterSuggestion {
    /// The name is a restriction: it belongs inside an `smtpd_…_restrictions` list.
    pub restriction: Option<&'static Restriction>,
    /// Parameters that resemble it, the best first, at most three.
    pub similar: Vec<String>,
}

/// What may have been meant by `name`, which is not a parameter.
///
/// Per-transport names are suggested with the transport that `name` seems to have, its first word.
pub fn suggest_parameter(name: &str) -> ParameterSuggestion {
    let transport = name.split('_').next().unwrap_or_default();
    let members: Vec<String> = if transport.is_empty() || transport.len() == name.len() {
        Vec::new()
    } else {
        service_parameters().iter().map(|family| format!("{transport}{}", family.suffix)).collect()
    };
    let known = parameters().iter().map(|parameter| parameter.name);
    let similar = suggest(name, known.chain(members.iter().map(String::as_str)));
    ParameterSuggestion { restriction: restriction(name), similar: similar.into_iter().map(str::to_owned).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No name that is close is passed over unseen.
    #[test]
    fn letters_tell_what_cannot_be_close() {
        let names: Vec<&str> = parameters().iter().map(|parameter| parameter.name).collect();
        let slips =
            ["smtpd_tls_securty_level", "SMTPD_Banner", "myhostmane", "mynetwroks", "relayhots", "\u{e9}mydomain"];
        for slip in slips.iter().chain(names.iter().step_by(40)) {
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

    #[test]
    fn parameters_are_suggested_with_their_families() {
        let cases: &[(&str, &[&str])] = &[
            ("smtpd_recipent_restrictions", &["smtpd_recipient_restrictions"]),
            ("virtual_aliases_maps", &["virtual_alias_maps"]),
            ("smtpd_tls_security_levels", &["smtpd_tls_security_level", "smtp_tls_security_level"]),
            ("slow_destination_rate_dealy", &["slow_destination_rate_delay"]),
            ("unheard_of", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(suggest_parameter(name).similar, *expected, "{name}");
        }
    }

    #[test]
    fn a_restriction_is_recognised() {
        let found = suggest_parameter("reject_unauth_destination");
        assert_eq!(found.restriction.map(|entry| entry.name), Some("reject_unauth_destination"));
        assert!(suggest_parameter("smtpd_helo_required_").restriction.is_none());
    }
}
