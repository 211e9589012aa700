"""What the vendors' own packages say of bodies: one module per vendor, each with functions that list problems."""
