"""From a record to what a target should hold: expressions, scope, protection, lifecycle. Pure."""
