//! main.cf of the new site, with a comment at each value that says where it came from.

use super::access::{
    ACCESS_NETWORKS, CLIENT_NETWORKS, CLIENTS, FRIENDS, RECIPIENTS, RELAY_RECIPIENTS, SENDER_DOMAINS, SENDERS,
};
use super::aliases::{ALIASES, RELOCATED};
use super::draft::Draft;
use super::lists::{LOCAL_DOMAINS, RELAY_CLIENT_NAMES, RELAY_CLIENTS, RELAY_DOMAINS, VIRTUAL_DOMAINS, origins};
use super::networks::Networks;
use super::old_site::{OldSite, parents};
use super::report::Origin;
use super::rewriting::{CANONICAL, SENDER_CANONICAL, SENDER_PATTERNS};
use super::settings::{Class, Flag, Restriction, Role, Stage};
use super::virtual_users::{REFUSED, REFUSED_PATTERNS, TRANSPORT, VIRTUAL, VIRTUAL_PATTERNS};
use crate::config::catalogue::Version;
use std::fmt::Write;

/// Columns after which a value goes on in the next line.
const WIDTH: usize = 100;

/// A restriction for each of some tables.
fn checks(check: &'static str, tables: Vec<String>) -> impl Iterator<Item = String> {
    tables.into_iter().map(move |table| format!("{check} {table}"))
}

/// Makes the text of main.cf.
pub struct MainCf<'s> {
    site: &'s OldSite,
    draft: &'s Draft,
    map_type: &'s str,
    text: String,
}

impl<'s> MainCf<'s> {
    /// The text for a site whose indexed tables are of a type.
    #[must_use]
    pub fn print(site: &'s OldSite, draft: &'s Draft, map_type: &'s str, target: Version) -> String {
        let mut main = Self { site, draft, map_type, text: String::new() };
        main.text.push_str(
            "# Made from Sendmail's configuration by `postwright migrate sendmail`.\n\
             # The comment at each value says where it came from.\n",
        );
        main.put("compatibility_level", &target.to_string(), "the Postfix that this is written for");
        main.names();
        main.aliases();
        main.maps();
        main.restrictions();
        main.habits();
        main.settings();
        main.text
    }

    /// A setting and what is to be said of it.
    fn put(&mut self, name: &str, value: &str, remark: &str) {
        let _ = write!(self.text, "\n# {remark}\n{name} =");
        let mut column = name.len() + 2;
        for (number, element) in value.split(", ").enumerate() {
            if number > 0 {
                self.text.push(',');
            }
            if number > 0 && column + element.len() > WIDTH {
                self.text.push_str("\n   ");
                column = 4;
            }
            if !element.is_empty() {
                let _ = write!(self.text, " {element}");
            }
            column += element.len() + 2;
        }
        self.text.push('\n');
    }

    /// Keeps `check` from telling what is meant to be so, of the setting that was put last.
    fn ignore(&mut self, code: &str, name: &str, reason: &str) {
        if let Some(at) = self.text.rfind(&format!("\n{name} =")) {
            self.text.insert_str(at + 1, &format!("# postwright: ignore {code} {reason}\n"));
        }
    }

    fn from(&self, classes: &[Class]) -> String {
        let found: Vec<String> =
            classes.iter().flat_map(|class| origins(self.site, *class)).map(|origin| origin.to_string()).collect();
        if found.is_empty() { "Sendmail's default".to_string() } else { found.join(", ") }
    }

    fn file_of(&self, role: Role) -> String {
        let mut files: Vec<&str> = self.site.rows(role).iter().map(|row| row.origin.file.as_str()).collect();
        files.dedup();
        files.join(", ")
    }

    fn table(&self, name: &str) -> String {
        format!("{}:$config_directory/{name}", self.map_type)
    }

    /// Those of some tables that have entries, as a list of maps.
    fn tables(&self, names: &[&str]) -> Vec<String> {
        let draft = self.draft;
        names
            .iter()
            .filter_map(|name| match name.ends_with(".pcre") {
                true => draft.has_patterns(name).then(|| format!("pcre:$config_directory/{name}")),
                false => draft.has_table(name).then(|| self.table(name)),
            })
            .collect()
    }

