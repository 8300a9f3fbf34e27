"""Folders that Hydra searches before the main one.

Hydra's own `--config-dir` and `hydra.searchpath` come behind the main folder, so a file of the
user's could add a choice but not replace one; a search-path plugin can put folders in front.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from hydra.core.config_search_path import ConfigSearchPath


class _FoldersInFront(SearchPathPlugin):
    folders: ClassVar[Sequence[Path]] = ()  # of the composition under way, and of no other

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        for folder in self.folders:
            search_path.prepend("coralexp", f"file://{folder}", "main")


@contextlib.contextmanager
def hydra_searching(folders: Sequence[Path]) -> Generator[None]:
    """Make `hydra.compose` search some folders, the first one first; then leave all as it was.

    Args:
        folders: Existing absolute folders, at least one; one of them holds the primary config.
    """
    *front, last = folders
    Plugins.instance().register(_FoldersInFront)  # once is enough, more does no harm
    state = GlobalHydra.instance()
    before = state.hydra  # of a script of the user's that runs under Hydra itself
    state.clear()
    _FoldersInFront.folders = front
    try:
        with initialize_config_dir(str(last), job_name="coralexp", version_base="1.3"):
            yield
    finally:
        _FoldersInFront.folders = ()
        GlobalHydra.instance().hydra = before
