//! The judges that a mutant has to get past: the laws, the explorer, and what clocks promise,
//! which are no replicated types.
//!
//! `judges laws|explorer|clocks` says one line for each that objects: which subject, which law,
//! and how many operations it takes to see it. The status is 1 if there is one.

mod clocks;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use rejoin_crdts::Model;
use rejoin_crdts::laws::{Law, Laws};
use rejoin_crdts::spec::{GCounterModel, LwwRegisterModel, OrMapModel, OrSetModel, PnCounterModel};
use rejoin_sim::explore::{Scope, explore};

/// Histories drawn for the laws.
const CASES: u64 = 256;

/// What an objection is: the law, and how many operations show it.
type Objection = (String, usize);

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(|_| {}));
    let mut objections = 0;
    match std::env::args().nth(1).as_deref() {
        Some("laws") => each_type(&mut ByLaws, &mut objections),
        Some("explorer") => each_type(&mut ByExplorer, &mut objections),
        Some("clocks") => {
            for (subject, property, check) in clocks::PROPERTIES {
                let broken = catch_unwind(check).is_err();
                say(subject, broken.then(|| ((*property).to_owned(), 0)), &mut objections);
            }
        }
        _ => {
            eprintln!("judges laws|explorer|clocks");
            return ExitCode::from(2);
        }
    }
    ExitCode::from(u8::from(objections > 0))
}

fn say(subject: &str, objection: Option<Objection>, objections: &mut usize) {
    if let Some((law, operations)) = objection {
        *objections += 1;
        println!("{subject}\t{law}\t{operations}");
    }
}

/// Something that holds a type to what it promises.
trait Judge {
    /// `large` types have few operations tried, by place in their alphabet.
    fn judge<M: Model>(&mut self, model: M, few: &[&str]) -> Option<Objection>;
}

fn each_type(judge: &mut impl Judge, objections: &mut usize) {
    let set = || OrSetModel::new([1u8, 2]);
    let map = || OrMapModel::new([1u8, 2], set());
    let maps = OrMapModel::new([1u8, 2], map());
    say("g-counter", judge.judge(GCounterModel, &[]), objections);
    say("pn-counter", judge.judge(PnCounterModel, &[]), objections);
    say("lww-register", judge.judge(LwwRegisterModel::new([1u8, 2]), &[]), objections);
    say("or-set", judge.judge(set(), &[]), objections);
    let few = ["1: add 1", "1: remove 1", "2: add 1", "remove 1", "clear"];
    say("or-map", judge.judge(map(), &few), objections);
    let few = ["1: 1: add 1", "1: 1: remove 1", "1: remove 1", "remove 1"];
    say("or-map/map", judge.judge(maps, &few), objections);
}

fn law(law: Law) -> String {
    format!("{law:?}")
}

/// What panics objects too.
fn or_panic(judge: impl FnOnce() -> Option<Objection>) -> Option<Objection> {
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or_else(|_| Some(("panic".to_owned(), 0)))
}

struct ByLaws;

impl Judge for ByLaws {
    fn judge<M: Model>(&mut self, model: M, _few: &[&str]) -> Option<Objection> {
        let laws = Laws::new(model).cases(CASES);
        or_panic(|| laws.check().err().map(|found| (law(found.law()), found.operations())))
    }
}

struct ByExplorer;

impl Judge for ByExplorer {
    fn judge<M: Model>(&mut self, model: M, few: &[&str]) -> Option<Objection> {
        let alphabet: Vec<String> = few.iter().map(|op| (*op).to_owned()).collect();
        let calm = Scope { alphabet: alphabet.clone(), ..Scope::new([2, 1, 1]) };
        let crashing = Scope { alphabet, crashes: 1, ..Scope::new([2, 1]) };
        [calm, crashing].iter().find_map(|scope| {
            or_panic(|| {
                let explored = explore(&model, scope, &mut |_| {}).expect("the scope is sound");
                explored.counterexample.map(|found| (law(found.law), found.operations))
            })
        })
    }
}
