"""CIFAR-100: 60,000 photographs of 32 x 32 pixels in 100 classes, or 20 groups of them.

Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.data_folder import RemoteFile
from coralexp.datasets import cifar
from coralexp.datasets.official import keras_cache

if TYPE_CHECKING:
    from coralexp.datasets.contract import Dataset

VERSION = 1

ARCHIVE = "cifar-100-python.tar.gz"
SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"  # as Keras checks it
FINE = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly
camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup
dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower
leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid
otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray
road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle
wardrobe whale willow_tree wolf woman worm
""".split()  # noqa: SIM905 - a hundred lines otherwise
COARSE = """
aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices
household_furniture insects large_carnivores large_man-made_outdoor_things
large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals
non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2
""".split()  # noqa: SIM905
FORM = cifar.Form(
    dataset="cifar100",
    archives=(ARCHIVE, "cifar-100-binary.tar.gz"),
    folders=("cifar-100-python", "cifar-100-binary"),
    train=("train",),
    test="test",
    labels=("coarse_labels", "fine_labels"),
    label="fine_labels",
    classes=tuple(FINE),
)


def read(
    *,
    path: str | None = None,
    labels: Literal["fine", "coarse"] = "fine",
    side_px: int = 32,
    validation: float = 0.1,
    limit: int | None = None,
) -> Dataset:
    """Read CIFAR-100: 50,000 pictures to train and validate, 10,000 to test, as published.

    Without a path the files are looked for in the folder that the environment variable
    CORALEXP_DATA names, then where Keras keeps them (`~/.keras/datasets`), and downloaded to there
    if neither has them: 169 MB, whose SHA-256 is checked.

    Args:
        path: `cifar-100-python.tar.gz` or `cifar-100-binary.tar.gz`, or a folder that holds one of
            them or what was unpacked from it; None looks for them.
        labels: `fine` tells 100 classes apart, `coarse` 20 groups of five.
        side_px: Height and width that every picture is brought to, bilinearly; 32 leaves them as
            they are.
        validation: Share of each class of the training pictures that validates, 0.01 to 0.5; the
            seed decides which.
        limit: Keep at most that many pictures in all.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
        OptionError: If an option is out of its range, or nothing of the kind lies at the path.
    """
    form = FORM
    if labels == "coarse":
        form = dataclasses.replace(FORM, label="coarse_labels", classes=tuple(COARSE))
    remote = RemoteFile(
        ARCHIVE,
        f"{cifar.SERVER}/{ARCHIVE}",
        keras_cache() / ARCHIVE,
        SHA256,
        others=(f"cifar100/{ARCHIVE}",),
    )
    return cifar.dataset(
        form, remote, path=path, side_px=side_px, validation=validation, limit=limit
    )
