"""Features to answers.

One file a classifier that is put on top of a backbone.
"""
