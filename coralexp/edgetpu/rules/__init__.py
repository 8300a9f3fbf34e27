"""What the Edge TPU compiler asks of a model and of each operator, one predicate a rule."""
