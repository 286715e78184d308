"""Is the process there, and can it answer?"""
