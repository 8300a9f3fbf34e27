"""How weights are found.

Recipes are data as well: phases, schedule, augmentation and when to stop; here is what carries
them out.
"""
