"""The pages of a package: the program that starts the agent, and what a person reads."""

from __future__ import annotations

RUN = """\
#!/bin/sh
# Measures @MODEL@ on this machine; writes result-@RUN_ID@.zip.
# PYTHON=/path/python3.9 sh run.sh takes another interpreter.
set -u
cd "$(dirname "$0")" || exit 1
python=${PYTHON:-python3}
if command -v sha256sum > /dev/null && ! sha256sum -c SHA256SUMS > /dev/null; then
    echo "run.sh: a file of this package is damaged; copy it here again" >&2
    exit 1
fi
rm -f result.json result.sha256 result-@RUN_ID@.zip
"$python" agent.pyz order.json result.json > result.sha256
status=$?
if [ ! -s result.json ]; then
    echo "run.sh: the agent ended without an answer (status $status)." >&2
    if [ "$status" -gt 128 ]; then
        echo "It crashed, as a TFLite runtime and a libedgetpu of two releases do." >&2
    fi
    exit 1
fi
"$python" -m zipfile -c result-@RUN_ID@.zip result.json result.sha256 package.json || exit 1
if [ "$status" -ne 0 ]; then
    echo "run.sh: it could not be measured:" >&2
    "$python" -c 'import json; print(json.load(open("result.json"))["error"]["text"])' >&2
    exit 1
fi
echo "$(pwd)/result-@RUN_ID@.zip"
"""

README = """\
# Measure @MODEL@ on a board

1. Copy this folder to the board, by a USB stick if there is no network.
2. The board needs Python 3.7 or later with numpy and a TFLite runtime (`pip install
   ai-edge-litert`, or `tflite-runtime`), and for a model that is compiled for the Edge TPU
   libedgetpu (package `libedgetpu1-std`).
3. `sh run.sh` measures: one first inference, a warm-up, then at least 200 inferences and 5 s, and
   the answers to the images if there are any. It ends with the name of `result-@RUN_ID@.zip`.
4. Bring that file back, and where the run is: `python -m coralexp measure import
   result-@RUN_ID@.zip`.

`PYTHON=/path/python3.9 sh run.sh` takes another interpreter.
"""
