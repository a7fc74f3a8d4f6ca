"""Many companies in one deployment: what they take, and what the trouble of one is to the others.

Kenjos and directories of all of them run in this process; the deployment is the real command on a real Redis.
"""
