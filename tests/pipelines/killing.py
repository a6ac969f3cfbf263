"""Kills a function at every step that it takes in the file system, each time in a process of its
own, and at moments in between, when DuckDB is at work.

API: https://docs.python.org/3/library/audit_events.html
"""

import json
import subprocess
import sys
from pathlib import Path

PATIENCE = 300.0  # seconds, for all the processes together
MAX_STEPS = 200
KILLER = f"""
import json, os, random, shutil, signal, sys, time
from importlib import import_module
from pathlib import Path

STEPS = ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.link", "os.chmod")
module, name, base, where, moments = json.loads(sys.argv[1])
function = getattr(import_module(module), name)
dice = random.Random(5)

def begin(number):
    place = Path(where, str(number))
    shutil.copytree(base, place, symlinks=True)
    return place

def call(place):
    os.chdir(place)
    os.umask(0o077)
    if name == "back_up":
        function(place / "data", place / "backups")
    elif name == "restore":
        function(place / "data", place / "backups")
    else:
        function(place / "data", 1)

def in_child(place, arm):
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    arm(place)
    call(place)
    os._exit(0)

def at_step(number):
    left = [number]
    def arm(place):
        def hook(event, arguments):
            if event in STEPS and str(arguments[0]).startswith(str(place)):
                if not left[0]:
                    os.kill(os.getpid(), signal.SIGKILL)
                left[0] -= 1
        sys.addaudithook(hook)
    return arm

def at_moment(seconds):
    return lambda place: signal.setitimer(signal.ITIMER_REAL, seconds)

killed = 0
for number in range({MAX_STEPS}):
    if not in_child(begin(number), at_step(number)):
        break
    killed += 1
began = time.monotonic()
assert in_child(begin("undisturbed"), lambda place: None) == 0
took = time.monotonic() - began
for number in range(moments):
    in_child(begin(f"moment {{number}}"), at_moment(max(0.001, dice.random() * took)))
print(killed)
"""


def killed_everywhere(
    module: str, name: str, base: Path, where: Path, moments: int = 0
) -> tuple[list[Path], Path]:
    """The directories in which a call was killed, and that of one that was not. Each begins as a
    copy of `base`, with its data directory `data` and its backups in `backups`.
    """
    order = json.dumps((module, name, str(base), str(where), moments))
    done = subprocess.run(
        [sys.executable, "-c", KILLER, order],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=True,
    )
    steps = int(done.stdout)
    killed = [where / str(number) for number in range(steps)]
    return [*killed, *(where / f"moment {n}" for n in range(moments))], where / "undisturbed"
