"""The process that watches Kenjo: it polls, finds what changed, and enqueues."""
