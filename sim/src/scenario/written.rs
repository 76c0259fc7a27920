//! A scenario as a file for people.

use std::fmt::Write as _;

use toml::Table;

use super::keys::{CONFIG, Field, SCENARIO};
use super::{PartitionKind, Scenario, ScenarioError};
use crate::nemesis::SHARE;

impl Scenario {
    /// The scenario as TOML for people: every default that has a value is written out, and of what
    /// is not set a comment says what it would be.
    ///
    /// # Errors
    ///
    /// As [`to_toml`](Self::to_toml).
    ///
    /// ```
    /// use rejoin_crdts::spec::GCounterModel;
    /// use rejoin_sim::{Registry, TypeSubject};
    /// let mut registry = Registry::new();
    /// registry.add(TypeSubject::new("likes", "how many like it", GCounterModel));
    /// use rejoin_sim::Scenario;
    /// let scenario = Scenario::of("likes");
    /// let written = scenario.to_annotated_toml()?;
    /// assert!(written.contains("settle_ms = 60000") && written.contains("# pool: "));
    /// assert_eq!(Scenario::parse(&written, &registry)?, scenario);
    /// # Ok::<(), rejoin_sim::ScenarioError>(())
    /// ```
    pub fn to_annotated_toml(&self) -> Result<String, ScenarioError> {
        let mut written = self.spelt_out().to_toml()?;
        let table: Table = toml::from_str(&written)
            .map_err(|error| ScenarioError::new(error.message(), error.span()))?;
        let unset = unset(SCENARIO, &table);
        if !unset.is_empty() {
            let _ = write!(written, "\n# Not set:\n{unset}"); // a string takes everything
        }
        let config = table.get("config").and_then(toml::Value::as_table).cloned();
        let unset = self::unset(CONFIG, &config.unwrap_or_default());
        if !unset.is_empty() {
            let _ = write!(written, "\n# Not set in [config], so as the protocol has it:\n{unset}");
        }
        Ok(written)
    }

    /// The same, with what follows from other keys said by itself.
    fn spelt_out(&self) -> Self {
        let mut scenario = self.clone();
        let end_ms = Some(scenario.duration_ms);
        for partition in &mut scenario.partition {
            partition.heal_ms = partition.heal_ms.or(end_ms);
            if partition.kind == PartitionKind::Partial {
                partition.share = partition.share.or(Some(SHARE));
            }
        }
        for crash in &mut scenario.crash {
            crash.restart_ms = crash.restart_ms.or(end_ms);
        }
        for pause in &mut scenario.pause {
            pause.resume_ms = pause.resume_ms.or(end_ms);
        }
        for clock in &mut scenario.clock {
            clock.until_ms = clock.until_ms.or(end_ms);
        }
        scenario
    }
}

/// Those of `fields` that `table` does not have, as comments.
fn unset(fields: &[Field], table: &Table) -> String {
    let unset = fields.iter().filter(|field| !table.contains_key(field.key));
    unset.map(|Field { key, says, .. }| format!("# {key}: {says}\n")).collect()
}
