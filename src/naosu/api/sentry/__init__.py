"""The part of Sentry's own API, /api/0, that existing scripts and sentry-cli use.

There is one organization; any slug in a path means it, so that a script's own stays valid.
What this server does not keep (source maps, debug files, commits' patch sets) it says it does not accept.
"""
