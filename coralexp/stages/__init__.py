"""The work, a public function a file: from values and an empty folder to an artifact.

A stage reads nothing but its arguments, writes nothing but its folder, and knows contracts, never a
concrete part.
"""
