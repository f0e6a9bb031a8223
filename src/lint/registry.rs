//! All rules.

use super::rules::{
    aliases, main_cf as mc, maps, master_cf as ms, own, routing, security, versions as ver, virtual_domains as vt,
};
use super::site::LoadedSite;
use crate::diagnostic::{Finding, Rule};

/// A rule and the function that looks for it.
#[derive(Clone, Copy)]
pub struct LintRule {
    /// Its declaration.
    pub rule: &'static Rule,
    /// Adds what it finds.
    pub check: fn(&LoadedSite, &mut Vec<Finding>),
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
        LintRule { rule: &mc::wrong_value::RULE, check: mc::wrong_value::check },
        LintRule { rule: &mc::unknown_word::RULE, check: mc::unknown_word::check },
        LintRule { rule: &mc::set_twice::RULE, check: mc::set_twice::check },
        LintRule { rule: &mc::comment_in_value::RULE, check: mc::comment_in_value::check },
        LintRule { rule: &mc::swallowed_entry::RULE, check: mc::swallowed_entry::check },
        LintRule { rule: &mc::bad_network::RULE, check: mc::bad_network::check },
        LintRule { rule: &mc::unread_file::RULE, check: mc::unread_file::check },
        LintRule { rule: &mc::matches_nothing::RULE, check: mc::matches_nothing::check },
        LintRule { rule: &mc::unreachable_restriction::RULE, check: mc::unreachable_restriction::check },
        LintRule { rule: &mc::unknown_restriction::RULE, check: mc::unknown_restriction::check },
        LintRule { rule: &mc::missing_file::RULE, check: mc::missing_file::check },
        LintRule { rule: &mc::quoted_value::RULE, check: mc::quoted_value::check },
        LintRule { rule: &mc::bad_milter::RULE, check: mc::bad_milter::check },
        LintRule { rule: &mc::tls_protocols::RULE, check: mc::tls_protocols::check },
        LintRule { rule: &mc::lacks_another::RULE, check: mc::lacks_another::check },
        LintRule { rule: &mc::late_permit::RULE, check: mc::late_permit::check },
        LintRule { rule: &mc::byte_order_mark::RULE, check: mc::byte_order_mark::check },
        LintRule { rule: &mc::soft_bounce::RULE, check: mc::soft_bounce::check },
        LintRule { rule: &mc::bad_own_name::RULE, check: mc::bad_own_name::check },
        LintRule { rule: &mc::template::RULE, check: mc::template::check },
        LintRule { rule: &mc::glued_lines::RULE, check: mc::glued_lines::check },
        LintRule { rule: &mc::bad_account::RULE, check: mc::bad_account::check },
        LintRule { rule: &mc::bad_known_port::RULE, check: mc::bad_known_port::check },
        LintRule { rule: &mc::trace_for_everybody::RULE, check: mc::trace_for_everybody::check },
        LintRule { rule: &mc::no_trace_directory::RULE, check: mc::no_trace_directory::check },
        LintRule { rule: &mc::bad_client_address::RULE, check: mc::bad_client_address::check },
        LintRule { rule: &mc::look_alike::RULE, check: mc::look_alike::check },
        LintRule { rule: &mc::bad_postscreen_list::RULE, check: mc::bad_postscreen_list::check },
        LintRule { rule: &ms::malformed_service::RULE, check: ms::malformed_service::check },
        LintRule { rule: &ms::malformed_override::RULE, check: ms::malformed_override::check },
        LintRule { rule: &ms::duplicate_service::RULE, check: ms::duplicate_service::check },
        LintRule { rule: &ms::blanks_in_override::RULE, check: ms::blanks_in_override::check },
        LintRule { rule: &ms::orphaned_override::RULE, check: ms::orphaned_override::check },
        LintRule { rule: &ms::unknown_override::RULE, check: ms::unknown_override::check },
        LintRule { rule: &ms::wrong_command::RULE, check: ms::wrong_command::check },
        LintRule { rule: &ms::unknown_port::RULE, check: ms::unknown_port::check },
        LintRule { rule: &ms::missing_service::RULE, check: ms::missing_service::check },
        LintRule { rule: &ms::pipe_argument::RULE, check: ms::pipe_argument::check },
        LintRule { rule: &ms::stray_argument::RULE, check: ms::stray_argument::check },
        LintRule { rule: &ms::unprivileged::RULE, check: ms::unprivileged::check },
        LintRule { rule: &ms::postscreen_parts::RULE, check: ms::postscreen_parts::check },
        LintRule { rule: &ms::filtered_again::RULE, check: ms::filtered_again::check },
        LintRule { rule: &ms::long_name::RULE, check: ms::long_name::check },
        LintRule { rule: &ms::chrooted_socket::RULE, check: ms::chrooted_socket::check },
        LintRule { rule: &maps::missing_source::RULE, check: maps::missing_source::check },
        LintRule { rule: &maps::missing_index::RULE, check: maps::missing_index::check },
        LintRule { rule: &maps::stale_index::RULE, check: maps::stale_index::check },
        LintRule { rule: &maps::damaged_index::RULE, check: maps::damaged_index::check },
        LintRule { rule: &maps::foreign_format::RULE, check: maps::foreign_format::check },
        LintRule { rule: &maps::duplicate_key::RULE, check: maps::duplicate_key::check },
        LintRule { rule: &maps::dropped_entry::RULE, check: maps::dropped_entry::check },
        LintRule { rule: &maps::two_compilers::RULE, check: maps::two_compilers::check },
        LintRule { rule: &maps::unbuildable_type::RULE, check: maps::unbuildable_type::check },
        LintRule { rule: &maps::wrong_form::RULE, check: maps::wrong_form::check },
        LintRule { rule: &maps::malformed_pattern::RULE, check: maps::malformed_pattern::check },
        LintRule { rule: &maps::hidden_rules::RULE, check: maps::hidden_rules::check },
        LintRule { rule: &maps::compiled_patterns::RULE, check: maps::compiled_patterns::check },
        LintRule { rule: &maps::unknown_type::RULE, check: maps::unknown_type::check },
        LintRule { rule: &maps::unknown_action::RULE, check: maps::unknown_action::check },
        LintRule { rule: &maps::unused_key::RULE, check: maps::unused_key::check },
        LintRule { rule: &maps::comment_in_entry::RULE, check: maps::comment_in_entry::check },
        LintRule { rule: &maps::cannot_open::RULE, check: maps::cannot_open::check },
        LintRule { rule: &maps::bad_result::RULE, check: maps::bad_result::check },
        LintRule { rule: &maps::unfolded_keys::RULE, check: maps::unfolded_keys::check },
        LintRule { rule: &maps::outgrown_map::RULE, check: maps::outgrown_map::check },
        LintRule { rule: &aliases::alias_loop::RULE, check: aliases::alias_loop::check },
        LintRule { rule: &aliases::empty_alias::RULE, check: aliases::empty_alias::check },
        LintRule { rule: &aliases::missing_include::RULE, check: aliases::missing_include::check },
        LintRule { rule: &aliases::writable_include::RULE, check: aliases::writable_include::check },
        LintRule { rule: &aliases::forbidden_command::RULE, check: aliases::forbidden_command::check },
        LintRule { rule: &aliases::forbidden_file::RULE, check: aliases::forbidden_file::check },
        LintRule { rule: &aliases::missing_postmaster::RULE, check: aliases::missing_postmaster::check },
        LintRule { rule: &aliases::malformed_value::RULE, check: aliases::malformed_value::check },
        LintRule { rule: &aliases::odd_destination::RULE, check: aliases::odd_destination::check },
        LintRule { rule: &aliases::comment_in_alias::RULE, check: aliases::comment_in_alias::check },
        LintRule { rule: &vt::undeclared_domain::RULE, check: vt::undeclared_domain::check },
        LintRule { rule: &vt::hiding_catch_all::RULE, check: vt::hiding_catch_all::check },
        LintRule { rule: &vt::alias_loop::RULE, check: vt::alias_loop::check },
        LintRule { rule: &vt::two_classes::RULE, check: vt::two_classes::check },
        LintRule { rule: &vt::dead_end::RULE, check: vt::dead_end::check },
        LintRule { rule: &vt::bad_target::RULE, check: vt::bad_target::check },
        LintRule { rule: &vt::missing_mailbox::RULE, check: vt::missing_mailbox::check },
        LintRule { rule: &routing::password_for_another_host::RULE, check: routing::password_for_another_host::check },
        LintRule { rule: &routing::loops_back::RULE, check: routing::loops_back::check },
        LintRule { rule: &routing::missing_transport::RULE, check: routing::missing_transport::check },
        LintRule { rule: &routing::useless_key::RULE, check: routing::useless_key::check },
        LintRule { rule: &routing::bad_nexthop::RULE, check: routing::bad_nexthop::check },
        LintRule { rule: &routing::port_without_tls::RULE, check: routing::port_without_tls::check },
        LintRule { rule: &security::open_networks::RULE, check: security::open_networks::check },
        LintRule { rule: &security::no_relay_control::RULE, check: security::no_relay_control::check },
        LintRule { rule: &security::open_relay::RULE, check: security::open_relay::check },
        LintRule { rule: &security::readable_secret::RULE, check: security::readable_secret::check },
        LintRule { rule: &security::no_recipient_list::RULE, check: security::no_recipient_list::check },
        LintRule { rule: &security::every_domain::RULE, check: security::every_domain::check },
        LintRule { rule: &security::different_owners::RULE, check: security::different_owners::check },
        LintRule { rule: &ver::removed_parameter::RULE, check: ver::removed_parameter::check },
        LintRule { rule: &ver::deprecated_parameter::RULE, check: ver::deprecated_parameter::check },
        LintRule { rule: &ver::newer_parameter::RULE, check: ver::newer_parameter::check },
        LintRule { rule: &ver::deprecated_word::RULE, check: ver::deprecated_word::check },
        LintRule { rule: &ver::newer_feature::RULE, check: ver::newer_feature::check },
        LintRule { rule: &ver::compatibility_level::RULE, check: ver::compatibility_level::check },
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
