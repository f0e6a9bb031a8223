//! Which program of master.cf serves a transport.

use super::Router;

impl Router<'_> {
    /// The program of master.cf that serves a transport; without master.cf the one of a stock installation.
    #[must_use]
    pub fn program(&self, transport: &[u8]) -> Vec<u8> {
        match self.transport_service(transport) {
            Some(service) => service.line.command().bytes().to_vec(),
            None if transport == b"retry" => b"error".to_vec(),
            None if transport == b"relay" => b"smtp".to_vec(),
            None => transport.to_vec(),
        }
    }

    /// Whether there is a master.cf, and no such transport in it.
    #[must_use]
    pub fn is_missing(&self, transport: &[u8]) -> bool {
        self.site.configuration.files.master.is_some() && self.transport_service(transport).is_none()
    }

    fn transport_service(&self, transport: &[u8]) -> Option<&crate::config::services::Service> {
        self.site
            .configuration
            .files
            .services
            .iter()
            .find(|service| service.line.name().bytes() == transport && service.line.service_type().bytes() == b"unix")
    }
}
