"""What an operator sets: where it comes from, what it means, and what is wrong with it."""
