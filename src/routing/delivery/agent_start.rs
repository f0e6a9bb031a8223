//! Whether the program behind a transport would run at all: mail for one that does not stays in the queue.
//!
//! What is looked at: the values that the program reads when it starts, what it demands of them together, and its line
//! in master.cf. The words are those with which it ends.
//!
//! Source: local(8), virtual(8), smtp(8), pipe(8), master(5); experiments with 3.11.

use super::pipe_command::pipe_start_fault;
use crate::config::Origin;
use crate::config::catalogue::{self, ValueType};
use crate::config::value_fault::value_fault;
use crate::routing::fate::Fate;
use crate::routing::rewrite::transport::Hop;
use crate::routing::router::Router;
use crate::routing::router::daemon::Daemon;
use crate::syntax::match_list::split_list;

/// Lists of words that a program ends with if one is unknown: the program, the parameter, and its name in the message.
const WORDS: [(&str, &str, &str); 15] = [
    ("local", "allow_mail_to_commands", "allow_mail_to_commands"),
    ("local", "allow_mail_to_files", "allow_mail_to_files"),
    ("local", "propagate_unmatched_extensions", "propagate_unmatched_extensions"),
    ("local", "prepend_delivered_header", "prepend_delivered_header"),
    ("local", "mailbox_delivery_lock", "mailbox_delivery_lock"),
    ("virtual", "virtual_mailbox_lock", "mailbox_delivery_lock"),
    ("smtp", "smtp_host_lookup", "smtp_host_lookup"),
    ("lmtp", "lmtp_host_lookup", "lmtp_host_lookup"),
    ("smtp", "smtp_dns_resolver_options", "smtp_dns_resolver_options"),
    ("lmtp", "lmtp_dns_resolver_options", "lmtp_dns_resolver_options"),
    ("local", "inet_protocols", "inet_protocols"),
    ("virtual", "inet_protocols", "inet_protocols"),
    ("pipe", "inet_protocols", "inet_protocols"),
    ("smtp", "inet_protocols", "inet_protocols"),
    ("lmtp", "inet_protocols", "inet_protocols"),
];

