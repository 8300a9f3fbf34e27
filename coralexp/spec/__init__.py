"""What was asked: from YAML files and override strings to plain frozen values.

`compose.parse` reads a command, `stored` reads and writes the configuration of a run, `part` turns
the name of a function into the function. No TensorFlow here, and nothing is run.
"""
