"""Measuring on a real device: one at this machine, or on a board that SSH reaches.

agent/measure.py    the one file that runs beside the device, in whatever Python is there
order, result       what it is told, and what it answers
local, ssh          how it is reached: a process of this machine, a board over SSH
presence            whether the device that was chosen is really there
"""
