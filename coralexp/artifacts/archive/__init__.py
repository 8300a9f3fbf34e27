"""Runs with their artifacts in one zip file, which enters another store.

    manifest.json                       the runs, the entries, and the digest of every file
    entries/<stage>/<key>/<name>        the files of the entries

A file that comes from elsewhere is believed in nothing: it is looked at in full before any of it
reaches the store, and is taken whole or not at all. Digests then say that each file is the one that
was exported. They cannot say that its content is honest; so entries that came this way are marked,
and no stage of a job made here reads them.
"""
