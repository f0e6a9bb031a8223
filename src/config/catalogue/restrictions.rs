//! The smtpd access restrictions and the lists that hold them (postconf(5), SMTPD_ACCESS_README).
//!
//! Every name is syntactically valid in every list; the stages say where it can have an effect.

use super::version::Version;

/// A step of an SMTP session, and the restriction list that is looked at there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The connection: `smtpd_client_restrictions`.
    Client,
    /// `HELO`: `smtpd_helo_restrictions`.
    Helo,
    /// `MAIL FROM`: `smtpd_sender_restrictions`.
    Sender,
    /// `RCPT TO`, relaying: `smtpd_relay_restrictions`.
    Relay,
    /// `RCPT TO`: `smtpd_recipient_restrictions`.
    Recipient,
    /// `ETRN`: `smtpd_etrn_restrictions`.
    Etrn,
    /// `DATA`: `smtpd_data_restrictions`.
    Data,
    /// The end of the message: `smtpd_end_of_data_restrictions`.
    EndOfData,
}

/// An access restriction.
#[derive(Debug)]
pub struct Restriction {
    /// The name; it is not case-sensitive.
    pub name: &'static str,
    /// What follows it.
    pub argument: Argument,
    /// What it does.
    pub class: Class,
    /// The first series that has it; 1.1 also stands for older ones.
    pub introduced: Version,
    /// What it looks at.
    pub information: Information,
    /// The stages where it can have an effect, with `smtpd_delay_reject = yes`, the default.
    pub stages: &'static [Stage],
    /// The same with `smtpd_delay_reject = no`.
    pub strict_stages: &'static [Stage],
    /// The parameter whose section of postconf(5) explains it; `None` = no longer documented.
    pub documented_under: Option<&'static str>,
    /// Facts that the other fields do not tell; may be empty.
    pub note: &'static str,
}

/// What a restriction takes as its argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Nothing.
    None,
    /// A lookup table, `type:name`.
    Table,
    /// A DNS list domain, with an optional reply pattern.
    Domain,
    /// A policy server.
    Service,
    /// A number of seconds.
    Seconds,
}

/// What a restriction does when it applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Does what a table says.
    Check,
    /// Permits.
    Permit,
    /// Rejects.
    Reject,
    /// Defers.
    Defer,
    /// Does what a policy server says.
    Policy,
    /// Changes what the next restriction does.
    Warn,
    /// Waits.
    Wait,
}

/// What a restriction looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Information {
    /// The client's address, name or certificate.
    Client,
    /// The `HELO` name.
    Helo,
    /// The envelope sender.
    Sender,
    /// The envelope recipient.
    Recipient,
    /// The `ETRN` name.
    Etrn,
    /// Nothing in particular.
    Generic,
}

/// A restriction list of the SMTP server.
#[derive(Debug)]
pub struct RestrictionList {
    /// When it is looked at.
    pub stage: Stage,
    /// The parameter.
    pub parameter: &'static str,
    /// The first series that has it; 1.1 also stands for older ones.
    pub introduced: Version,
    /// The restriction that a bare `type:table` stands for; `None` = a bare table is an error.
    pub bare_table: Option<&'static str>,
    /// Restrictions of which the relay or the recipient list must reach at least one (restriction classes are searched;
    /// one behind `warn_if_reject` or `permit` does not count). Empty if there is no such duty.
    pub one_of: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/catalogue_restrictions.rs"));

/// Every restriction, sorted by name.
pub fn restrictions() -> &'static [Restriction] {
    &RESTRICTIONS
}

/// The restriction with this name, in any case of letters.
pub fn restriction(name: &str) -> Option<&'static Restriction> {
    let lower = name.to_ascii_lowercase();
    RESTRICTIONS.binary_search_by(|entry| entry.name.cmp(&lower)).ok().map(|at| &RESTRICTIONS[at])
}

/// The restriction lists, in the order of a session.
pub fn restriction_lists() -> &'static [RestrictionList] {
    &RESTRICTION_LISTS
}

/// The list that this parameter holds.
pub fn restriction_list(parameter: &str) -> Option<&'static RestrictionList> {
    RESTRICTION_LISTS.iter().find(|list| list.parameter == parameter)
}

#[cfg(test)]
mod tests {
    use super::super::kind::Kind;
    use super::super::parameter::parameter;
    use super::*;

    #[test]
    fn restrictions_are_found_in_any_case() {
        assert_eq!(restrictions().len(), 78);
        let found = restriction("Reject_RBL_Client").unwrap();
        assert_eq!((found.name, found.argument, found.class), ("reject_rbl_client", Argument::Domain, Class::Reject));
        assert_eq!(restriction("check_policy_service").unwrap().argument, Argument::Service);
        assert_eq!(restriction("sleep").unwrap().class, Class::Wait);
        assert!(restriction("permit_my_networks").is_none());
    }

    #[test]
    fn delayed_rejects_widen_the_stages() {
        let check = restriction("check_recipient_access").unwrap();
        assert!(check.stages.contains(&Stage::Client));
        assert!(!check.strict_stages.contains(&Stage::Client));
        assert!(check.strict_stages.contains(&Stage::Relay));
        for entry in restrictions() {
            assert!(entry.strict_stages.iter().all(|stage| entry.stages.contains(stage)), "{}", entry.name);
        }
    }

    #[test]
    fn lists_are_parameters_and_name_restrictions() {
        assert_eq!(restriction_lists().len(), 8);
        for list in restriction_lists() {
            assert_eq!(parameter(list.parameter).unwrap().kind, Kind::RestrictionList, "{}", list.parameter);
            let named = list.bare_table.iter().chain(list.one_of);
            assert!(named.into_iter().all(|name| restriction(name).is_some()), "{}", list.parameter);
        }
        let relay = restriction_list("smtpd_relay_restrictions").unwrap();
        assert_eq!(
            (relay.stage, relay.bare_table, relay.one_of.len()),
            (Stage::Relay, Some("check_recipient_access"), 6)
        );
        assert_eq!(restriction_list("smtpd_data_restrictions").unwrap().bare_table, None);
        assert!(restriction_list("mynetworks").is_none());
    }
}
