"""Pixels to features.

One file a network, each an untrained functional model; stored weights are put into it by
`coralexp.backbones.weights`.
"""
