//! A checker that has not caught a bug is not known to work: broken types here, one for each law.

mod broken;
mod changes;
mod compose;
mod correct;
mod fixture;
mod machinery;
#[cfg(feature = "proptest")]
mod proptests;
mod summaries;
