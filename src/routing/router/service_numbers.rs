//! The services of master.cf by their names, as their places in it.

use crate::config::services::Service;
use foldhash::fast::RandomState;
use std::collections::HashMap;

/// Where the services stand that decide.
pub(super) struct ServiceNumbers {
    /// The first of each name that other services can speak to.
    by_name: HashMap<Vec<u8>, usize, RandomState>,
    /// The service on port 25, else the first that is served by smtpd.
    pub(super) smtp_server: Option<usize>,
}

impl ServiceNumbers {
    /// Takes the services of a master.cf.
    pub(super) fn new(services: &[Service]) -> Self {
        let mut by_name = HashMap::default();
        for (number, service) in services.iter().enumerate() {
            if matches!(service.line.service_type().bytes(), b"unix" | b"fifo") {
                by_name.entry(service.line.name().bytes().to_vec()).or_insert(number);
            }
        }
        Self { by_name, smtp_server: smtp_server(services) }
    }

    /// The service of this name.
    pub(super) fn named(&self, name: &[u8]) -> Option<usize> {
        self.by_name.get(name).copied()
    }
}

fn smtp_server(services: &[Service]) -> Option<usize> {
    let is_server = |service: &Service| service.line.command().bytes() == b"smtpd";
    let is_on_port = |service: &Service| {
        let port = service.line.name().bytes().rsplit(|&byte| byte == b':').next();
        service.line.service_type().bytes() == b"inet" && matches!(port, Some(b"smtp" | b"25"))
    };
    let on_port = services.iter().position(|service| is_server(service) && is_on_port(service));
    on_port.or_else(|| services.iter().position(is_server))
}
