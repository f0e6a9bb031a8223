//! The blocks beyond this machine: other classes of domains, rewriting, transports, restrictions and services.

use super::blocks::{Made, SERVICES};

impl Made {
    pub(super) fn local(&mut self) {
        let usual: &[&str] = match self.random.below(4) {
            0 => &["$myhostname", "localhost.$mydomain", "localhost"],
            1 => &["example.com"],
            _ => &["$myhostname", "example.com", "localhost"],
        };
        let list = self.domain_list("destinations", usual);
        if self.chance(85) {
            self.set("mydestination", &list);
        }
        let aliases = [
            "info: joe",
            "sales: joe, tim",
            "ann: joe@far.example",
            "ann: ann@alias.example",
            "postmaster: joe # the boss",
            "sales: \"joe x\"@far.example",
            "info: \"joe@far.example\"",
            "info: \"|/bin/cat >/dev/null\"",
            "sales: /var/tmp/sales",
            "info: :include:/etc/postfix/list",
            "nobody: /dev/null",
            "sales: joe,\n  # none\n  tim",
            "info: \\joe",
            "\"sales\": tim",
            "ann: error:5.1.6 gone",
            "info: joe+y",
            "owner-sales: joe\nsales: tim",
            "joe: \\joe, tim",
        ];
        if self.chance(70) {
            let mut text = String::from("# local aliases\n");
            for _ in 0..1 + self.random.below(5) {
                let line = self.random.pick(&aliases);
                let key = line.split(':').next().unwrap();
                if !text.contains(&format!("\n{key}:")) {
                    text += &format!("{line}\n");
                }
            }
            if text.contains("/etc/postfix/list") {
                let list = self.random.pick(&["joe\n# none\ntim, ann@far.example\n", "joe@far.example\n", "\"tim\"\n"]);
                self.files.push(("list".into(), list.into()));
            }
            self.files.push(("aliases".into(), text));
            self.set("alias_maps", "lmdb:/etc/postfix/aliases");
        } else {
            let kind = self.random.pick(&["inline", "texthash", "unionmap"]);
            let table = if self.chance(50) {
                self.table_of(kind, "names", &[("info", "joe"), ("sales", "tim, joe"), ("ann", "x@far.example")])
            } else {
                String::new()
            };
            self.set("alias_maps", &table);
        }
        match self.random.below(10) {
            0 => self.set("local_recipient_maps", ""),
            1 => {
                let table = self.table("people", &[("joe", "x"), ("tim@example.com", "x"), ("@localhost", "x")]);
                self.set("local_recipient_maps", &table);
            }
            2..=5 => self.set("local_recipient_maps", "unix:passwd.byname $alias_maps"),
            _ => {}
        }
        for (name, percent, values) in [
            ("luser_relay", 10, &["joe", "$local@far.example", "tim+$user"][..]),
            ("mailbox_command", 5, &["/bin/cat >/dev/null"]),
            ("mailbox_transport", 5, &["discard:", "smtp:[far.example]", "error:no boxes", "virtual"]),
            ("fallback_transport", 7, &["discard:", "smtp:[far.example]", "error:5.1.1 who"]),
            ("mail_spool_directory", 5, &["/var/mail/"]),
            ("expand_owner_alias", 5, &["yes"]),
            ("allow_mail_to_commands", 5, &["alias,forward,include", ""]),
            ("allow_mail_to_files", 5, &["alias", ""]),
        ] {
            if self.chance(percent) {
                let value = self.random.pick(values);
                self.set(name, value);
            }
        }
    }

