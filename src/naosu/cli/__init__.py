"""The command line: one file per command, each a client of the REST API."""
