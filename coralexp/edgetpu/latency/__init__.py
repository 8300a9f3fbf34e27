"""How long one inference takes: predicted from a model's operators, for a chip behind a link."""
