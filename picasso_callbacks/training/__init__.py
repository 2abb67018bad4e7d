"""A training that is looked at: when, at what cost, what is said of it, and what is done about an alarm."""
