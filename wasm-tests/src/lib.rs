//! Everything that tests the module.
