"""The chip: what it can run, and how long that takes.

Everything that is true of every Edge TPU, whatever board it sits on.
"""
