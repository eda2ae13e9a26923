# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU and the guest's kernel and root, from Debian packages unpacked under build/vm.

A private apt asks the mirror that this machine uses already: no host is named here and nothing is
installed. What is made is kept under the checksum of this file, so a second run fetches nothing; it
is made aside and renamed, so a run that is cut short leaves nothing half-made.
"""
import fcntl
import glob
import gzip
import hashlib
import lzma
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PLACE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "build", "vm")
LIMIT = 600  # seconds for apt to fetch 120 MB

QEMU = ["qemu-system-x86"]
NO_IGB = ["bookworm"]  # releases whose QEMU lacks the SR-IOV card `igb`; their backports have it
# udevd, and python for the scripts
GUEST = ["busybox-static", "kmod", "linux-image-amd64", "pci.ids", "python3", "udev", "usb.ids"]
# what the daemon links, whose names change with the release, and whose package depends on it
LINKED = {"libconfig-dev": "libconfig", "libevent-dev": "libevent-core", "libjansson-dev": "libjansson",
          "libpci-dev": "libpci", "libpcre2-dev": "libpcre2-8", "libsqlite3-dev": "libsqlite3",
          "libusb-1.0-0-dev": "libusb-1.0", "libudev-dev": "libudev"}
# and what those need
MODULES = """9p 9pnet_virtio virtio_pci virtio_console virtio_rng
             xhci_pci usbhid hid_generic usb_storage uas sd_mod
             igb igbvf e1000e nvme vfio_pci vfio_iommu_type1 pciehp""".split()
LEFT_OUT = re.compile(r"""(usr/(share/(doc|man|info|locale|lintian|bash-completion|perl5|zsh|gdb|bug|
    initramfs-tools|debconf|common-licenses|pixmaps|applications|adduser)|include|
    lib/(udev/hwdb\.d|klibc|systemd/system|python3\.\d+/(ensurepip|idlelib|lib2to3|distutils|
    pydoc_data|unittest|test|tkinter|sqlite3|asyncio|curses|dbm|turtledemo|xmlrpc|wsgiref|
    config-[^/]*)))|boot|etc/init\.d|var)$""", re.VERBOSE)


class Unavailable(Exception):
    """The rig cannot be had here; says why."""


def run(command, why, **more):
    try:
        return subprocess.run(command, check=True, text=True, capture_output=True, timeout=LIMIT,
                              **{"stdin": subprocess.DEVNULL, **more}).stdout
    except FileNotFoundError as error:
        raise Unavailable(f"no {command[0]}") from error
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"{why}: not within {LIMIT} s") from error
    except subprocess.CalledProcessError as error:
        said = (error.stderr.strip().splitlines() or ["it does not say why"])[-1]
        # an apt error may name the mirror, which is nobody's business here
        raise Unavailable(f"{why}: {re.sub(r'[a-z]+://[^/ ]+', '', said)}") from error


def linked():
    """The packages of the libraries that the daemon was built with."""
    names = []
    for package, prefix in LINKED.items():
        needs = run(["dpkg-query", "-W", "-f", "${Depends}", package], f"{package} is not installed")
        names += re.findall(rf"(?:^|[ ,|])({re.escape(prefix)}-?[0-9][^ ,(:]*)", needs)
    return names


class Apt:
    """An apt of our own, with its lists and packages under PLACE."""

    def __init__(self):
        known = run(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)",
                     "Created-By: Packages"], "apt knows no mirror").splitlines()
        # the release itself: sources may have its backports and updates as well
        mirror = next((line.split() for line in known if re.fullmatch(r"\S+ [^- ]+", line)), None)
        if not mirror:
            raise Unavailable("apt knows no mirror")
        self.release = mirror[1]
        self.newer = f"{self.release}-backports" if self.release in NO_IGB else self.release
        self.folder = f"{PLACE}/apt"
        for name in ("lists/partial", "cache/archives/partial"):
            os.makedirs(f"{self.folder}/{name}", exist_ok=True)
        with open(f"{self.folder}/sources", "w", encoding="utf-8") as stream:
            for release in sorted({self.release, self.newer}):
                stream.write(f"deb {mirror[0]} {release} main\n")
        with open(f"{self.folder}/status", "w", encoding="utf-8"):
            pass  # dpkg's lock lies beside it
        self.options = [f"Dir::Etc::sourcelist={self.folder}/sources", "Dir::Etc::sourceparts=-",
                        f"Dir::State::lists={self.folder}/lists", f"Dir::Cache={self.folder}/cache",
                        f"Dir::State::status={self.folder}/status", "APT::Sandbox::User=root"]
        self.call(f"the mirror lacks {self.newer}", "update", "-o", "APT::Update::Error-Mode=any")

    def call(self, why, *arguments):
        options = [word for option in self.options for word in ("-o", option)]
        return run(["apt-get", "-q", "-q", *options, *arguments], why)

    def fetch(self, release, packages):
        """Files of the packages and of all that they need."""
        install = ["install", "-y", "--no-install-recommends", "-t", release, *packages]
        self.call(f"cannot fetch {' '.join(packages)}", *install, "--download-only")
        names = [line.split()[1] for line in
                 self.call("apt lists nothing", *install, "--print-uris",
                           "-o", "Dir::Cache::archives=/nonexistent").splitlines()]
        return [f"{self.folder}/cache/archives/{name}" for name in names]


def unpack(packages, root):
    """As dpkg would, on a root where /bin, /lib and such are links; scripts are not run."""
    for name in ("bin", "sbin", "lib", "lib64"):
        os.makedirs(f"{root}/usr/{name}")
        os.symlink(f"usr/{name}", f"{root}/{name}")
    for package in packages:
        contents = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", package], stdout=subprocess.PIPE)
        run(["tar", "-x", "--keep-directory-symlink", "--no-same-owner", "-C", root],
            f"cannot unpack {os.path.basename(package)}", stdin=contents.stdout)
        if contents.wait() != 0:
            raise Unavailable(f"cannot unpack {os.path.basename(package)}")


def unpacked(root, program):
    """A command that runs an unpacked program with its own libraries."""
    libraries = [f"{root}/usr/lib/x86_64-linux-gnu", f"{root}/usr/lib"]
    return [f"{root}/usr/lib64/ld-linux-x86-64.so.2", "--library-path", ":".join(libraries),
            f"{root}/{program}"]


def extract_kernel(image):
    """The ELF kernel inside a bzImage: QEMU starts it directly, 3 s sooner than the bzImage."""
    with open(image, "rb") as stream:
        data = stream.read()
    for magic, decompress in ((b"\xfd7zXZ\0", lzma.LZMADecompressor().decompress),
                              (b"\x1f\x8b\x08", gzip.decompress)):
        start = data.find(magic)
        if start >= 0:
            return decompress(data[start:])
    raise Unavailable("the guest's kernel is packed in an unknown way")


def wanted_modules(root, version):
    """The folders of MODULES and of what they need, from the packages' own list."""
    folder = f"{root}/usr/lib/modules/{version}"
    depmod(root, version)
    with open(f"{folder}/modules.dep", encoding="ascii") as stream:
        needs = dict(line.strip().split(":", 1) for line in stream)
    paths = {re.sub(r"\.ko.*", "", os.path.basename(path)).replace("-", "_"): path for path in needs}
    found = set()
    for name in MODULES:
        path = paths.get(name)
        if path:  # else it is built in
            found |= {path, *needs[path].split()}
    return found


