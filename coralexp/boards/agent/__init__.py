"""The agent: what runs beside the device, in whatever Python is there.

`coralexp.boards.agent_file` packs this folder into one file that Python starts:

    python3 agent.pyz ORDER.json RESULT.json    measure
    python3 agent.pyz --look ORDER.json         say as JSON what is here; loads the delegate

It needs Python 3.7 or later, numpy, and one of Coral's pycoral, ai-edge-litert, tflite-runtime; no
TensorFlow and nothing else of coralexp.

ORDER: `schema`, `model` (path). It may have `delegate` (path of libedgetpu), `device` (`usb:0`,
`pci:0`, `cpu`), `images` (.npy of inputs as the model stores them, `[N, ...]`), the names of
`protocol.DEFAULTS`, `job` (what for) and `wait_s` (how long to wait for another measurement on this
machine), `lock_folder`, and `sys`, a folder instead of /sys.
RESULT: see `measurement.measure`; or `schema` and `error` (`kind`, `text`), and exit status 1.
"""
