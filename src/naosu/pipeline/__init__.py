"""The stages joined: each pipeline is one function on one screen."""
