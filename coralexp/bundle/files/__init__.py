"""What a bundle holds, as it lies there: scripts for Python 3.7 and later, and pages to fill in.

In a bundle this folder is the top one, so that `coralexp.bundle.files.bundled` is `bundled` there.
"""
