"""WEIGHTS: what a backbone starts from.

Files are read as numbers, never as programs: no free unpickling, no Lambda layer, no `load_model`.

    source      what the option may say, refusals, the digest for the key
    load        the one entrance
    stored      layers as a file holds them, and fitting them to a network
    folded      the same for the constants of a .tflite file
    download    ImageNet weights of keras.applications
    lite0       ImageNet weights of EfficientNet-Lite0
    hdf5, keras_archive, saved_model, torch_file    a format each
"""
