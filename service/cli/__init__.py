"""The kenjo-bridge command: the one place that may import everything and puts the parts together."""
