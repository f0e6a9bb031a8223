//! What access restrictions and the parameters most in use are about, a sentence each. What has none says nothing.

/// What a restriction or a parameter is about; nothing for most parameters.
#[must_use]
pub fn about(name: &str) -> Option<&'static str> {
    let find = |list: &[(&str, &'static str)]| list.iter().find(|(known, _)| *known == name).map(|(_, text)| *text);
    find(RESTRICTIONS).or_else(|| find(PARAMETERS))
}

/// Every restriction.
const RESTRICTIONS: &[(&str, &str)] = &[
    (
        "check_ccert_access",
        "Looks the fingerprint of the client's TLS certificate up in a table and does what it says.",
    ),
    ("check_client_a_access", "Resolves the client's name, and looks the addresses that it has up in a table."),
    ("check_client_access", "Looks the client's name, address and networks up in a table and does what it says."),
    ("check_client_mx_access", "Looks the mail servers of the client's name up in a table."),
    ("check_client_ns_access", "Looks the name servers of the client's name up in a table."),
    ("check_etrn_access", "Looks the domain that ETRN names, and its parents, up in a table."),
    ("check_helo_a_access", "Resolves the name from HELO, and looks the addresses that it has up in a table."),
    ("check_helo_access", "Looks the name with which the client introduced itself, and its parents, up in a table."),
    ("check_helo_mx_access", "Looks the mail servers of the name from HELO up in a table."),
    ("check_helo_ns_access", "Looks the name servers of the name from HELO up in a table."),
    ("check_policy_service", "Asks a policy server, a program of its own, and does what that answers."),
    ("check_recipient_a_access", "Resolves the domain of the recipient, and looks its addresses up in a table."),
    ("check_recipient_access", "Looks the recipient's address, domain and local part up in a table."),
    ("check_recipient_maps", "Refuses recipients that no table lists; the old name of reject_unlisted_recipient."),
    ("check_recipient_mx_access", "Looks the mail servers of the recipient's domain up in a table."),
    ("check_recipient_ns_access", "Looks the name servers of the recipient's domain up in a table."),
    (
        "check_relay_domains",
        "Lets mail through to the domains that this server relays for; gone, see reject_unauth_destination.",
    ),
    (
        "check_reverse_client_hostname_a_access",
        "Resolves the name that the client's address has, verified or not, and looks those addresses up in a table.",
    ),
    (
        "check_reverse_client_hostname_access",
        "Looks the name that the client's address has in the DNS, verified or not, up in a table.",
    ),
    (
        "check_reverse_client_hostname_mx_access",
        "Looks the mail servers of the name that the client's address has, verified or not, up in a table.",
    ),
    (
        "check_reverse_client_hostname_ns_access",
        "Looks the name servers of the name that the client's address has, verified or not, up in a table.",
    ),
    ("check_sasl_access", "Looks the login name of an authenticated client up in a table."),
    ("check_sender_a_access", "Resolves the domain of the sender, and looks its addresses up in a table."),
    ("check_sender_access", "Looks the sender's address, domain and local part up in a table."),
    ("check_sender_mx_access", "Looks the mail servers of the sender's domain up in a table."),
    ("check_sender_ns_access", "Looks the name servers of the sender's domain up in a table."),
    ("defer", "Tells the client to try again later, whatever it asks for; mostly the last in a list."),
    ("defer_if_permit", "Turns a later permission into a request to try again."),
    ("defer_if_reject", "Turns a later refusal into a request to try again."),
    ("defer_unauth_destination", "Asks the client to try again where reject_unauth_destination would refuse."),
    ("permit", "Ends the list: what came so far is let through."),
    ("permit_auth_destination", "Lets mail through to domains that are delivered here or relayed for."),
    ("permit_dnswl_client", "Lets clients through whose address an allowlist in the DNS has."),
    ("permit_inet_interfaces", "Lets clients through that connect from an address of this machine."),
    ("permit_mx_backup", "Lets mail through to domains for which this machine is one of the mail servers."),
    ("permit_mynetworks", "Lets clients through whose address mynetworks holds."),
    ("permit_naked_ip_address", "Lets clients through that introduce themselves by a bare address; gone."),
    ("permit_rhswl_client", "Lets clients through whose verified name an allowlist in the DNS has."),
    ("permit_sasl_authenticated", "Lets clients through that have logged in."),
    (
        "permit_tls_all_clientcerts",
        "Lets clients through that have a TLS certificate of a trusted authority, whoever they are.",
    ),
    ("permit_tls_clientcerts", "Lets clients through whose TLS certificate relay_clientcerts lists."),
    ("reject", "Refuses, whatever the client asks for; mostly the last in a list."),
    (
        "reject_authenticated_sender_login_mismatch",
        "Refuses senders that smtpd_sender_login_maps gives to another login than the one the client used.",
    ),
    ("reject_invalid_helo_hostname", "Refuses clients whose HELO name cannot be the name of a host."),
    ("reject_invalid_hostname", "The old name of reject_invalid_helo_hostname."),
    (
        "reject_known_sender_login_mismatch",
        "As reject_sender_login_mismatch, but only for senders that smtpd_sender_login_maps knows.",
    ),
    ("reject_maps_rbl", "Refuses clients that the lists in maps_rbl_domains have; gone, see reject_rbl_client."),
    ("reject_multi_recipient_bounce", "Refuses bounces to several recipients at once, which no honest server sends."),
    ("reject_non_fqdn_helo_hostname", "Refuses clients whose HELO name has no domain."),
    ("reject_non_fqdn_hostname", "The old name of reject_non_fqdn_helo_hostname."),
    ("reject_non_fqdn_recipient", "Refuses recipients whose domain is missing or has no dot."),
    ("reject_non_fqdn_sender", "Refuses senders whose domain is missing or has no dot."),
    ("reject_plaintext_session", "Refuses whatever is asked without TLS."),
    ("reject_rbl", "The old name of reject_rbl_client."),
    ("reject_rbl_client", "Refuses clients whose address a blocklist in the DNS has."),
    ("reject_rhsbl_client", "Refuses clients whose verified name a blocklist of domains has."),
    ("reject_rhsbl_helo", "Refuses clients whose HELO name a blocklist of domains has."),
    ("reject_rhsbl_recipient", "Refuses recipients whose domain a blocklist has."),
    (
        "reject_rhsbl_reverse_client",
        "Refuses clients whose name in the DNS, verified or not, a blocklist of domains has.",
    ),
    ("reject_rhsbl_sender", "Refuses senders whose domain a blocklist has."),
    (
        "reject_sender_login_mismatch",
        "Refuses senders that belong to another login, and senders with an owner when nobody has logged in.",
    ),
    (
        "reject_unauth_destination",
        "Refuses mail to domains that are neither delivered here nor relayed for: without it a server is an open relay.",
    ),
    ("reject_unauth_pipelining", "Refuses clients that send commands before they may."),
    (
        "reject_unauthenticated_sender_login_mismatch",
        "Refuses senders that smtpd_sender_login_maps gives to a login, when the client has not logged in.",
    ),
    ("reject_unknown_address", "The old name of reject_unknown_sender_domain."),
    ("reject_unknown_client", "The old name of reject_unknown_client_hostname."),
    (
        "reject_unknown_client_hostname",
        "Refuses clients whose address has no name, or a name that does not lead back to the address.",
    ),
    (
        "reject_unknown_helo_hostname",
        "Refuses clients whose HELO name has neither an address nor a mail server in the DNS.",
    ),
    ("reject_unknown_hostname", "The old name of reject_unknown_helo_hostname."),
    ("reject_unknown_recipient_domain", "Refuses recipients in domains that cannot receive mail according to the DNS."),
    ("reject_unknown_reverse_client_hostname", "Refuses clients whose address has no name in the DNS at all."),
    ("reject_unknown_sender_domain", "Refuses senders in domains that cannot receive mail according to the DNS."),
    ("reject_unlisted_recipient", "Refuses recipients in domains of this server that its tables do not have."),
    ("reject_unlisted_sender", "Refuses senders in domains of this server that its tables do not have."),
    ("reject_unverified_recipient", "Refuses recipients that their own server would not take, which is asked first."),
    ("reject_unverified_sender", "Refuses senders to whom their own server would not take mail, which is asked first."),
    ("sleep", "Waits for some seconds, then goes on."),
    ("warn_if_reject", "Makes the next restriction log what it would refuse, and go on."),
];

/// The parameters most in use.
const PARAMETERS: &[(&str, &str)] = &[
    ("alias_database", "The tables that newaliases builds; alias_maps says which are asked."),
    ("alias_maps", "The tables of aliases that the local delivery agent asks: other addresses, files, commands."),
    ("always_bcc", "An address that gets a copy of every message."),
    ("body_checks", "Patterns that are held against each line of a message's body."),
    ("bounce_queue_lifetime", "How long a bounce is tried before it is thrown away."),
    (
        "canonical_maps",
        "Tables that replace addresses of senders and recipients, in envelopes and headers, as mail comes in.",
    ),
    (
        "compatibility_level",
        "The release whose changes of defaults are accepted: what is older keeps the older defaults.",
    ),
    ("content_filter", "Where all mail goes first, to be looked at by another program."),
    ("default_database_type", "The type of table that newaliases and postmap make unless told otherwise."),
    ("default_transport", "How mail for all domains that are not this server's is delivered."),
    ("disable_vrfy_command", "Whether clients are kept from asking which addresses exist."),
    ("header_checks", "Patterns that are held against each header of a message."),
    ("home_mailbox", "The mailbox of a local user, below the home directory; with a slash behind it a maildir."),
    ("inet_interfaces", "The addresses of this machine at which mail is received."),
    ("inet_protocols", "Whether IPv4, IPv6 or both are used."),
    ("local_recipient_maps", "Tables that list all local users; mail for others in mydestination is refused."),
    ("local_transport", "How mail for the domains in mydestination is delivered."),
    ("mailbox_command", "A program that takes the mail of local users instead of a mailbox."),
    ("mailbox_size_limit", "How large a local mailbox file may grow, in bytes; 0: as it likes."),
    ("mailbox_transport", "A transport that takes the mail of local users instead of a mailbox."),
    ("maximal_queue_lifetime", "How long a message is tried before it comes back to its sender."),
    ("message_size_limit", "How large a message may be, in bytes, with its headers."),
    ("milter_default_action", "What happens when a mail filter cannot be asked."),
    ("mydestination", "The domains whose mail ends in local mailboxes and aliases of this machine."),
    ("mydomain", "The domain of this machine; by default its own name without the first part."),
    ("myhostname", "The full name of this machine, by which it introduces itself and which many defaults use."),
    ("mynetworks", "The clients that are trusted by their address: they may send mail to everywhere."),
    ("mynetworks_style", "How much of its own networks a machine trusts as long as mynetworks is not set."),
    ("myorigin", "The domain that is put behind local senders and recipients that have none."),
    ("non_smtpd_milters", "Mail filters for mail that does not come by SMTP, such as that of local programs."),
    ("postscreen_access_list", "Clients that postscreen lets pass or turns away before any test."),
    ("postscreen_dnsbl_sites", "Blocklists in the DNS that postscreen asks about a client, with their weights."),
    ("recipient_bcc_maps", "Tables that name an address for a copy, by recipient."),
    ("recipient_canonical_maps", "As canonical_maps, for recipients only, and asked before it."),
    ("recipient_delimiter", "The characters that divide a user's name from an extension, as in user+lists."),
    ("relay_domains", "Domains whose mail this server takes and sends on to another one."),
    ("relay_recipient_maps", "Tables that list the recipients in relay_domains; empty: all are taken."),
    ("relay_transport", "How mail for relay_domains is sent on."),
    (
        "relayhost",
        "The server through which all mail for other domains goes, instead of straight to their mail servers.",
    ),
    ("relocated_maps", "Tables of people who have moved: mail for them is refused with the new address."),
    ("sender_bcc_maps", "Tables that name an address for a copy, by sender."),
    ("sender_canonical_maps", "As canonical_maps, for senders only, and asked before it."),
    ("sender_dependent_relayhost_maps", "Tables that name a relayhost by sender."),
    ("smtp_sasl_auth_enable", "Whether the SMTP client logs in at the servers for which it has a password."),
    ("smtp_sasl_password_maps", "Tables of user:password for the servers that the SMTP client logs in at."),
    ("smtp_sasl_security_options", "Which ways of logging in the SMTP client does not use."),
    ("smtp_tls_CAfile", "The certificates of the authorities that the SMTP client trusts."),
    (
        "smtp_tls_policy_maps",
        "Tables that say by destination whether TLS is needed, and how its certificate is checked.",
    ),
    ("smtp_tls_security_level", "Whether the SMTP client uses TLS if it can, always, or with a checked certificate."),
    ("smtpd_banner", "The text with which the SMTP server greets."),
    ("smtpd_client_restrictions", "What the SMTP server looks at when a client connects."),
    ("smtpd_data_restrictions", "What the SMTP server looks at before the text of a message."),
    ("smtpd_end_of_data_restrictions", "What the SMTP server looks at behind the text of a message."),
    ("smtpd_helo_required", "Whether clients have to introduce themselves before they send mail."),
    ("smtpd_helo_restrictions", "What the SMTP server looks at when a client introduces itself."),
    ("smtpd_milters", "Mail filters for mail that comes by SMTP."),
    ("smtpd_recipient_restrictions", "What the SMTP server looks at for each recipient, mostly against junk."),
    ("smtpd_relay_restrictions", "Who may send mail to domains that are not this server's."),
    ("smtpd_sasl_auth_enable", "Whether clients may log in."),
    ("smtpd_sasl_path", "Where the program that checks logins is asked."),
    ("smtpd_sasl_type", "Which kind of program checks logins: cyrus or dovecot."),
    ("smtpd_sender_login_maps", "Tables that say which logins may use a sender's address."),
    ("smtpd_sender_restrictions", "What the SMTP server looks at for the sender of a message."),
    ("smtpd_tls_auth_only", "Whether logins are offered inside TLS only."),
    ("smtpd_tls_cert_file", "The certificate of the SMTP server; smtpd_tls_chain_files takes its place today."),
    ("smtpd_tls_chain_files", "The keys and certificates of the SMTP server, each key before its chain."),
    ("smtpd_tls_key_file", "The key of the certificate in smtpd_tls_cert_file."),
    ("smtpd_tls_security_level", "Whether the SMTP server offers TLS or requires it."),
    ("smtputf8_enable", "Whether addresses and headers may hold letters beyond ASCII."),
    ("soft_bounce", "Turns every refusal and bounce into a try again later, for tests of a new setup."),
    ("transport_maps", "Tables that say by recipient or domain how mail is delivered, before all else."),
    ("virtual_alias_domains", "Domains that have aliases only: every address in them leads to another one."),
    ("virtual_alias_maps", "Tables that replace recipients by other addresses, of all domains."),
    ("virtual_gid_maps", "Tables of the group that owns a virtual mailbox."),
    ("virtual_mailbox_base", "The directory below which virtual mailboxes lie."),
    ("virtual_mailbox_domains", "Domains whose mailboxes belong to no account of this machine."),
    ("virtual_mailbox_maps", "Tables that list the addresses in virtual_mailbox_domains, with their mailboxes."),
    ("virtual_transport", "How mail for virtual_mailbox_domains is delivered."),
    ("virtual_uid_maps", "Tables of the user who owns a virtual mailbox."),
];

#[cfg(test)]
mod tests {
    use super::super::{parameter, restrictions};
    use super::*;

    #[test]
    fn every_restriction_has_a_sentence_and_every_name_exists() {
        for restriction in restrictions() {
            assert!(RESTRICTIONS.iter().any(|(name, _)| *name == restriction.name), "{}", restriction.name);
        }
        assert!(RESTRICTIONS.iter().all(|(name, _)| super::super::restriction(name).is_some()));
        for (name, text) in PARAMETERS {
            assert!(parameter(name).is_some(), "{name}");
            assert!(text.ends_with('.'), "{name}");
        }
        for list in [RESTRICTIONS, PARAMETERS] {
            assert!(list.is_sorted_by_key(|(name, _)| *name));
        }
    }
}
