"""Stopping an application."""
