"""A real sshd on the loopback, with keys and settings of its own that vanish with it.

It runs as whoever runs the tests, on a port that anybody may take, and lets in that one user by one key.
"""

from __future__ import annotations

import getpass
import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support import require

ROOT = Path(__file__).parents[3]
MISSING = "sshd (Debian: openssh-server)"


class SshServer:
    """Makes commands that run on its far side.

    Args:
        folder: Where its keys and settings are.
        port: Where it listens.
        user: Whom it lets in.
    """

    def __init__(self, folder: Path, port: int, user: str) -> None:
        self._folder = folder
        self._port = port
        self._user = user

    def command(
        self,
        program: Sequence[str | Path],
        environment: Mapping[str, str],
        network: tuple[float, float] | None = None,
    ) -> list[str]:
        """The client with a terminal on the far side, where a program is run as a user would type it.

        The program's shell is replaced by it, and leaves its process id in `pid_file` before.

        Args:
            program: And its arguments.
            environment: What the program is told beside what sshd tells it.
            network: Mbit/s and round trip in seconds, if not those of the loopback.
        """
        proxy = []
        if network is not None:
            megabits, round_trip = map(str, network)
            relay = [sys.executable, ROOT / "tests" / "link" / "relay.py", "--megabits", megabits]
            relay += ["--round-trip", round_trip, "--connect", f"127.0.0.1:{self._port}"]
            proxy = ["-o", f"ProxyCommand={shlex.join(map(str, relay))}"]
        settings = shlex.join(f"{name}={value}" for name, value in environment.items())
        line = shlex.join(map(str, program))
        remote = f"echo $$ > {shlex.quote(str(self.pid_file))}; exec env {settings} {line}"
        return [
            *("ssh", "-tt", "-F", "none", "-p", str(self._port), "-i", str(self._folder / "user_key")),
            *("-o", f"UserKnownHostsFile={self._folder / 'known_hosts'}", "-o", "IdentitiesOnly=yes"),
            *proxy,
            *("-o", "BatchMode=yes", "-o", "LogLevel=ERROR", f"{self._user}@127.0.0.1", remote),
        ]

    @property
    def pid_file(self) -> Path:
        """Where the program's process id is written."""
        return self._folder / "pid"

    @property
    def pid(self) -> int:
        """The program's process id."""
        return int(self.pid_file.read_text())


@contextmanager
def ssh_server(folder: Path) -> Iterator[SshServer]:
    """Run a server; its keys are made in the folder. Skips the test where there is no sshd."""
    program = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    require(program and shutil.which("ssh") and shutil.which("ssh-keygen"), MISSING)
    require(os.getuid() != 0 or Path("/run/sshd").is_dir(), "/run/sshd, which sshd wants when root runs it")
    folder.chmod(0o700)
    for name in ("host_key", "user_key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    shutil.copy(folder / "user_key.pub", folder / "authorized_keys")
    port, user = _free_port(), getpass.getuser()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {(folder / 'host_key.pub').read_text()}")
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host_key",
        "AuthorizedKeysFile": folder / "authorized_keys",
        "PidFile": "none",
        "UsePAM": "no",
        "StrictModes": "no",  # the folder for temporary files is everybody's
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "PermitRootLogin": "prohibit-password",
        "AllowUsers": user,
        "PrintMotd": "no",
        "PrintLastLog": "no",
    }
    config = folder / "sshd_config"
    config.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    with subprocess.Popen(
        [str(program), "-D", "-e", "-f", config], stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            _wait_until_it_listens(server)
            yield SshServer(folder, port, user)
        finally:
            with suppress(ProcessLookupError):
                server.terminate()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_until_it_listens(server: subprocess.Popen[str]) -> None:
    assert server.stderr is not None
    said = []
    for line in server.stderr:
        if "Server listening on" in line:
            return
        said.append(line)
    raise AssertionError(f"sshd ended: {''.join(said)}")