    pub(super) fn domains(&mut self) {
        if self.chance(60) {
            let list = self.domain_list("relayed", &["relay.example"]);
            self.set("relay_domains", &list);
            if self.chance(40) {
                let pairs = self.some(
                    &[
                        ("joe@relay.example", "OK"),
                        ("@relay.example", "x"),
                        ("tim@sub.relay.example", "x"),
                        ("Joe@relay.example", "x"),
                    ],
                    3,
                );
                let table = self.table("relay_recipients", &pairs);
                self.set("relay_recipient_maps", &table);
            }
        }
        if self.chance(60) {
            let list = self.domain_list("boxed", &["box.example"]);
            self.set("virtual_mailbox_domains", &list);
            let pairs = self.some(
                &[
                    ("joe@box.example", "joe"),
                    ("tim@box.example", "tim/"),
                    ("@box.example", "all"),
                    ("joe+x@box.example", "plus"),
                    ("Ann@box.example", "ann"),
                ],
                4,
            );
            let table = self.table("boxes", &pairs);
            self.set("virtual_mailbox_maps", &table);
            self.set("virtual_mailbox_base", "/var/tmp");
            let id = self.random.pick(&["static:1001", "static:1001", "inline:{joe@box.example=1001}"]);
            self.set("virtual_uid_maps", id);
            self.set("virtual_gid_maps", "static:1001");
        }
        if self.chance(60) {
            let pairs = self.some(
                &[
                    ("joe@alias.example", "joe"),
                    ("@alias.example", "tim"),
                    ("info@example.com", "joe@far.example"),
                    ("sales", "tim, joe@relay.example"),
                    ("ann", "ann"),
                    ("@sub.example.com", "@example.com"),
                    ("joe", "joe+x"),
                    ("tim@far.example", "\"tim x\"@far.example"),
                    ("postmaster@alias.example", "joe@box.example"),
                    ("joe+x", "tim"),
                    ("ann@alias.example", "ann@alias.example, joe"),
                    ("alias.example", "anything"),
                    ("Sales@Alias.Example", "tim"),
                    ("tim@alias.example", "tim@[192.0.2.2]"),
                    ("nobody@alias.example", "joe@alias.example"),
                ],
                7,
            );
            let table = self.table("virtual", &pairs);
            self.set("virtual_alias_maps", &table);
            if self.chance(70) {
                let list = self.domain_list("aliased", &["alias.example"]);
                self.set("virtual_alias_domains", &list);
            }
        }
    }

    pub(super) fn rewriting(&mut self) {
        if self.chance(25) {
            let name = self.random.pick(&["canonical_maps", "recipient_canonical_maps", "sender_canonical_maps"]);
            let pairs = self.some(
                &[
                    ("joe", "tim"),
                    ("tim@example.com", "sales"),
                    ("@sub.example.com", "@example.com"),
                    ("nobody", "some.body@far.example"),
                    ("joe@example.com", "Joe.X"),
                    ("@far.example", "joe@relay.example"),
                ],
                3,
            );
            let table = self.table("canonical", &pairs);
            self.set(name, &table);
            if self.chance(20) {
                let classes =
                    self.random.pick(&["envelope_recipient", "envelope_sender, header_sender", "header_recipient"]);
                let name = if name == "canonical_maps" { "canonical_classes" } else { "sender_canonical_classes" };
                if name == "canonical_classes" {
                    self.set(name, classes);
                }
            }
        }
        if self.chance(15) {
            let value = self.random.pick(&[
                "example.com",
                "$mydomain",
                "!sub.example.com example.com",
                "Example.COM",
                "relay.example, example.com",
            ]);
            self.set("masquerade_domains", value);
            if self.chance(50) {
                self.set("masquerade_classes", "envelope_sender, envelope_recipient, header_sender");
            }
            if self.chance(40) {
                let value = self.random.pick(&["joe", "JOE", "inline:{joe=x}", "joe@example.com"]);
                self.set("masquerade_exceptions", value);
            }
        }
        if self.chance(10) {
            let name = self.random.pick(&["recipient_bcc_maps", "sender_bcc_maps"]);
            let table = self.table(
                "copies",
                &[
                    ("joe@example.com", "tim@far.example"),
                    ("@relay.example", "ann@relay.example"),
                    ("a@client.example", "joe"),
                ],
            );
            self.set(name, &table);
        }
        if self.chance(8) {
            self.set("always_bcc", "copies@far.example");
        }
        if self.chance(12) {
            let table = self.table(
                "relocated",
                &[("tim@example.com", "tim@far.example"), ("nobody", "the moon"), ("@sub.example.com", "example.com")],
            );
            self.set("relocated_maps", &table);
        }
    }