impl Router<'_> {
    /// What keeps mail for a transport in the queue before anything is done with it: there is no such service, or its
    /// program ends as soon as it starts.
    pub(in crate::routing) fn kept_back(&mut self, hop: &Hop) -> Option<Fate> {
        if self.is_missing(&hop.transport) {
            return Some(Fate::Deferred("mail transport unavailable".into()));
        }
        if !self.agent_faults.contains_key(&hop.transport) {
            let program = String::from_utf8_lossy(&self.program(&hop.transport)).into_owned();
            let agent = Daemon::Agent(hop.transport.clone());
            let fault = self.within(&agent, |agent| agent.start_fault(&program));
            let fault = fault.map(|why| format!("{program} would not run: {why}"));
            self.agent_faults.insert(hop.transport.clone(), fault);
        }
        self.agent_faults.get(&hop.transport).cloned().flatten().map(Fate::Deferred)
    }

    /// Why the program of the service that is asked would end.
    fn start_fault(&self, program: &str) -> Option<String> {
        if !matches!(program, "local" | "virtual" | "pipe" | "smtp" | "lmtp") {
            return None;
        }
        if let Some(service) = self.service()
            && service.line.fields[3].bytes() != b"n"
            && matches!(program, "local" | "virtual" | "pipe")
        {
            return Some(format!("service {} requires privileged operation", service.line.name().to_string_lossy()));
        }
        let is_read = |name: &str| catalogue::is_read_at_start(name, program) || self.reads_for_tls(name, program);
        self.set_value_fault(is_read).or_else(|| self.unknown_word(program)).or_else(|| match program {
            "local" => {
                let sizes = self.size_fault("mailbox_size_limit").or_else(|| self.privileges_fault());
                sizes.or_else(|| self.untyped_table("local_delivery_status_filter"))
            }
            "virtual" => {
                let sizes = self.size_fault("virtual_mailbox_limit").or_else(|| self.base_fault());
                sizes.or_else(|| self.untyped_table("virtual_delivery_status_filter"))
            }
            "pipe" => pipe_start_fault(self).or_else(|| self.untyped_table("pipe_delivery_status_filter")),
            client => self.client_fault(client),
        })
    }

    /// A table without a type, of a list that the program opens when it starts.
    pub(super) fn untyped_table(&self, parameter: &str) -> Option<String> {
        let value = self.text(parameter).ok()?;
        let elements = split_list(&value).into_iter().map(|range| &value[range]);
        let untyped = elements.into_iter().find(|element| !element.contains(&b':'))?;
        let shown = String::from_utf8_lossy(untyped);
        Some(format!("open dictionary: expecting \"type:name\" form instead of \"{shown}\""))
    }

    /// A value that is set and that the program reads.
    fn set_value_fault(&self, is_read: impl Fn(&str) -> bool) -> Option<String> {
        let configuration = &self.site.configuration;
        let service = self.service();
        let main = configuration.files.main.entries.iter().map(|entry| entry.name.bytes());
        let own = service.into_iter().flat_map(|service| &service.overrides).map(|set| set.name.bytes());
        main.chain(own).find_map(|name| {
            let name = std::str::from_utf8(name).ok()?;
            let parameter = catalogue::parameter(name)?;
            if !is_read(name) {
                return None;
            }
            let value = match parameter.value_type {
                ValueType::Raw(_) => configuration.value(name.as_bytes(), service)?.bytes.into_owned(),
                _ => configuration.expanded(name.as_bytes(), service).ok()?,
            };
            let words = value_fault(name, parameter.value_type, &value)?;
            Some(String::from_utf8_lossy(&words).into_owned())
        })
    }

    fn is_set(&self, parameter: &str) -> bool {
        let value = self.site.configuration.value(parameter.as_bytes(), self.service());
        value.is_some_and(|value| value.origin != Origin::Default)
    }

    fn unknown_word(&self, program: &str) -> Option<String> {
        let lists = WORDS.iter().filter(|(reader, parameter, _)| *reader == program && self.is_set(parameter));
        lists.into_iter().find_map(|(_, parameter, shown)| {
            let text = String::from_utf8_lossy(&self.text(parameter).ok()?).into_owned();
            let allowed = catalogue::parameter(parameter)?.allowed;
            let mut words = text.split([',', ' ', '\t', '\r', '\n']).filter(|word| !word.is_empty());
            let unknown = words.find(|word| !allowed.iter().any(|known| known.eq_ignore_ascii_case(word)))?;
            Some(format!("unknown {shown} value \"{unknown}\" in \"{text}\""))
        })
    }

    /// A mailbox has to hold the largest message.
    fn size_fault(&self, mailbox: &str) -> Option<String> {
        let (limit, message) = (self.number(mailbox).ok()?, self.number("message_size_limit").ok()?);
        let wrong = match message {
            _ if limit == 0 => return None,
            0 => "is limited but message_size_limit is unlimited",
            message if limit < message => "is smaller than message_size_limit",
            _ => return None,
        };
        Some(format!("configuration error: {mailbox} {wrong}"))
    }

    fn privileges_fault(&self) -> Option<String> {
        let name = self.text("default_privs").ok()?;
        let is_root = self.account(&name).is_some_and(|account| account.uid == Some(0));
        let shown = String::from_utf8_lossy(&name).into_owned();
        is_root.then(|| format!("parameter default_privs: user {shown} has privileged user ID"))
    }

    /// Virtual mailboxes lie somewhere.
    fn base_fault(&self) -> Option<String> {
        let base = self.text("virtual_mailbox_base").ok()?;
        if base.is_empty() {
            return Some("bad string length 0 < 1: virtual_mailbox_base = ".into());
        }
        let shown = String::from_utf8_lossy(&base);
        (!base.starts_with(b"/")).then(|| format!("do not specify relative pathname: virtual_mailbox_base = {shown}"))
    }
}

