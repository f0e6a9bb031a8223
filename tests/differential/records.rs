//! What Postfix answers for each site of a directory of `testdata`: compared with its record there, or written anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Records four sites at a time, those whose path has `POSTWRIGHT_CASE` in it: writes each site's `file` anew, or tells
/// those that would be another now.
pub fn compare_records(
    sites: Vec<PathBuf>,
    file: &str,
    bless: bool,
    record: impl Fn(&Path) -> String + Sync,
) -> String {
    let only = std::env::var("POSTWRIGHT_CASE").unwrap_or_default();
    let work = Mutex::new(sites.into_iter().filter(|site| site.to_string_lossy().contains(&only)));
    let wrong = Mutex::new(String::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let next = work.lock().unwrap().next();
                    let Some(site) = next else { break };
                    let text = record(&site);
                    let file = site.join(file);
                    if bless {
                        fs::write(file, text).unwrap();
                    } else if fs::read_to_string(&file).ok().as_deref() != Some(&text) {
                        *wrong.lock().unwrap() += &format!("{}:\n{text}\n", file.display());
                    }
                }
            });
        }
    });
    wrong.into_inner().unwrap()
}
