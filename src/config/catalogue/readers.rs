//! Who reads a parameter at its start: every program, or some of the daemons.
//!
//! Whoever reads it ends if the value is at fault, and knows it without main.cf: in messages, in bounce templates.
//! Seen from the outside, by a value at fault for each parameter and daemon. Source: Postfix 3.11.

/// What every program reads at its start, by name.
const EVERY_PROGRAM: &[&str] = &[
    "address_verify_negative_cache",
    "address_verify_service_name",
    "alias_database",
    "alternate_config_directories",
    "application_event_drain_time",
    "backwards_bounce_logfile_compatibility",
    "berkeley_db_create_buffer_size",
    "berkeley_db_read_buffer_size",
    "bounce_service_name",
    "cleanup_service_name",
    "command_directory",
    "compatibility_level",
    "daemon_directory",
    "daemon_table_open_error_is_fatal",
    "daemon_timeout",
    "data_directory",
    "debug_peer_level",
    "debug_peer_list",
    "default_cache_db_type",
    "default_database_type",
    "default_delivery_status_filter",
    "default_privs",
    "default_process_limit",
    "default_verp_delimiters",
    "defer_service_name",
    "delay_logging_resolution_limit",
    "deliver_lock_attempts",
    "deliver_lock_delay",
    "disable_dns_lookups",
    "disable_mime_input_processing",
    "disable_mime_output_conversion",
    "dns_ncache_ttl_fix_enable",
    "dnssec_probe",
    "dont_remove",
    "double_bounce_sender",
    "enable_idna2003_compatibility",
    "enable_long_queue_ids",
    "enable_original_recipient",
    "error_service_name",
    "export_environment",
    "fast_flush_domains",
    "fault_injection_code",
    "flush_service_name",
    "fork_attempts",
    "fork_delay",
    "hash_queue_depth",
    "hash_queue_names",
    "header_address_token_limit",
    "header_size_limit",
    "helpful_warnings",
    "import_environment",
    "in_flow_delay",
    "inet_interfaces",
    "inet_protocols",
    "info_log_address_format",
    "internal_mail_filter_classes",
    "ipc_idle",
    "ipc_timeout",
    "ipc_ttl",
    "known_tcp_ports",
    "line_length_limit",
    "lmdb_map_size",
    "mail_name",
    "mail_owner",
    "mail_release_date",
    "mail_version",
    "maillog_file",
    "maillog_file_compressor",
    "maillog_file_permissions",
    "maillog_file_prefixes",
    "maillog_file_rotate_suffix",
    "max_idle",
    "max_use",
    "message_drop_headers",
    "message_size_limit",
    "meta_directory",
    "mime_boundary_length_limit",
    "mime_nesting_limit",
    "multi_instance_directories",
    "multi_instance_enable",
    "multi_instance_group",
    "multi_instance_name",
    "multi_instance_wrapper",
    "mydestination",
    "mydomain",
    "myhostname",
    "mynetworks",
    "mynetworks_style",
    "myorigin",
    "non_bdb_custom_mapping",
    "non_bdb_migration_level",
    "non_bdb_migration_log_redirect",
    "non_bdb_migration_service_name",
    "owner_request_special",
    "parent_domain_matches_subdomains",
    "pickup_service_name",
    "postlog_service_name",
    "process_id_directory",
    "proxy_interfaces",
    "proxymap_service_name",
    "proxywrite_service_name",
    "queue_directory",
    "queue_service_name",
    "recipient_delimiter",
    "relay_domains",
    "relayhost",
    "requiretls_enable",
    "respectful_logging",
    "rewrite_service_name",
    "send_cyrus_sasl_authzid",
    "service_name",
    "setgid_group",
    "shlib_directory",
    "showq_service_name",
    "smtputf8_autodetect_classes",
    "smtputf8_enable",
    "socketmap_max_reply_size",
    "soft_bounce",
    "stale_lock_time",
    "strict_7bit_headers",
    "strict_8bitmime",
    "strict_8bitmime_body",
    "strict_mime_encoding_domain",
    "strict_smtputf8",
    "syslog_facility",
    "syslog_name",
    "tcp_windowsize",
    "tls_required_enable",
    "trace_service_name",
    "trigger_timeout",
    "verp_delimiter_filter",
];

