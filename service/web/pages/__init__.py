"""Pages for people: where everybody stands, what waits for a decision, what comes next."""
