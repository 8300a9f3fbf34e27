"""What a user can say: one file a verb, `run` being the default.

A verb reads the command line, asks the rooms below, and prints; what it decides is decided below.
"""