def depmod(root, version):
    """The unpacked kmod, called as depmod."""
    link = f"{root}/depmod"
    os.symlink("usr/bin/kmod", link)
    # through the loader argv[0] is the path that it is given
    run([*unpacked(root, "depmod"), "-b", f"{root}/usr", version], "depmod failed")
    os.unlink(link)


def keep_modules(root, version):
    folder = f"{root}/usr/lib/modules/{version}"
    wanted = wanted_modules(root, version)
    for top, _, files in os.walk(folder):
        for name in files:
            path = os.path.relpath(f"{top}/{name}", folder)
            if ".ko" in name and path not in wanted:
                os.unlink(f"{top}/{name}")
    depmod(root, version)


def write_accounts(root):
    """No package's scripts have run: the users and groups that udev's rules name are made here."""
    groups = {"root"}
    for path in glob.glob(f"{root}/usr/lib/udev/rules.d/*"):
        with open(path, encoding="utf-8") as stream:
            groups |= set(re.findall(r'GROUP="([a-z]+)"', stream.read()))
    groups.discard("root")
    with open(f"{root}/etc/group", "w", encoding="ascii") as stream:
        stream.write("root:x:0:\n")
        for number, name in enumerate(sorted(groups), 1):
            stream.write(f"{name}:x:{number}:\n")
    with open(f"{root}/etc/passwd", "w", encoding="ascii") as stream:
        stream.write("root:x:0:0:root:/root:/bin/sh\n")


