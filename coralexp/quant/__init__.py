"""Float to integer.

One file a mode: what it does to the model before fine-tuning, if there is any, and how it sets the
converter up.
"""
