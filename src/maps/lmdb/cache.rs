//! A few pages kept for the next lookup: each page number has one place, and the page asked for last stands there.

/// Pages by number.
pub(super) struct PageCache {
    /// Number (0: none; that is a meta page, which is never kept) and bytes.
    places: Vec<(u64, Vec<u8>)>,
}

impl PageCache {
    /// Room for `places` pages, which is used only as pages come.
    pub(super) fn new(places: usize) -> Self {
        Self { places: vec![(0, Vec::new()); places] }
    }

    /// Forgets every page.
    pub(super) fn clear(&mut self) {
        self.places.iter_mut().for_each(|place| place.0 = 0);
    }

    /// The bytes of a page, from `read` if they are not here.
    ///
    /// # Errors
    /// Those of `read`.
    pub(super) fn get<E>(&mut self, number: u64, read: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<&[u8], E> {
        // The remainder is below the number of places.
        let place = usize::try_from(number % self.places.len() as u64).unwrap_or(0);
        let (held, bytes) = &mut self.places[place];
        if *held != number || number == 0 {
            *held = 0;
            read(bytes)?;
            *held = number;
        }
        Ok(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_once_until_another_takes_its_place_or_all_are_forgotten() {
        let mut cache = PageCache::new(4);
        let mut reads = Vec::new();
        let mut get = |cache: &mut PageCache, number: u64| {
            let bytes = cache.get(number, |bytes| {
                reads.push(number);
                *bytes = number.to_le_bytes().to_vec();
                if number == 99 { Err(()) } else { Ok(()) }
            });
            bytes.map(<[u8]>::to_vec)
        };
        for number in [2, 2, 3, 6, 2, 2] {
            assert_eq!(get(&mut cache, number), Ok(number.to_le_bytes().to_vec()));
        }
        cache.clear();
        assert!(get(&mut cache, 2).is_ok());
        assert_eq!(get(&mut cache, 99), Err(()));
        assert_eq!(get(&mut cache, 99), Err(()));
        assert_eq!(reads, [2, 3, 6, 2, 2, 99, 99]);
    }
}
