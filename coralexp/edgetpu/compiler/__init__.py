"""Google's edgetpu_compiler: found, run within limits, believed only where its answers agree.

The program is not open source and never part of this package; what it prints is described by the
texts that its users published.
"""
