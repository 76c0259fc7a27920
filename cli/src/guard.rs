//! Panics of a type or protocol, as findings.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::input::InputError;

/// Does what may panic, since the code of somebody's type runs in it; a panic becomes an error that
/// names the line to see it again.
///
/// What it leaves behind is thrown away, so nobody sees anything half done.
pub(crate) fn guarded<T>(
    line: impl FnOnce() -> String,
    may_panic: impl FnOnce() -> Result<T, InputError>,
) -> Result<T, InputError> {
    catch_unwind(AssertUnwindSafe(may_panic)).unwrap_or_else(|panic| {
        Err(InputError::Panicked { message: message(&*panic), help: format!("replay: {}", line()) })
    })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("without a message").to_owned()
}