def make_root(packages, root):
    unpack(packages, root)
    version = os.listdir(f"{root}/usr/lib/modules")[0]
    keep_modules(root, version)
    library = glob.glob(f"{root}/usr/lib/python3.[0-9]*")[0]
    run([*unpacked(root, f"usr/bin/{os.path.basename(library)}"), "-m", "compileall", "-q", "-s", root,
         library], "cannot compile python's library",
        env={"PYTHONHOME": f"{root}/usr", "PATH": "/nonexistent"})
    write_accounts(root)
    for name in ("dev", "proc", "sys", "run", "tmp", "root", "host/build", "host/tests"):
        os.makedirs(f"{root}/{name}", exist_ok=True)
    os.symlink("busybox", f"{root}/usr/bin/sh")
    shutil.copy(f"{HERE}/guest/init", f"{root}/init")
    os.chmod(f"{root}/init", 0o755)


def entry(number, name, mode, data=b"", device=(0, 0)):
    """One file of a cpio archive in the `newc` form."""
    path = name.encode() + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(path), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + path
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def write_initrd(root, target):
    """Packs the root without what nobody needs in the guest, and without needing root for it."""
    number = 1
    with open(target, "wb") as stream:
        stream.write(entry(number, "dev/console", stat.S_IFCHR | 0o600, device=(5, 1)))
        for top, folders, files in os.walk(root):
            for name in sorted(folders + files):
                path = f"{top}/{name}"
                short = os.path.relpath(path, root)
                if LEFT_OUT.match(short):
                    if name in folders:
                        folders.remove(name)
                    continue
                mode = os.lstat(path).st_mode
                data = b""
                if stat.S_ISLNK(mode):
                    data = os.readlink(path).encode()
                elif stat.S_ISREG(mode):
                    with open(path, "rb") as file:
                        data = file.read()
                number += 1
                if stat.S_ISLNK(mode) or stat.S_ISREG(mode) or stat.S_ISDIR(mode):
                    stream.write(entry(number, short, mode, data))
        stream.write(entry(number + 1, "TRAILER!!!", 0))


def make(folder):
    apt = Apt()
    qemu = apt.fetch(apt.newer, QEMU)
    guest = apt.fetch(apt.release, GUEST + linked())
    unpack(qemu, f"{folder}/qemu")
    make_root(guest, f"{folder}/root")
    with open(f"{folder}/vmlinux", "wb") as stream:
        stream.write(extract_kernel(glob.glob(f"{folder}/root/boot/vmlinuz-*")[0]))
    write_initrd(f"{folder}/root", f"{folder}/initrd")
    shutil.rmtree(f"{folder}/root")


def recipe():
    """A checksum of all that decides what is made."""
    digest = hashlib.sha256()
    for name in ("image.py", "guest/init"):
        with open(f"{HERE}/{name}", "rb") as stream:
            digest.update(stream.read())
    return digest.hexdigest()[:12]


def image():
    """The folder with `qemu`, `vmlinux` and `initrd`; made if it is not there."""
    if os.uname().machine != "x86_64":
        raise Unavailable("the guest is made for x86_64 machines only")
    os.makedirs(PLACE, exist_ok=True)
    with open(f"{PLACE}/lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once make it once
        folder = f"{PLACE}/{recipe()}-image"
        if not os.path.isdir(folder):
            for old in glob.glob(f"{PLACE}/*-image"):
                shutil.rmtree(old)
            aside = tempfile.mkdtemp(suffix="-image", dir=PLACE)
            try:
                make(aside)
                os.rename(aside, folder)
            finally:
                shutil.rmtree(aside, ignore_errors=True)
        return folder


def qemu(folder):
    """The command for QEMU, to be followed by its options."""
    root = f"{folder}/qemu"
    return [*unpacked(root, "usr/bin/qemu-system-x86_64"), "-L", f"{root}/usr/share/qemu",
            "-L", f"{root}/usr/share/seabios", "-L", f"{root}/usr/lib/ipxe/qemu"]
