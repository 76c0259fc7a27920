//! The same work for Rejoin's simulator, for others, and for a bare queue.

#[cfg(not(madsim))]
pub mod bare;
#[cfg(not(madsim))]
pub mod checked;
#[cfg(madsim)]
pub mod madsim;
#[cfg(not(madsim))]
pub mod relay;
#[cfg(not(madsim))]
pub mod turmoil;
pub mod work;