    fn names(&mut self) {
        let settings = &self.site.settings;
        if let Some(host) = &self.site.host {
            let remark = settings.host_name.as_ref().filter(|said| said.what.eq_ignore_ascii_case(host));
            let remark = remark.map_or("as --hostname says".to_string(), |said| said.origin.to_string());
            self.put("myhostname", host, &remark);
        }
        self.put("myorigin", "$myhostname", "names without a domain are those of local users, as Sendmail has it");
        if let Some(hub) = &settings.null_client {
            let remark = format!("{}: all mail goes to the hub", hub.origin);
            self.put("mydestination", "", &remark);
            self.put("local_transport", "error:5.1.1 mail is delivered by the hub", &remark);
            self.put("inet_interfaces", "loopback-only", &remark);
        } else {
            let list = if self.draft.lists.contains_key(LOCAL_DOMAINS) {
                format!("$myhostname, localhost, $config_directory/{LOCAL_DOMAINS}")
            } else {
                "$myhostname, localhost".to_string()
            };
            let remark = format!("class w: {}", self.from(&[Class::Local]));
            self.put("mydestination", &list, &remark);
        }
        self.relay_domains();
        self.networks();
        for (name, remark) in [
            ("relayhost", "where mail for others goes"),
            ("mailbox_transport", "mail for local users, behind aliases"),
            ("fallback_transport", "mail for local users that are not there"),
            ("luser_relay", "mail for local users that are not there"),
            ("local_recipient_maps", "empty: whom the relay above takes, nobody here knows"),
        ] {
            if let Some(setting) = self.draft.values.get(name) {
                let remarks = setting.remarks.all();
                let origin = if remarks.is_empty() { self.file_of(Role::Mailer) } else { remarks.join(", ") };
                let value = setting.elements.all().join(", ");
                self.put(name, &value, &format!("{origin}: {remark}"));
                if name == "local_recipient_maps" && self.draft.values.contains_key("fallback_transport") {
                    self.ignore("SEC005", name, "mail for any name goes on");
                }
            }
        }
    }

    fn relay_domains(&mut self) {
        let Some(listed) = self.draft.lists.get(RELAY_DOMAINS) else { return };
        let no = self.draft.values.get("not_relay_domains").map_or(&[][..], |setting| setting.elements.all());
        // Mail to a domain of class R is relayed whatever access says of a part of it.
        let fixed =
            |parent: &str| [Class::Relay, Class::VirtHost].iter().any(|class| self.site.has_member(*class, parent));
        let lies_below = |name: &&String| {
            !listed.has(name) && parents(name).any(|parent| listed.has(parent)) && !parents(name).any(fixed)
        };
        let mut elements: Vec<String> = no.iter().filter(lies_below).map(|name| format!("!{name}")).collect();
        elements.push(format!("$config_directory/{RELAY_DOMAINS}"));
        let classes = self.from(&[Class::Relay, Class::VirtHost]);
        let remark = format!("class R and VirtHost: {classes}, and To: entries of access; subdomains belong to it");
        self.put("relay_domains", &elements.join(", "), &remark);
    }

    fn networks(&mut self) {
        let of = |name: &str| self.draft.values.get(name).cloned().unwrap_or_default();
        // A network of class R may relay whatever access says of a part of it.
        let (class, access, no) = (of("mynetworks"), of(ACCESS_NETWORKS), of("not_mynetworks"));
        let whole = Networks::of(access.elements.all());
        let mut elements = vec!["127.0.0.0/8".to_string(), "[::1]/128".to_string()];
        elements.extend_from_slice(class.elements.all());
        let parts = no.elements.all().iter().filter(|network| whole.hold(network));
        elements.extend(parts.map(|network| format!("!{network}")));
        elements.extend_from_slice(access.elements.all());
        let remarks = [class.remarks.all(), access.remarks.all()].concat();
        let remark = match remarks.is_empty() {
            true => "Sendmail's default: only this host may relay".to_string(),
            false => format!("this host, and {}", remarks.join(", ")),
        };
        self.put("mynetworks", &elements.join(", "), &remark);
    }

