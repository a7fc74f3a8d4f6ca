"""What makes a release of the bridge: its packages, parts, version and notes. Nothing here runs in one."""
