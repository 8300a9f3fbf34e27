"""What the scripts of a bundle share; needs numpy, Pillow and a TFLite runtime.

manifest      are the files those that were bundled
pictures      from a picture to the pixels that the network was trained on
classifier    from pixels to probabilities, on the Edge TPU or the CPU
self_check    are the answers those of the run that the bundle is of
frames        pictures from a camera, a video or a folder
overlay       an answer written on its picture
page, window  where they are shown
ending        what a script leaves behind
"""
