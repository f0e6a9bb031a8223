//! What defaults take from the machine: its name and its networks.

/// A machine, as far as defaults depend on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// The default of `myhostname`: fully qualified.
    pub name: String,
    /// The default of `mynetworks`.
    pub networks: String,
}

impl Host {
    /// This machine: its host name, and its loopback networks.
    #[must_use]
    pub fn this() -> Self {
        let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
        Self { name: qualified(&name), ..Self::unknown() }
    }

    /// A machine of which nothing is known, for configurations that are looked at somewhere else.
    #[must_use]
    pub fn unknown() -> Self {
        Self { name: "localhost.localdomain".into(), networks: "127.0.0.0/8 [::1]/128".into() }
    }
}

/// Postfix adds `localdomain` to a name without a domain.
fn qualified(name: &str) -> String {
    if name.contains('.') { name.to_string() } else { format!("{name}.localdomain") }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_bare_name_gets_a_domain() {
        assert_eq!(super::qualified("vm"), "vm.localdomain");
        assert_eq!(super::qualified("mail.example.com"), "mail.example.com");
    }
}
