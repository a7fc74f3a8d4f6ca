"""The shared core: records, what changed, who gets what, and where it is remembered.

Imported by both processes (`service` watches Kenjo, `workers` write to the targets); imports neither.
"""
