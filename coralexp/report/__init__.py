"""Tables and pictures from finished runs.

Reads records and artifacts; starts nothing.
"""
