use postwright::maps::compile::*;
use postwright::syntax::table_line::TableForm;
use std::time::Instant;
fn main() {
    let p = std::env::args().nth(1).unwrap();
    let kind = std::env::args().nth(2).unwrap();
    let t = Instant::now();
    let src = std::fs::read(&p).unwrap();
    eprintln!("read {:?}", t.elapsed());
    let r = Recipe::standard(TableForm::KeyValue);
    let t0 = Instant::now();
    let e = read_entries(src, &r);
    eprintln!("entries {:?} {}", t0.elapsed(), e.all().len());
    if kind == "cmp" {
        let seed = foldhash::quality::RandomState::default();
        let t1 = Instant::now();
        let d = compare::digest_index(
            std::fs::File::open(format!("{p}.lmdb")).unwrap(),
            IndexType::Lmdb,
            TableForm::KeyValue,
            &seed,
        )
        .unwrap();
        eprintln!("digest {:?}", t1.elapsed());
        let t1 = Instant::now();
        eprintln!("{:?} {:?}", compare::is_current(&e, &r, d, &seed), t1.elapsed());
        return;
    }
    let t1 = Instant::now();
    let u = index::unique(&e, Duplicates::Warn).unwrap();
    eprintln!("unique {:?} {}", t1.elapsed(), u.kept.len());
    let k = IndexType::by_name(&kind).unwrap();
    let t2 = Instant::now();
    let acc = postwright::base::atomic_file::Access::of(&std::fs::File::open(&p).unwrap()).unwrap();
    write_index(&e, &r, k, &k.path(p.as_ref()), acc).unwrap();
    eprintln!("write {:?}", t2.elapsed());
    eprintln!("total {:?}", t.elapsed());
}
#[allow(dead_code)]
fn x() {}
