"""What stages hand over, and the store where it rests.

Entries are immutable and named by the hash of everything that decided them; records tell which run
used which.
"""
