"""A seeded simulation: the real code of both processes on a real Redis, in virtual time, under faults."""
