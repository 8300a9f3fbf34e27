"""What is here and what to do about what is not: one file a check, each returns a `Finding`.

A check looks and tells; it changes nothing, imports neither TensorFlow nor MLflow, and never
raises. `examination` is the list of them.
"""
