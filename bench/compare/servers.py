"""servers: what is compared, how each is started for one run, and what it does not do."""
import contextlib
import getpass
import os
import pathlib
import platform
import re
import resource
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PROGRAMS = HERE / "servers"
MODULES = HERE / "node_modules"
FILES = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
SECONDS_TO_START = 10
SECONDS_TO_STOP = 5
OVER_TLS = ("tls", "idle-tls")  # the scenarios of servers that speak it


class Server:
    """One row of the table below."""

    protocol = "seed"
    asks_for_all = False  # a follower of the whole race says so in one word
    leaves_out = {}  # scenario: why
    over_tls = False

    def __init__(self, build):
        self.build = build

    def missing(self):
        """Why it can't run here, or None."""
        return None

    def version(self):
        return ""

    def command(self, port, folder):
        raise NotImplementedError


def first_line_of(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    return (done.stdout + done.stderr).strip().splitlines()[0] if done.stdout + done.stderr else ""


def number_in(text):
    found = re.search(r"\d+(\.\d+)+", text)
    return found[0] if found else ""


def module_version(name):
    text = (MODULES / name / "package.json").read_text()
    return re.search(r'"version":\s*"([^"]+)"', text)[1]


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def fill_in(name, folder, **words):
    """A configuration from its template; returns its path."""
    text = (PROGRAMS / name).read_text()
    words = {"FOLDER": folder, "FILES": FILES, "USER": getpass.getuser(), "OTHER_PORT": free_port(), **words}
    for word, value in words.items():
        text = text.replace(f"@{word}@", str(value))
    path = folder / name
    path.write_text(text)
    return path


CERTIFICATE = "certificate.pem"
KEY = "key.pem"


def certify(folder):
    """A certificate for one run, and its key: for a curve, as most have by now."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
    command += ["-subj", "/CN=127.0.0.1", "-keyout", folder / KEY, "-out", folder / CERTIFICATE]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    return folder / CERTIFICATE, folder / KEY


class Ours(Server):
    name, title = "ours", "spectate"

    def missing(self):
        return None if (self.build / "spectate").exists() else f"{self.build}/spectate is not built: make"

    def version(self):
        return number_in(first_line_of(self.build / "spectate", "--version"))

    def command(self, port, folder):
        return [self.build / "spectate", "serve", "--workers", "1", "--listen", f"127.0.0.1:{port}"]


class OursTls(Ours):
    name, title, over_tls, only = "ours-tls", "spectate, TLS", True, OVER_TLS

    def command(self, port, folder):
        certificate, key = certify(folder)
        return [*super().command(port, folder), "--tls-cert", certificate, "--tls-key", key]


class Bare(Server):
    """The floor: see servers/bare.c."""

    name, title = "bare", "bare send loop"
    # Its followers all follow everything.
    only = ("crowd", "map")

    def missing(self):
        return None if (self.build / "bench/bare").exists() else "not built: ninja -C build benches"

    def command(self, port, folder):
        return [self.build / "bench/bare", port]


class Bun(Server):
    name, title = "bun", "Bun"

    def program(self):
        machine = {"x86_64": "x64"}.get(platform.machine(), platform.machine())
        return MODULES / f"@oven/bun-linux-{machine}/bin/bun"

    def missing(self):
        return None if self.program().exists() else "its npm package is not installed: tools/setup bench"

    def version(self):
        return number_in(first_line_of(self.program(), "--version"))

    def command(self, port, folder):
        return [self.program(), PROGRAMS / "bun.js", port]


class BunTls(Bun):
    name, title, over_tls, only = "bun-tls", "Bun, TLS", True, OVER_TLS

    def command(self, port, folder):
        return [*super().command(port, folder), *certify(folder)]


class OnNode(Server):
    module = script = None

    def missing(self):
        if shutil.which("node") is None:
            return "Node is not installed: tools/setup bench"
        if not (MODULES / self.module).exists():
            return "its npm package is not installed: tools/setup bench"
        return None

    def version(self):
        return f"{number_in(module_version(self.module))}, Node {number_in(first_line_of('node', '--version'))}"

    def command(self, port, folder):
        return ["node", PROGRAMS / self.script, port]


class Uws(OnNode):
    name, title = "uws", "uWebSockets.js"
    module, script = "@trufflesuite/uws-js-unofficial", "uws.js"

    def missing(self):
        why = super().missing()
        if why is None and "H3App" not in first_line_of("node", "-p", f"Object.keys(require('{MODULES / self.module}')).join()"):
            why = "its package has no binary for this Node"
        return why


class UwsTls(Uws):
    name, title, over_tls, only = "uws-tls", "uWebSockets.js, TLS", True, OVER_TLS

    def command(self, port, folder):
        return [*super().command(port, folder), *certify(folder)]


class Ws(OnNode):
    name, title = "ws", "ws"
    module, script = "ws", "ws.js"


class Debian(Server):
    program = package = None
    asks_for_all = True

    def missing(self):
        return None if shutil.which(self.program) else f"the Debian package {self.package} is not installed: tools/setup bench"


class Nchan(Debian):
    name, title, protocol = "nchan", "nginx with nchan", "nchan"
    program, package = "nginx", "libnginx-mod-nchan"

    def missing(self):
        why = super().missing()
        if why is None and not pathlib.Path("/usr/lib/nginx/modules/ngx_nchan_module.so").exists():
            why = "the Debian package libnginx-mod-nchan is not installed: tools/setup bench"
        return why

    def version(self):
        return f"{debian_version(self.package)}, nginx {number_in(first_line_of('nginx', '-v'))}"

    def command(self, port, folder):
        return ["nginx", "-p", folder, "-c", fill_in("nginx.conf", folder, PORT=port, TLS=self.tls(folder)).absolute()]

    def tls(self, folder):
        """What is to be said of it in the configuration, behind the port."""
        return ""


class NchanTls(Nchan):
    name, title, over_tls, only = "nchan-tls", "nginx with nchan, TLS", True, OVER_TLS

    def tls(self, folder):
        certificate, key = certify(folder)
        return f" ssl; ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.3"


class Mosquitto(Debian):
    name, title, protocol = "mosquitto", "mosquitto", "mqtt"
    program = package = "mosquitto"

    def version(self):
        return debian_version(self.package)

    def command(self, port, folder):
        return ["mosquitto", "-c", fill_in("mosquitto.conf", folder, PORT=port)]


class Nats(Debian):
    name, title, protocol = "nats", "NATS", "nats"
    program = package = "nats-server"

    def version(self):
        return number_in(first_line_of("nats-server", "--version"))

    def command(self, port, folder):
        return ["nats-server", "-c", fill_in("nats.conf", folder, PORT=port)]


ALL = [Ours, Bare, Bun, Uws, Nats, Nchan, Mosquitto, Ws, OursTls, BunTls, UwsTls, NchanTls]


def debian_version(package):
    return number_in(first_line_of("dpkg-query", "-W", "-f", "${Version}", package))


def takes_part(server, scenario):
    """Plain servers are not part of what is about TLS, but for ours, which all are held against."""
    usual = () if scenario in OVER_TLS and server.name != "ours" else (scenario,)
    return scenario in getattr(server, "only", usual)


def ours_beside(name):
    """Which of ours a server is held against when it is asked who is first: the one that speaks as it does."""
    return OursTls.name if name.endswith("-tls") else Ours.name


# Running one.


def prepare():
    """In a process to be measured, the server or the load: all descriptors, and before others on its core where that is allowed."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, FILES))
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, -20)
        pathlib.Path("/proc/self/autogroup").write_text("-20")  # of its session: where the kernel groups by these


