"""Decides about repairs: what the evidence says, whether an attempt may run, and what measuring it said."""
