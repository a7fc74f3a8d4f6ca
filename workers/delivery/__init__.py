"""Delivering one record to one target: claim, find, decide, write, see, settle."""
