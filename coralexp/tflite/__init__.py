"""A .tflite file: its graph, tensors and operator versions, and how to run it.

Knows nothing of how the file came about.
"""
