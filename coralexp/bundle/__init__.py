"""A run as something that a person can start: a folder for a board, and its way there.

contents    everything that a bundle holds, as bytes; the same for the same run
manifest    what its manifest tells
samples     pictures of the test split, with what the run said of them
pages       templates filled in
written     the folder, and the zip file beside it
deploy      a bundle sent to a board, its old version kept until the new one has answered
files       what lies in a bundle
"""