def pinned(core, command):
    """On one core; where the machine has only one, or no taskset, wherever it likes."""
    words = [str(word) for word in command]
    return ["taskset", "-c", str(core), *words] if core is not None else words


def family_of(pid):
    """The process and all that it started."""
    parents = {}
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def trusting():
    """A client's TLS that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def answers(server, port):
    """A handshake was answered: so all its processes are there."""
    request = "GET /sub/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    request += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    request += "Sec-WebSocket-Protocol: mqtt\r\n\r\n" if server.protocol == "mqtt" else "\r\n"
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as it:
        with trusting().wrap_socket(it) if server.over_tls else it as stream:
            stream.sendall(request.encode())
            return stream.recv(1) != b""
    return False


def wait_until_ready(server, process, port, log):
    end = time.monotonic() + SECONDS_TO_START
    while not answers(server, port):
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the server did not start:\n{log.read_text(errors='replace')[-2000:]}")
        time.sleep(0.02)


def stop(process):
    process.terminate()
    try:
        process.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def running(server, core):
    """(port, [pids]) of a server that is there for this block."""
    with tempfile.TemporaryDirectory(prefix="spectate-compare-") as name:
        folder = pathlib.Path(name)
        port, log = free_port(), folder / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                pinned(core, server.command(port, folder)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=prepare,
            )
        try:
            wait_until_ready(server, process, port, log)
            yield port, family_of(process.pid)
        finally:
            stop(process)
