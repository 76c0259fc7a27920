//! Broken CRDTs.