    fn aliases(&mut self) {
        self.put("recipient_delimiter", "+", "Sendmail's rules have it built in");
        self.put("propagate_unmatched_extensions", "", "Sendmail adds a detail only where %2 or %3 says so");
        if self.site.settings.null_client.is_some() {
            self.put("alias_maps", "", "no mail is delivered here");
            self.put("alias_database", "", "no mail is delivered here");
            return;
        }
        let (value, remark) = match self.draft.has_table(ALIASES) {
            true => (self.table(ALIASES), self.file_of(Role::Aliases)),
            false => (String::new(), "there are no aliases".to_string()),
        };
        self.put("alias_maps", &value, &remark);
        self.put("alias_database", &value, &format!("{remark}, for newaliases"));
        let rows = self.site.rows(Role::Aliases);
        if rows.iter().any(|row| row.key.to_lowercase().starts_with("owner-")) {
            self.put("expand_owner_alias", "yes", "Sendmail takes what an owner- alias says for the sender");
        }
        if rows.iter().any(|row| row.value.to_lowercase().contains(":include:")) {
            let remark = "Sendmail takes commands and files from :include: lists, too";
            self.put("allow_mail_to_commands", "alias, forward, include", remark);
            self.put("allow_mail_to_files", "alias, forward, include", remark);
        }
    }

    fn maps(&mut self) {
        let virtual_file = self.file_of(Role::Virtuser);
        for (name, tables, remark) in [
            ("virtual_alias_maps", &[VIRTUAL, VIRTUAL_PATTERNS][..], virtual_file),
            ("transport_maps", &[TRANSPORT][..], self.file_of(Role::Mailer)),
            ("relocated_maps", &[RELOCATED][..], self.file_of(Role::Aliases)),
            ("canonical_maps", &[CANONICAL][..], self.file_of(Role::Domain)),
        ] {
            let tables = self.tables(tables);
            if !tables.is_empty() {
                let remark = if remark.is_empty() { self.file_of(Role::Virtuser) } else { remark };
                self.put(name, &tables.join(", "), &remark);
            }
        }
        if self.draft.lists.contains_key(VIRTUAL_DOMAINS) {
            let remark = "domains of virtusertable that no local user has mail in";
            self.put("virtual_alias_domains", &format!("$config_directory/{VIRTUAL_DOMAINS}"), remark);
        } else if self.draft.has_table(VIRTUAL) || self.draft.has_patterns(VIRTUAL_PATTERNS) {
            self.put("virtual_alias_domains", "", "domains of virtusertable are in mydestination or relay_domains");
        }
        let tables = self.tables(&[SENDER_CANONICAL, SENDER_PATTERNS]);
        if tables.is_empty() {
            return;
        }
        let settings = &self.site.settings;
        let masquerade = settings.masquerade_as.as_ref().map(|said| said.origin.to_string());
        let files = [self.file_of(Role::Generics), masquerade.unwrap_or_default()];
        let files: Vec<String> = files.into_iter().filter(|file| !file.is_empty()).collect();
        let remark = if files.is_empty() { self.file_of(Role::Domain) } else { files.join(", ") };
        let tables = tables.join(", ");
        self.put("sender_canonical_maps", &tables, &remark);
        let envelope = settings.flags.get(&Flag::MasqueradeEnvelope);
        let (classes, remark) = match envelope {
            Some(origin) => ("envelope_sender, header_sender", origin.to_string()),
            None => ("header_sender", "envelopes stay as they are without FEATURE(masquerade_envelope)".to_string()),
        };
        self.put("sender_canonical_classes", classes, &remark);
        if let Some(origin) = settings.flags.get(&Flag::AllMasquerade) {
            let remark = origin.to_string();
            self.put("recipient_canonical_maps", &tables, &remark);
            self.put("recipient_canonical_classes", "header_recipient", &remark);
        }
        self.put(
            "local_header_rewrite_clients",
            "permit_mynetworks",
            "Sendmail rewrites headers of all that it relays",
        );
    }

    /// The restrictions that settings add to a list.
    fn added(&self, stage: Stage) -> impl Iterator<Item = &'s Restriction> + use<'s> {
        self.site.settings.restrictions.iter().filter(move |restriction| restriction.stage == stage)
    }

