//! Services with one name and type share what they set, to postconf: all that it shows and says goes by that.
//!
//! Later settings win. A service before the first one with a `-o` knows of nothing. Daemons go by their own entry
//! alone.

use crate::config::services::{Override, Service};
use std::collections::{BTreeMap, HashMap};

/// The settings of one name and type, and from which service on they hold.
struct Shared {
    first: usize,
    settings: BTreeMap<Vec<u8>, Override>,
}

/// Gives each service the settings that it shares, by name; its arguments stay.
pub fn share_settings(services: &mut [Service]) {
    let key = |service: &Service| (service.line.name().bytes().to_vec(), service.line.service_type().bytes().to_vec());
    let mut shared: HashMap<(Vec<u8>, Vec<u8>), Shared> = HashMap::new();
    for (index, service) in services.iter_mut().enumerate() {
        let own = std::mem::take(&mut service.overrides);
        if !own.is_empty() {
            let of_all =
                shared.entry(key(service)).or_insert_with(|| Shared { first: index, settings: BTreeMap::new() });
            of_all.settings.extend(own.into_iter().map(|set| (set.name.bytes().to_vec(), set)));
        }
    }
    if shared.is_empty() {
        return;
    }
    for (index, service) in services.iter_mut().enumerate() {
        if let Some(shared) = shared.get(&key(service)).filter(|shared| shared.first <= index) {
            service.overrides = shared.settings.values().cloned().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::share_settings;
    use crate::base::Source;
    use crate::config::services::{Service, services};
    use crate::syntax::master_cf::parse_master_cf;
    use std::sync::Arc;

    #[test]
    fn from_the_first_that_sets_something() {
        let text = "a unix - - n - - x\n\
                    a unix - - n - - x -o {bad}\n\
                    a unix - - n - - x -o b=1 -o c=1\n\
                    a inet - - n - - x -o d=1\n\
                    a unix - - n - - x\n\
                    a unix - - n - - x -o b=2 -o b=3\n";
        let mut shared = services(&parse_master_cf(&Arc::new(Source::new("master.cf", text))));
        share_settings(&mut shared);
        let shown = |service: &Service| {
            let sets = service.overrides.iter();
            sets.map(|set| format!("{}={} ", set.name.to_string_lossy(), set.value.to_string_lossy())).collect()
        };
        let shown: Vec<String> = shared.iter().map(shown).collect();
        assert_eq!(shown, ["", "", "b=3 c=1 ", "d=1 ", "b=3 c=1 ", "b=3 c=1 "]);
    }
}
