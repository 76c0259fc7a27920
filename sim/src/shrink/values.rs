//! Simpler operations: fewer different ones, and those that come first in the alphabet.

use std::collections::BTreeSet;

use super::Step;
use super::search::Search;
use crate::subject::Letter;
use crate::trace::{OperationDecision, Trace};

/// No more of an alphabet is tried.
const LETTERS: usize = 16;

/// Replaces equal operations all at once, then single ones.
pub(super) fn simplify(search: &mut Search<'_>) {
    search.step = Step::Values;
    let letters: Vec<Letter> = search.alphabet.iter().take(LETTERS).cloned().collect();
    let different: BTreeSet<Vec<u8>> =
        search.best.trace.decisions.operations.iter().map(|it| it.bytes.clone()).collect();
    for bytes in &different {
        for letter in letters.iter().take_while(|letter| letter.bytes != *bytes) {
            let replaced = replaced(&search.best.trace, letter, |it| it.bytes == *bytes);
            if search.attempt(replaced) {
                break;
            }
        }
    }
    for at in 0..search.best.trace.decisions.operations.len() {
        for letter in &letters {
            let operations = &search.best.trace.decisions.operations;
            let Some(operation) = operations.get(at) else { break };
            if operation.bytes == letter.bytes {
                break;
            }
            let root = operation.root;
            if search.attempt(replaced(&search.best.trace, letter, |it| it.root == root)) {
                break;
            }
        }
    }
}

fn replaced(trace: &Trace, letter: &Letter, which: impl Fn(&OperationDecision) -> bool) -> Trace {
    let mut trace = trace.clone();
    for operation in trace.decisions.operations.iter_mut().filter(|it| which(it)) {
        operation.bytes.clone_from(&letter.bytes);
        operation.text.clone_from(&letter.text);
    }
    trace
}
