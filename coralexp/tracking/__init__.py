"""Observers: the console and MLflow.

They listen and are never asked. The only room that knows MLflow, which is a mirror of the store and
not a source.
"""