#[cfg(test)]
mod tests {
    use crate::base::Source;
    use crate::config::paths::PathMap;
    use crate::config::{ConfigFiles, Configuration, Platform, Site};
    use crate::maps::NoCaller;
    use crate::routing::Router;
    use std::sync::Arc;

    /// Where mail for `joe@x.example` ends that the transport `t` takes; its line in master.cf has `rest` behind the
    /// name.
    fn end(rest: &str, main: &str) -> String {
        let source = |name: &str, text: String| Arc::new(Source::new(name, text));
        let main = format!(
            "compatibility_level = 3.11\nmyhostname = mail.example.com\nmydestination = example.com\nalias_maps =\n\
             transport_maps = inline:{{x.example=t:[127.0.0.1]:9}}\nvirtual_mailbox_maps = static:joe\n\
             virtual_mailbox_base = /mail\n{main}"
        );
        let master = format!("t unix {rest}\n");
        let files = ConfigFiles::from_sources(
            "/nowhere".as_ref(),
            &source("main.cf", main),
            Some(&source("master.cf", master)),
        );
        let site = Site::new(Configuration::new(files, Platform::default()), PathMap::root("/nowhere".as_ref()));
        let route = Router::new(&site, Arc::new(NoCaller)).route(b"", b"joe@x.example");
        let shown: Vec<String> = route.ends.iter().map(ToString::to_string).collect();
        shown.join("\n").replace("joe@x.example: ", "")
    }