    pub(super) fn transports(&mut self) {
        if self.chance(50) {
            let pairs = self.some(
                &[
                    ("relay.example", "smtp:[in.relay.example]"),
                    (".example.com", "relay:[sub.example]:2525"),
                    ("far.example", ":far2.example"),
                    ("joe@far.example", "discard:"),
                    ("tim@example.com", "error:5.1.1 no tim here"),
                    ("box.example", "virtual"),
                    ("sub.example.com", "local:"),
                    ("*", "smtp:smart.example"),
                    ("joe", "relay:x"),
                    ("far.example", "error: closed"),
                    ("alias.example", "smtp:"),
                    ("sub.relay.example", "smtp:[10.0.0.1]"),
                    ("info@relay.example", "retry:4.2.0 later"),
                    ("example.com", "relay:[inner.example]"),
                    (".example", "discard:"),
                    ("@far.example", "smtp:[never.example]"),
                ],
                5,
            );
            let table = self.table("transport", &pairs);
            self.set("transport_maps", &table);
        }
        if self.chance(35) {
            let value = self.random.pick(&[
                "[smart.example]",
                "smart.example",
                "[smart.example]:587",
                "smart.example:smtp",
                "smtp:[smart.example]",
                "[192.0.2.25]",
                "$mydomain",
                "[smart.example]:",
                "other.example, smart.example",
            ]);
            self.set("relayhost", value);
        }
        if self.chance(15) {
            let table = self.table(
                "sender_relays",
                &[
                    ("joe@example.com", "[joes.example]"),
                    ("@client.example", "clients.example:26"),
                    ("@far.example", "DUNNO"),
                ],
            );
            self.set("sender_dependent_relayhost_maps", &table);
        }
        if self.chance(8) {
            let table = self.table(
                "sender_transports",
                &[("a@client.example", "relay:[by.example]"), ("@example.com", "discard:")],
            );
            self.set("sender_dependent_default_transport_maps", &table);
        }
        for (name, percent, values) in [
            ("default_transport", 8, &["smtp", "relay:[default.example]", "error:no way out", "smtp:[d.example]"][..]),
            ("relay_transport", 8, &["relay", "smtp:[r.example]", "discard"]),
            ("local_transport", 5, &["local:$myhostname", "local", "error:5.1.1 nobody lives here"]),
            ("virtual_transport", 5, &["virtual", "smtp:[v.example]", "discard:"]),
        ] {
            if self.chance(percent) {
                let value = self.random.pick(values);
                self.set(name, value);
            }
        }
    }

    fn restriction(&mut self, stage: &str) -> String {
        let plain = [
            "permit_mynetworks",
            "reject_unauth_destination",
            "permit_auth_destination",
            "reject_non_fqdn_sender",
            "reject_non_fqdn_recipient",
            "reject_unlisted_recipient",
            "reject_unlisted_sender",
            "reject_unauth_pipelining",
            "reject_invalid_helo_hostname",
            "reject_non_fqdn_helo_hostname",
            "permit_sasl_authenticated",
            "permit",
            "reject",
            "defer",
            "warn_if_reject reject_non_fqdn_helo_hostname",
            "defer_unauth_destination",
            "permit_mynetworks",
            "reject_multi_recipient_bounce",
            "reject_plaintext_session",
            "defer_if_permit",
            "defer_if_reject",
            "REJECT_UNAUTH_DESTINATION",
        ];
        if self.chance(55) {
            return match self.random.pick(&plain) {
                "permit" | "reject" | "defer" | "defer_if_permit" if self.chance(70) => "permit_mynetworks".into(),
                other => other.into(),
            };
        }
        let name = format!("access_{stage}_{}", self.random.below(100));
        let results = [
            "OK",
            "REJECT",
            "REJECT no thanks",
            "DUNNO",
            "550 5.7.1 go away",
            "450 later",
            "permit",
            "reject",
            "WARN looked at",
            "DEFER_IF_PERMIT not yet",
            "DEFER_IF_REJECT 4.3.2 hm",
            "1",
            "reject_unauth_destination",
            "permit_mynetworks, reject",
            "DEFER busy",
            "421 bye",
            "INFO seen",
            "554",
            "PREPEND X-A: b",
        ];
        let result = |made: &mut Self| made.random.pick(&results);
        let (a, b, c) = (result(self), result(self), result(self));
        match self.random.below(4) {
            0 => {
                let keys = self.some(
                    &[
                        ("192.0.2.1", a),
                        ("10", b),
                        ("client.example", c),
                        ("example", a),
                        (".example", b),
                        ("unknown", c),
                        ("2001:db8", a),
                        ("10.1.2.3", b),
                        ("192.0.2", c),
                    ],
                    3,
                );
                if self.chance(25) {
                    let text = self.random.pick(&[
                        "10.0.0.0/8 reject inner\n",
                        "192.0.2.0/24 ok\n2001:db8::/32 REJECT six\n",
                        "if 0.0.0.0/0\n192.0.2.1 450 wait\nendif\n",
                        "!10.0.0.0/8 DUNNO\n10.1.2.3/8 reject\n",
                    ]);
                    let text = text.to_string();
                    self.add_file(&name, &text);
                    return format!("check_client_access cidr:/etc/postfix/{name}");
                }
                format!("check_client_access {}", self.table(&name, &keys))
            }
            1 => {
                let keys = self.some(&[("client.example", a), ("h", b), ("mail.example.com", c), ("example", a)], 3);
                format!("check_helo_access {}", self.table(&name, &keys))
            }
            2 => {
                let keys = self.some(
                    &[
                        ("a@client.example", a),
                        ("client.example", b),
                        ("joe@", c),
                        ("<>", a),
                        ("example.com", b),
                        ("a@", c),
                        ("example", a),
                    ],
                    3,
                );
                format!("check_sender_access {}", self.table(&name, &keys))
            }
            _ => {
                let keys = self.some(
                    &[
                        ("joe@example.com", a),
                        ("example.com", b),
                        ("joe@", c),
                        ("tim@relay.example", a),
                        ("far.example", b),
                        (".example.com", c),
                        ("postmaster@", a),
                    ],
                    3,
                );
                format!("check_recipient_access {}", self.table(&name, &keys))
            }
        }
    }

