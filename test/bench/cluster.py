"""A throw-away server for measurements."""

import os
import shutil
import subprocess
import tempfile

TREE = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


class Cluster:
    """test/cluster's, with its environment taken over into this process."""

    def __init__(self, directory, settings, initdb_options):
        self.kept = directory is not None
        self.directory = directory or tempfile.mkdtemp(prefix="namedex-bench.")
        script = os.path.join(TREE, "test", "cluster")
        command = [script, "start"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        for option in initdb_options:
            command += ["-i", option]
        self.script = script
        try:
            environment = subprocess.run(
                command + [self.directory], check=True, stdout=subprocess.PIPE, text=True
            ).stdout.strip()
        except BaseException:
            self.stop()
            raise
        printed = subprocess.run(
            ["bash", "-c", f". '{environment}' && env -0"], check=True, stdout=subprocess.PIPE
        ).stdout
        for entry in printed.decode().split("\0"):
            name, _, value = entry.partition("=")
            if name.startswith(("PG", "NAMEDEX_")) or name == "PATH":
                os.environ[name] = value

    def stop(self):
        if os.path.exists(os.path.join(self.directory, "env")):
            subprocess.run([self.script, "stop", self.directory], check=False)
        if not self.kept:
            shutil.rmtree(self.directory, ignore_errors=True)