    /// The words with which local, virtual, smtp and pipe of Postfix 3.11.7 end, so that mail stays in the queue.
    #[test]
    fn programs_that_do_not_run() {
        let cases = [
            (
                "local",
                "- n n - - local",
                "message_size_limit = 52428800",
                "configuration error: mailbox_size_limit is smaller than message_size_limit",
            ),
            (
                "local",
                "- n n - - local",
                "mailbox_size_limit = 1000",
                "configuration error: mailbox_size_limit is smaller than message_size_limit",
            ),
            (
                "local",
                "- n n - - local",
                "message_size_limit = 0",
                "configuration error: mailbox_size_limit is limited but message_size_limit is unlimited",
            ),
            (
                "local",
                "- n n - - local -o mailbox_size_limit=x",
                "",
                "bad numerical configuration: mailbox_size_limit = x",
            ),
            ("local", "- - n - - local", "", "service t requires privileged operation"),
            ("local", "- n n - - local", "command_time_limit = 0", "invalid command_time_limit: 0 (min 1)"),
            (
                "local",
                "- n n - - local",
                "strict_mailbox_ownership = maybe",
                "bad boolean configuration: strict_mailbox_ownership = maybe",
            ),
            (
                "local",
                "- n n - - local",
                "allow_mail_to_commands = foo",
                "unknown allow_mail_to_commands value \"foo\" in \"foo\"",
            ),
            (
                "virtual",
                "- n n - - virtual",
                "message_size_limit = 52428800",
                "configuration error: virtual_mailbox_limit is smaller than message_size_limit",
            ),
            (
                "virtual",
                "- n n - - virtual",
                "virtual_minimum_uid = 0",
                "invalid virtual_minimum_uid parameter value 0 < 1",
            ),
            (
                "virtual",
                "- n n - - virtual -o virtual_mailbox_base=",
                "",
                "bad string length 0 < 1: virtual_mailbox_base = ",
            ),
            (
                "virtual",
                "- n n - - virtual -o virtual_mailbox_base=mail",
                "",
                "do not specify relative pathname: virtual_mailbox_base = mail",
            ),
            (
                "virtual",
                "- n n - - virtual",
                "virtual_mailbox_lock = foo",
                "unknown mailbox_delivery_lock value \"foo\" in \"foo\"",
            ),
            ("smtp", "- - n - - smtp", "smtp_tls_security_level = encrypted", "Invalid TLS level \"encrypted\""),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_sasl_auth_enable = yes",
                "specify a password table via the `smtp_sasl_password_maps' configuration parameter",
            ),
            ("smtp", "- - n - - smtp", "smtp_helo_name =", "bad string length 0 < 1: smtp_helo_name = "),
            ("smtp", "- - n - - smtp", "smtp_host_lookup = foo", "unknown smtp_host_lookup value \"foo\" in \"foo\""),
            ("smtp", "- - n - - smtp", "smtp_address_preference = foo", "bad smtp_address_preference value: foo"),
            ("smtp", "- - n - - smtp", "smtp_dns_support_level = foo", "invalid smtp_dns_support_level: \"foo\""),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_dns_resolver_options = foo",
                "unknown smtp_dns_resolver_options value \"foo\" in \"foo\"",
            ),
            ("smtp", "- - n - - smtp", "inet_protocols = ipv5", "unknown inet_protocols value \"ipv5\" in \"ipv5\""),
            (
                "local",
                "- n n - - local -o inet_protocols=ipv5",
                "",
                "unknown inet_protocols value \"ipv5\" in \"ipv5\"",
            ),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_address_verify_target = foo",
                "bad protocol stage: \"smtp_address_verify_target = foo\"",
            ),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_tls_dane_insecure_mx_policy = foo",
                "invalid smtp_tls_dane_insecure_mx_policy: \"foo\"",
            ),
            (
                "smtp",
                "- - n - - smtp",
                "tls_preempt_cipherlist = x",
                "bad boolean configuration: tls_preempt_cipherlist = x",
            ),
            ("smtp", "- - n - - smtp", "tls_high_cipherlist =", "bad string length 0 < 1: tls_high_cipherlist = "),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_header_checks = foo",
                "open dictionary: expecting \"type:name\" form instead of \"foo\"",
            ),
            (
                "smtp",
                "- - n - - smtp",
                "smtp_generic_maps = /nowhere",
                "open dictionary: expecting \"type:name\" form instead of \"/nowhere\"",
            ),
            (
                "virtual",
                "- n n - - virtual",
                "virtual_delivery_status_filter = foo",
                "open dictionary: expecting \"type:name\" form instead of \"foo\"",
            ),
            ("pipe", "- n n - - pipe user= argv=/bin/true", "", "get_service_attr: unknown username: "),
            (
                "pipe",
                "- n n - - pipe user=\"nobody\" argv=/bin/true",
                "",
                "get_service_attr: unknown username: \"nobody\"",
            ),
            ("pipe", "- n n - - pipe user=65534 argv=/bin/true", "", "get_service_attr: unknown username: 65534"),
            ("pipe", "- n n - - pipe user=nobody:65534 argv=/bin/true", "", "get_service_attr: unknown group: 65534"),
            ("pipe", "- - n - - pipe user=nobody argv=/bin/true", "", "service t requires privileged operation"),
            ("pipe", "- n n - - pipe argv=/bin/true", "", "missing user= command-line attribute"),
            ("pipe", "- n n - - pipe user=nobody", "", "missing argv= command-line attribute"),
            (
                "pipe",
                "- n n - - pipe user=root argv=/bin/true",
                "",
                "user= command-line attribute specifies root privileges",
            ),
            (
                "pipe",
                "- n n - - pipe user=nobody:root argv=/bin/true",
                "",
                "user= command-line attribute specifies privileged group id 0",
            ),
            (
                "pipe",
                "- n n - - pipe user=postfix argv=/bin/true",
                "",
                "user= command-line attribute specifies mail system owner postfix",
            ),
            ("pipe", "- n n - - pipe flags=z user=nobody argv=/bin/true", "", "unknown flag: z (ignored)"),
            ("pipe", "- n n - - pipe user=nobody foo=bar argv=/bin/true", "", "unknown attribute name: foo=bar"),
            ("pipe", "- n n - - pipe user=nobody size=x argv=/bin/true", "", "get_service_attr: bad size= value: x"),
        ];
        for (program, rest, main, expected) in cases {
            assert_eq!(end(rest, main), format!("deferred: {program} would not run: {expected}"), "{rest} {main}");
        }
    }

    /// What keeps a message back though the program runs, and what does not.
    #[test]
    fn deliveries_that_are_put_off() {
        let ids = "virtual_uid_maps = static:1000\nvirtual_gid_maps = static:1000\n";
        let late = "deferred: mail system configuration error";
        let tls = "deferred: client TLS configuration problem";
        let relayed = "relayed via t to [127.0.0.1]:9";
        let virtual_line = "- n n - - virtual";
        let cases = [
            (virtual_line, ids, "delivered to mailbox /mail/joe"),
            (virtual_line, "", late),
            (virtual_line, "virtual_uid_maps = static:1000", late),
            (virtual_line, "virtual_gid_maps = static:1000", late),
            (virtual_line, "virtual_uid_maps = static:50\nvirtual_gid_maps = static:50", late),
            (virtual_line, "virtual_uid_maps = static:vmail\nvirtual_gid_maps = static:50", late),
            (virtual_line, "virtual_uid_maps = static:1000\nvirtual_gid_maps = static:vmail", late),
            (virtual_line, "virtual_uid_maps = static:1000\nvirtual_gid_maps = static:0", late),
            (virtual_line, "virtual_uid_maps = static:99999999999\nvirtual_gid_maps = static:1000", late),
            (
                virtual_line,
                "virtual_uid_maps = static:100\nvirtual_gid_maps = static:1",
                "delivered to mailbox /mail/joe",
            ),
            (
                "- n n - - virtual -o virtual_mailbox_limit=0",
                &format!("{ids}message_size_limit = 52428800"),
                "delivered to mailbox /mail/joe",
            ),
            ("- - n - - smtp", "smtp_tls_policy_maps = static:encrypted", tls),
            ("- - n - - smtp", "smtp_tls_policy_maps = static:!SSLv3", tls),
            ("- - n - - smtp", "smtp_tls_policy_maps = inline:{{[127.0.0.1]:9=may foo=bar}}", tls),
            ("- - n - - smtp", "smtp_tls_policy_maps = inline:{a b}", tls),
            ("- - n - - smtp", "smtp_tls_per_site = static:foo", tls),
            ("- - n - - smtp", "inet_protocols =", "deferred: all network protocols are disabled"),
            // Only where no other host can be reached.
            ("- - n - - smtp", "smtp_fallback_relay = [a", relayed),
            ("- - n - - smtp", "smtp_bind_address = [127.0.0.1]", relayed),
            (
                "- - n - - smtp",
                "smtp_bind_address = 127.0.0.1/8",
                "deferred: bad smtp_bind_address parameter: 127.0.0.1/8: Name or service not known",
            ),
            (
                "- - n - - smtp",
                "smtp_bind_address = 127.0.0.1, 127.0.0.2",
                "deferred: bad smtp_bind_address parameter: 127.0.0.1, 127.0.0.2: Name or service not known",
            ),
            ("- - n - - smtp", "smtp_tls_security_level = none\ntls_preempt_cipherlist = x", relayed),
            ("- - n - - smtp", "smtp_sasl_password_maps = foo", relayed),
            ("- n n - - pipe USER=nobody Flags=R ARGV=/bin/true", "", relayed),
            ("- n n - - pipe user=nobody: argv=/bin/true", "", relayed),
            ("- n n - - pipe user=nobody argv=\"/bin/true\"", "", "deferred: temporary failure"),
            ("- n n - - pipe user=nobody argv=|/bin/true", "", "deferred: temporary failure"),
            ("- n n - - pipe user=nobody argv= /bin/true", "", "deferred: temporary failure"),
            ("- - n - - smtp", "smtp_tls_policy_maps = static:encrypt", relayed),
            ("- n n - - pipe user=nobody argv=/bin/true ${nosuch}", "", late),
            ("- n n - - pipe user=nobody argv=/bin/true ${RECIPIENT}", "", late),
            ("- n n - - pipe flags=DRhqu. user=nobody argv=/bin/true ${recipient}", "", relayed),
            ("- n n - - nosuch", "message_size_limit = 52428800", relayed),
        ];
        for (rest, main, expected) in cases {
            assert_eq!(end(rest, main), expected, "{rest} {main}");
        }
    }
}
