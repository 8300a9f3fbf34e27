"""What silicon, and how a time is obtained there.

Devices are data: their YAML gives bandwidths, host and clock to a function of this room.
"""
