//! How Sendmail writes a sender in headers: genericstable, then masquerading.
//!
//! For an address in a domain of class `G` the table is asked for it with its detail, for `+*`, without, for the domain
//! as a whole, and last for the user alone. What it says is not masqueraded. Source: cf/README, and the rules that m4
//! makes of it.

use super::old_site::{OldSite, parents};
use super::read::Row;
use super::resolve::with_arguments;
use super::settings::{Class, Flag, Role};
use std::collections::HashMap;

/// The table, and the site that it is of.
pub struct Outgoing<'s> {
    site: &'s OldSite,
    generics: HashMap<&'s str, &'s Row>,
}

impl<'s> Outgoing<'s> {
    /// Takes those of a site.
    #[must_use]
    pub fn new(site: &'s OldSite) -> Self {
        Self { site, generics: site.rows(Role::Generics).iter().map(|row| (row.key.as_str(), row)).collect() }
    }

    /// How an address is written.
    #[must_use]
    pub fn sender(&self, address: &str) -> String {
        let Some((local, domain)) = address.rsplit_once('@') else { return address.to_string() };
        let domain = domain.to_lowercase();
        match self.generic(local, &domain) {
            Some(new) if new.contains('@') => new,
            Some(user) => match self.own() {
                Some(own) => format!("{user}@{own}"),
                None => user,
            },
            None => self.masqueraded(local, &domain),
        }
    }

    fn own(&self) -> Option<&str> {
        let settings = &self.site.settings;
        settings.masquerade_as.as_ref().map(|said| said.what.as_str()).or(self.site.host.as_deref())
    }

    fn generic(&self, local: &str, domain: &str) -> Option<String> {
        let is_named = |name: &str| self.site.has_member(Class::Generics, name);
        let is_asked = !self.site.has_configuration
            || is_named(domain)
            || self.site.host.as_deref() == Some(domain)
            || self.site.settings.has(Flag::GenericsEntireDomain) && parents(domain).any(is_named);
        if !is_asked {
            return None;
        }
        let plus = local.split_once('+');
        let mut tries = vec![(format!("{local}@{domain}"), "")];
        if let Some((user, detail)) = plus {
            tries.push((format!("{user}+*@{domain}"), detail));
            tries.push((format!("{user}@{domain}"), ""));
        }
        tries.push((format!("@{domain}"), local));
        tries.push((local.to_string(), ""));
        if let Some((user, detail)) = plus {
            tries.push((format!("{user}+*"), detail));
            tries.push((user.to_string(), ""));
        }
        tries.into_iter().find_map(|(key, argument)| {
            let row = *self.generics.get(key.to_lowercase().as_str())?;
            Some(with_arguments(&row.value, &[key.as_str(), argument]))
        })
    }

    fn masqueraded(&self, local: &str, domain: &str) -> String {
        let (site, settings) = (self.site, &self.site.settings);
        let has = |class: Class, name: &str| site.has_member(class, name);
        let is_in = |class: Class| has(class, domain) || parents(domain).any(|parent| has(class, parent));
        let named = if settings.has(Flag::MasqueradeEntireDomain) {
            is_in(Class::Masquerade)
        } else {
            has(Class::Masquerade, domain)
        };
        let own = site.host.as_deref() == Some(domain) || domain == "localhost";
        let is_local = own || !settings.has(Flag::LimitedMasquerade) && has(Class::Local, domain);
        let stays = has(Class::Exposed, &local.to_lowercase()) || is_in(Class::MasqueradeException);
        match &settings.masquerade_as {
            Some(new) if (named || is_local) && !stays => format!("{local}@{}", new.what.to_lowercase()),
            _ => format!("{local}@{domain}"),
        }
    }
}