    fn restrictions(&mut self) {
        let friends: Vec<String> = checks("check_recipient_access", self.tables(&[FRIENDS])).collect();
        let settings = &self.site.settings;
        let has_access = !self.site.rows(Role::Access).is_empty();
        let access = if has_access { self.file_of(Role::Access) } else { String::new() };

        let mut client: Vec<String> = checks("check_client_access", self.tables(&[CLIENTS])).collect();
        if self.draft.has_patterns(CLIENT_NETWORKS) {
            client.push(format!("check_client_access cidr:$config_directory/{CLIENT_NETWORKS}"));
        }
        self.list("smtpd_client_restrictions", Stage::Client, &friends, client, &access);
        self.list("smtpd_helo_restrictions", Stage::Helo, &friends, Vec::new(), "");

        let mut sender: Vec<String> = checks("check_sender_access", self.tables(&[SENDERS, SENDER_DOMAINS])).collect();
        if !settings.has(Flag::AcceptUnresolvableDomains) {
            sender.push("reject_unknown_sender_domain".into());
        }
        if !settings.has(Flag::AcceptUnqualifiedSenders) {
            sender.extend(["permit_mynetworks".into(), "reject_non_fqdn_sender".into()]);
        }
        let remark = if access.is_empty() {
            "Sendmail's checks".to_string()
        } else {
            format!("{access}, and Sendmail's checks")
        };
        self.list("smtpd_sender_restrictions", Stage::Sender, &friends, sender, &remark);

        let mut relay = vec!["permit_mynetworks".to_string()];
        relay.extend(checks("check_client_access", self.tables(&[RELAY_CLIENTS, RELAY_CLIENT_NAMES])));
        relay.extend(checks("check_recipient_access", self.tables(&[RELAY_RECIPIENTS])));
        relay.extend(self.added(Stage::Relay).map(|restriction| restriction.words.clone()));
        relay.push("reject_unauth_destination".into());
        let remark = format!("who may relay: {}", self.from(&[Class::Local, Class::Relay]));
        let remark = if access.is_empty() { remark } else { format!("{remark}, {access}") };
        self.put("smtpd_relay_restrictions", &relay.join(", "), &remark);

        let recipient =
            checks("check_recipient_access", self.tables(&[RECIPIENTS, REFUSED, REFUSED_PATTERNS])).collect();
        let virtuser = self.file_of(Role::Virtuser);
        let remark = if virtuser.is_empty() { access } else { format!("{access}, errors of {virtuser}") };
        self.list("smtpd_recipient_restrictions", Stage::Recipient, &[], recipient, remark.trim_start_matches(", "));
    }

    /// A restriction list: tables first, then what settings add.
    fn list(&mut self, name: &str, stage: Stage, first: &[String], own: Vec<String>, remark: &str) {
        let added: Vec<_> = self.added(stage).collect();
        if own.is_empty() && added.is_empty() {
            return;
        }
        let mut remarks: Vec<String> =
            Some(remark.to_string()).filter(|remark| !remark.is_empty()).into_iter().collect();
        remarks.extend(added.iter().map(|restriction| restriction.origin.to_string()));
        let words = added.iter().map(|restriction| restriction.words.clone());
        let all: Vec<String> = first.iter().cloned().chain(own).chain(words).collect();
        self.put(name, &all.join(", "), &remarks.join(", "));
    }

    /// What Sendmail does by default and Postfix does not.
    fn habits(&mut self) {
        let is_set = |name: &str| self.site.settings.main.iter().any(|setting| setting.name == name);
        let own = [
            ("message_size_limit", "0", "Sendmail's default: no limit"),
            ("mailbox_size_limit", "0", "Sendmail has no such limit"),
            ("smtp_tls_security_level", "may", "Sendmail encrypts where the other side can"),
            ("delay_warning_time", "4h", "Sendmail's default"),
            ("biff", "no", "Sendmail tells nobody of new mail"),
        ];
        for (name, value, remark) in own.into_iter().filter(|(name, ..)| !is_set(name)) {
            self.put(name, value, remark);
        }
    }

    fn settings(&mut self) {
        let null = Origin::new("", 0);
        for setting in &self.site.settings.main {
            let mut remark = if setting.origin == null { String::new() } else { setting.origin.to_string() };
            if !setting.remark.is_empty() {
                let _ = write!(remark, ": {}", setting.remark);
            }
            self.put(&setting.name, &setting.value, &remark);
            if setting.name.starts_with("postscreen_") {
                self.ignore("MC020", &setting.name, "it waits for a postscreen service in master.cf");
            }
        }
    }
}
