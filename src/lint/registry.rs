//! All rules.

use super::rules::{main_cf as mc, maps, master_cf as ms, own};
use super::site::Site;
use crate::diagnostic::{Finding, Rule};

/// A rule and the function that looks for it.
#[derive(Clone, Copy)]
pub struct LintRule {
    /// Its declaration.
    pub rule: &'static Rule,
    /// Adds what it finds.
    pub check: fn(&Site, &mut Vec<Finding>),
}

/// The declaration of every rule: those that look at a site, then those about comments for this program.
pub fn declarations() -> impl Iterator<Item = &'static Rule> + Clone {
    let own = [&own::malformed_suppression::RULE, &own::unused_suppression::RULE];
    rules().iter().map(|lint| lint.rule).chain(own)
}

/// Every rule that looks at a site, by code.
#[must_use]
pub fn rules() -> &'static [LintRule] {
    const RULES: &[LintRule] = &[
        LintRule { rule: &mc::leading_white_space::RULE, check: mc::leading_white_space::check },
        LintRule { rule: &mc::malformed_line::RULE, check: mc::malformed_line::check },
        LintRule { rule: &mc::unknown_parameter::RULE, check: mc::unknown_parameter::check },
        LintRule { rule: &mc::undefined_name::RULE, check: mc::undefined_name::check },
        LintRule { rule: &mc::bad_expansion::RULE, check: mc::bad_expansion::check },
        LintRule { rule: &ms::malformed_service::RULE, check: ms::malformed_service::check },
        LintRule { rule: &ms::malformed_override::RULE, check: ms::malformed_override::check },
        LintRule { rule: &maps::missing_source::RULE, check: maps::missing_source::check },
        LintRule { rule: &maps::missing_index::RULE, check: maps::missing_index::check },
        LintRule { rule: &maps::stale_index::RULE, check: maps::stale_index::check },
        LintRule { rule: &maps::damaged_index::RULE, check: maps::damaged_index::check },
        LintRule { rule: &maps::duplicate_key::RULE, check: maps::duplicate_key::check },
        LintRule { rule: &maps::dropped_entry::RULE, check: maps::dropped_entry::check },
        LintRule { rule: &maps::two_compilers::RULE, check: maps::two_compilers::check },
        LintRule { rule: &maps::unbuildable_type::RULE, check: maps::unbuildable_type::check },
    ];
    RULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_are_unique_and_everything_is_documented() {
        let mut seen = std::collections::HashSet::new();
        for rule in declarations() {
            assert!(seen.insert(rule.code) && seen.insert(rule.name), "{} stands twice", rule.code);
            assert!(rule.code.starts_with(rule.family.letters()), "{}", rule.code);
            for text in [rule.summary, rule.why, rule.example, rule.remedy] {
                assert!(!text.is_empty(), "{} lacks documentation", rule.code);
            }
        }
    }
}
