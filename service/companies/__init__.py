"""Several companies in one deployment: a process for each, and one that keeps them and listens for all."""
