//! Home of the integration tests in `tests/tests/`.
