"""In which order, what to reuse, who is told.

Plans the stages of each job, runs those that the store does not hold, each in a process of its own,
and tells the observers.
"""
