"""Where examples come from: one file a choice of the group `dataset`, and what they share."""
