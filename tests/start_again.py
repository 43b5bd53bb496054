"""How casebook starts a process again that a case has ended: `start_again.py RECIPE`.

The recipe is JSON: what is run, where, in which environment, where it logs, and the file that its id goes to.
"""

import json
import subprocess
import sys
from pathlib import Path


def main(recipe):
    recipe = json.loads(Path(recipe).read_text())
    with open(recipe["log"], "ab") as log:
        process = subprocess.Popen(
            recipe["args"],
            cwd=recipe["cwd"],
            env=recipe["env"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    Path(recipe["pid_file"]).write_text(str(process.pid))


if __name__ == "__main__":
    main(sys.argv[1])
