//! What can be wrong with visibility, in words.

/// Operations are no longer visible.
pub(super) fn shrank(replica: u64, gone: &str) -> String {
    format!(
        "At r{replica}, {gone} was visible and no longer is, although no crash took its state: what \
         was known has been forgotten or come undone."
    )
}

/// Operations are said to be visible of which nothing was heard.
pub(super) fn made_up(replica: u64, what: &str) -> String {
    format!("r{replica} reports {what} as visible, but no message could have told it of that.")
}
