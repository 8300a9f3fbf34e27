"""Every file of every entry held against its digest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.key_schema import KEY_SCHEMA
from coralexp.artifacts.seals import seal, state_of, unseal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.store import Store


@dataclass(frozen=True)
class Checked:
    """What reading an entry told.

    Attributes:
        entry: Which one.
        damage: Names of its files that are missing, too many, or not as they were made.
        is_newer: Whether a later version made it, of which this one cannot judge.
    """

    entry: Entry
    damage: Sequence[str] = ()
    is_newer: bool = False


def verify(store: Store, found: Sequence[Entry]) -> Iterator[Checked]:
    """Yield what reading each entry told; those that vanish meanwhile are passed over.

    Reads every byte, whatever earlier commands found. A damaged entry loses its seal, so that no
    command takes it for whole; nothing else is changed.
    """
    for entry in found:
        if entry.schema > KEY_SCHEMA:
            yield Checked(entry, is_newer=True)
            continue
        damage = _damage(store, entry)
        if damage and entry.folder.is_dir():
            damage = _damage(store, entry)  # it may have been put in place while it was read
        if entry.folder.is_dir():
            yield Checked(entry, damage)


def _damage(store: Store, entry: Entry) -> list[str]:
    try:
        state = state_of(entry.folder)
        damage = store.damage(entry.stage, entry.key)
    except OSError as error:
        damage = [f"cannot be read: {error.strerror}"]
    if damage:
        unseal(store.root, entry.stage, entry.key)
    else:
        seal(store.root, entry.stage, entry.key, state)
    return damage