    fn restriction_list(&mut self, stage: &str, last: &str) -> String {
        let mut items: Vec<String> = (0..1 + self.random.below(3)).map(|_| self.restriction(stage)).collect();
        if !last.is_empty() {
            items.extend(last.split(' ').map(str::to_string));
        }
        self.joined(&items)
    }

    pub(super) fn restrictions(&mut self) {
        for (stage, percent) in [("client", 20), ("helo", 15), ("sender", 20), ("recipient", 40)] {
            if self.chance(percent) {
                let list = self.restriction_list(stage, "");
                self.set(&format!("smtpd_{stage}_restrictions"), &list);
            }
        }
        if self.chance(35) {
            let last = self.random.pick(&[
                "permit_mynetworks reject_unauth_destination",
                "permit_mynetworks defer_unauth_destination",
                "reject_unauth_destination",
                "reject_unauth_destination",
            ]);
            let list = self.restriction_list("relay", last);
            self.set("smtpd_relay_restrictions", &list);
        }
        if self.chance(10) {
            let name = self.random.pick(&[
                "relay_domains_reject_code",
                "unknown_local_recipient_reject_code",
                "access_map_reject_code",
                "reject_code",
            ]);
            let code = self.random.pick(&["450", "550", "554", "521"]);
            self.set(name, code);
        }
    }

    pub(super) fn services(&mut self) {
        let overrides = [
            "  -o syslog_name=postfix/in\n",
            "  -o { smtpd_recipient_restrictions = permit_mynetworks, reject_unauth_destination }\n",
            "  -o smtpd_relay_restrictions=permit_mynetworks,reject_unauth_destination\n",
            "# a comment\n  -o smtpd_delay_reject=yes\n",
            "  -o relay_domains=\n",
            "  -o mynetworks=127.0.0.0/8\n",
            "  -o smtpd_client_restrictions=\n\n",
            "  -o local_recipient_maps=\n",
            "  -o {smtpd_sender_restrictions=permit}\n",
            "  -o smtpd_reject_unlisted_recipient=no\n",
            "  -o smtpd_helo_required=no -o receive_override_options=no_address_mappings\n",
            "  -o myhostname=other.example.com\n",
            "  -o smtpd_restriction_classes=\n",
            "  -o mydestination=$myhostname\n",
        ];
        let mut text = String::from("# services\nSERVER - n - - smtpd\n");
        if self.chance(40) {
            for _ in 0..1 + self.random.below(2) {
                text += self.random.pick(&overrides);
            }
        }
        self.add_services(&(text + SERVICES));
    }
}
