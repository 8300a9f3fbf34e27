"""A board over SSH: who it is, what is sent to it, what it answers."""
