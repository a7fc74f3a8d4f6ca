"""The API for programs: what the pages show and do, as JSON below `/api/v1`."""
