"""Processes that are kept running: supervisord, one a home."""
