//! The thread behind the writer: makes segments before they are needed, seals those that are full, and uses again or
//! removes what is of no more use.
//!
//! A new segment is filled with zeros and synced, and so is its directory, before its header is written: from then on a
//! write to it changes nothing of the file but its bytes, and its sync waits for those alone. A used one gets a new
//! header, which makes an end of what was in it.

use super::core::{Core, Yard, lock};
use super::disk::{DiskFile, write_all};
use super::error::{StoreError, is_full};
use super::segment::{Found, SegmentFile, Title, write_footer};
use crate::base::FileError;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Runs until the queue is closed and all is done that the writer left.
pub(super) fn run(core: &Core, generation: u32, name: u32) {
    struct Guard<'a>(&'a Core);
    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            if std::thread::panicking() {
                self.0.fail("its keeper has ended".into());
            }
        }
    }
    let _guard = Guard(core);
    let mut keeper = Keeper { core, generation, name, tried: None };
    while let Some(task) = keeper.next() {
        if core.failure().is_some() {
            continue;
        }
        if let Err(error) = keeper.perform(task) {
            core.fail(error.to_string());
        }
    }
}

enum Task {
    Seal(Arc<SegmentFile>, Vec<Found>),
    MakeSpare,
    Reuse(Arc<SegmentFile>, bool),
    Remove(Vec<PathBuf>),
}

struct Keeper<'a> {
    core: &'a Core,
    /// Of the next segment, and the number in the name of the next file.
    generation: u32,
    name: u32,
    /// When there was no room.
    tried: Option<Instant>,
}

impl Keeper<'_> {
    /// What to do now; `None` at the end.
    fn next(&mut self) -> Option<Task> {
        let mut yard = lock(&self.core.yard);
        loop {
            let lacks = yard.spares.len() < self.core.options.spares && !yard.closing;
            let pause = self.tried.map(|tried| self.core.options.full_pause.saturating_sub(tried.elapsed()));
            let waits = pause.is_some_and(|pause| !pause.is_zero());
            // What was freed comes first of all where room is scarce, and where a spare is lacking.
            if let Some(task) = Self::used(&mut yard, lacks) {
                return Some(task);
            }
            if lacks && !waits && self.core.failure().is_none() {
                return Some(Task::MakeSpare);
            }
            if yard.closing {
                return None;
            }
            yard = match pause.filter(|_| waits && lacks) {
                Some(pause) => self.core.work.wait_timeout(yard, pause).unwrap_or_else(PoisonError::into_inner).0,
                None => self.core.work.wait(yard).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn used(yard: &mut Yard, lacks: bool) -> Option<Task> {
        if !yard.orphans.is_empty() {
            return Some(Task::Remove(std::mem::take(&mut yard.orphans)));
        }
        if let Some(freed) = yard.freed.pop() {
            return Some(Task::Reuse(freed, lacks || yard.spares.len() < 3));
        }
        // Before that the writer waits for a spare.
        if !lacks || yard.full || yard.closing {
            return yard.to_seal.pop().map(|(segment, records)| Task::Seal(segment, records));
        }
        None
    }

    fn perform(&mut self, task: Task) -> Result<(), StoreError> {
        let core = self.core;
        match task {
            Task::Seal(segment, records) => {
                let failed = FileError::at(&segment.file.path);
                if !records.is_empty() {
                    match write_footer(core.disk(), &segment, &records) {
                        // Without one the next start reads the records.
                        Err(error) if is_full(&error) => {}
                        written => written.map_err(&failed)?,
                    }
                    core.disk().sync_data(&segment.file).map_err(&failed)?;
                }
                let mut index = lock(&core.index);
                index.seal(segment.title.generation);
                let freed = index.take_free();
                drop(index);
                core.discard(freed, Vec::new());
                core.call_cleaner();
            }
            Task::MakeSpare => self.make_spare()?,
            Task::Reuse(segment, again) => {
                let fits = segment.title.size == core.options.segment_size;
                let added =
                    if again && fits { self.add_spare(Arc::clone(&segment.file)) } else { Err(StoreError::NoSpace) };
                match added {
                    Err(StoreError::NoSpace) => self.remove(&segment.file.path, &core.log)?,
                    added => added?,
                }
                let mut index = lock(&core.index);
                index.gone(segment.title.generation);
                let freed = index.take_free();
                drop(index);
                core.discard(freed, Vec::new());
            }
            Task::Remove(paths) => {
                for path in &paths {
                    // One that comes back after a power loss is removed at the next start.
                    match core.disk().remove(path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => {
                            return Err(FileError::at(path)(error).into());
                        }
                        _ => {}
                    }
                }
                self.try_again();
            }
        }
        Ok(())
    }

    fn remove(&mut self, path: &Path, directory: &Path) -> Result<(), StoreError> {
        self.core.disk().remove(path).map_err(FileError::at(path))?;
        self.core.disk().sync_directory(directory).map_err(FileError::at(directory))?;
        self.try_again();
        Ok(())
    }

    /// There may be room again.
    fn try_again(&mut self) {
        self.tried = None;
    }

    fn make_spare(&mut self) -> Result<(), StoreError> {
        let path = self.core.log.join(format!("{:08x}.log", self.name));
        self.name += 1;
        match fill(self.core, &path) {
            Ok(file) => self.add_spare(Arc::new(file)),
            Err(error) if is_full(&error.error) => {
                // What was taken is given back, as others need it.
                match self.core.disk().remove(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => {
                        return Err(FileError::at(&path)(error).into());
                    }
                    _ => {}
                }
                self.tried = Some(Instant::now());
                lock(&self.core.yard).full = true;
                self.core.spare.notify_all();
                Ok(())
            }
            Err(error) => Err(StoreError::File(error)),
        }
    }

    /// Begins a new use of a file.
    fn add_spare(&mut self, file: Arc<DiskFile>) -> Result<(), StoreError> {
        let title = Title::new(self.generation, self.core.options.segment_size);
        self.generation += 1;
        let failed = FileError::at(&file.path);
        title.write(self.core.disk(), &file).map_err(&failed)?;
        self.core.disk().sync_data(&file).map_err(&failed).map_err(StoreError::File)?;
        self.tried = None;
        let mut yard = lock(&self.core.yard);
        yard.spares.push_back(Arc::new(SegmentFile { file, title }));
        yard.full &= yard.spares.len() < self.core.options.spares;
        drop(yard);
        self.core.spare.notify_all();
        Ok(())
    }
}

/// Makes the file of a segment, with zeros on the disk.
fn fill(core: &Core, path: &Path) -> Result<DiskFile, FileError> {
    let (disk, failed) = (core.disk(), FileError::at(path));
    let file = disk.create(path).map_err(&failed)?;
    let size = core.options.segment_size;
    disk.allocate(&file, size).map_err(&failed)?;
    let zeros = vec![0; size.min(1 << 20) as usize];
    let mut at = 0;
    while at < size {
        let piece = (size - at).min(zeros.len() as u64);
        write_all(disk, &file, &zeros[..piece as usize], at).map_err(&failed)?;
        at += piece;
    }
    disk.sync_data(&file).map_err(&failed)?;
    disk.sync_directory(&core.log).map_err(FileError::at(&core.log))?;
    Ok(file)
}
