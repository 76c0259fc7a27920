//! Home of the integration tests in `tests/tests/`, and what they share with the fuzz targets.

pub mod fuzz;