/// What has a value in every program although it is not read from main.cf like the rest.
const GIVEN: &[&str] = &["bounce_template_file", "config_directory", "process_id", "process_name"];

/// The parameters that every program of Postfix reads at its start, by name.
#[must_use]
pub const fn read_by_every_program() -> &'static [&'static str] {
    EVERY_PROGRAM
}

/// The daemons that read a parameter.
#[derive(Debug)]
struct Readers {
    parameter: &'static str,
    daemons: &'static [&'static str],
}

include!(concat!(env!("OUT_DIR"), "/catalogue_readers.rs"));

/// The daemons that read a parameter whenever they start, sorted; empty for what [every program](read_by_every_program)
/// reads, and for what is read at most for a job at hand, as most `tls_` parameters are.
#[must_use]
pub fn readers(parameter: &str) -> &'static [&'static str] {
    let place = READERS.binary_search_by(|readers| readers.parameter.cmp(parameter));
    place.map_or(&[], |place| READERS[place].daemons)
}

/// Whether a daemon reads a parameter whenever it starts. Those of [one transport](super::service_parameter) are not
/// known here.
#[must_use]
pub fn is_read_at_start(parameter: &str, daemon: &str) -> bool {
    EVERY_PROGRAM.binary_search(&parameter).is_ok() || readers(parameter).contains(&daemon)
}

/// The parameters that the bounce daemon reads besides, by name.
#[must_use]
pub fn read_by_bounce() -> Vec<&'static str> {
    let names = READERS.iter().filter(|readers| readers.daemons.contains(&"bounce")).map(|readers| readers.parameter);
    names.filter(|name| !GIVEN.contains(name)).collect()
}

/// Whether the bounce daemon knows a parameter that main.cf does not set.
#[must_use]
pub fn is_read_by_bounce(name: &[u8]) -> bool {
    let Ok(name) = std::str::from_utf8(name) else { return false };
    is_read_at_start(name, "bounce") || GIVEN.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_sorted_and_exist() {
        for names in [EVERY_PROGRAM, GIVEN] {
            assert!(names.is_sorted());
            let unknown: Vec<_> = names.iter().filter(|name| super::super::parameter(name).is_none()).collect();
            assert_eq!(unknown, Vec::<&&str>::new());
        }
        assert!(is_read_by_bounce(b"myhostname") && is_read_by_bounce(b"notify_classes"));
        assert!(!is_read_by_bounce(b"smtpd_banner"));
    }

    #[test]
    fn daemons_that_read_a_parameter() {
        let cases: &[(&str, &[&str])] = &[
            ("smtpd_timeout", &["smtpd"]),
            ("command_time_limit", &["local", "pipe", "spawn"]),
            ("default_rbl_reply", &["smtpd"]),
            ("myhostname", &[]),
            ("tls_daemon_random_bytes", &[]),
            ("nobody_knows", &[]),
        ];
        for (parameter, expected) in cases {
            assert_eq!(readers(parameter), *expected, "{parameter}");
        }
        assert!(is_read_at_start("myhostname", "anvil") && is_read_at_start("smtpd_timeout", "smtpd"));
        assert!(!is_read_at_start("smtpd_timeout", "smtp"));
        assert_eq!(read_by_bounce().len(), 10);
        for readers in &READERS {
            let unknown = readers.daemons.iter().find(|daemon| super::super::daemon_command(daemon).is_none());
            assert_eq!(unknown, None, "{}", readers.parameter);
            assert!(readers.daemons.is_sorted() && EVERY_PROGRAM.binary_search(&readers.parameter).is_err());
        }
    }
}
