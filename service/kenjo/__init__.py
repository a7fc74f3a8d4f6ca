"""From Kenjo's API to one whole snapshot: the client, its lists, what their cells mean."""
