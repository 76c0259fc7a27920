//! What is wrong with a scenario, and where.

use std::ops::Range;

/// A scenario that cannot be run: what is wrong, and where in the text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScenarioError {
    message: String,
    span: Option<Range<usize>>,
}

impl ScenarioError {
    pub(crate) fn new(message: impl Into<String>, span: Option<Range<usize>>) -> Self {
        Self { message: message.into(), span }
    }

    /// What is wrong: names the key, and says what is accepted.
    ///
    /// ```
    /// use rejoin_sim::{Registry, Scenario};
    /// let text = "type = 'likes'";
    /// let error = Scenario::parse(text, &Registry::new()).unwrap_err(); // nothing is registered
    /// assert!(error.message().contains("likes"));
    /// ```
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the text that are wrong, if the scenario came from a text.
    ///
    /// ```
    /// use rejoin_sim::{Registry, Scenario};
    /// let text = "type = 'likes'";
    /// let error = Scenario::parse(text, &Registry::new()).unwrap_err(); // nothing is registered
    /// assert_eq!(error.span().map(|span| &text[span]), Some("'likes'"));
    /// ```
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.span.clone()
    }
}
