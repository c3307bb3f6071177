"""Distance between machines that are network namespaces, where the kernel has no netem: one TUN device in each, and this process between them.

    delay.py MS JITTER NAMESPACE=ADDRESS...

A packet that one machine sends to another waits MS milliseconds, more or less by up to JITTER, and is handed over in the order in which it was sent
(a queue, as a long line is). Prints "ready" once all routes stand; they go with the devices when this process ends. Standard library only; root.
"""
import collections, ctypes, fcntl, os, random, select, struct, subprocess, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI, CLONE_NEWNET = 0x400454CA, 0x0001, 0x1000, 0x40000000
MTU = 9000
libc = ctypes.CDLL(None, use_errno=True)


def enter(path):
    fd = os.open(path, os.O_RDONLY)
    if libc.setns(fd, CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "setns " + path)
    os.close(fd)


def main():
    base, jitter = float(sys.argv[1]) / 1000, float(sys.argv[2]) / 1000
    machines = [a.split("=") for a in sys.argv[3:]]
    home, device = "/proc/%d/ns/net" % os.getpid(), b"far"
    own = os.open(home, os.O_RDONLY)
    tuns = {}
    for namespace, address in machines:
        enter("/var/run/netns/" + namespace)
        fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
        fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", device, IFF_TUN | IFF_NO_PI))
        tuns[bytes(map(int, address.split(".")))] = fd
        libc.setns(own, CLONE_NEWNET)
        ip = ["ip", "-n", namespace]
        subprocess.run(ip + ["link", "set", "far", "mtu", str(MTU), "txqueuelen", "10000", "up"], check=True)
        for _, other in machines:
            if other != address:
                subprocess.run(ip + ["route", "add", other + "/32", "dev", "far", "src", address], check=True)
    print("ready", flush=True)
    lines = {}  # (from, to) -> packets with the time that each is due; a line keeps its order
    while True:
        now = time.monotonic()
        due = min((line[0][0] for line in lines.values() if line), default=None)
        readable, _, _ = select.select(list(tuns.values()), [], [], None if due is None else max(0, due - now))
        now = time.monotonic()
        for fd in readable:
            for _ in range(64):
                try:
                    packet = os.read(fd, MTU + 100)
                except BlockingIOError:
                    break
                to = packet[16:20]
                if packet[0] >> 4 == 4 and to in tuns:
                    line = lines.setdefault((fd, to), collections.deque())
                    at = now + base + random.uniform(-jitter, jitter)
                    line.append((max(at, line[-1][0]) if line else at, packet))
        now = time.monotonic()
        for (_, to), line in lines.items():
            while line and line[0][0] <= now:
                try:
                    os.write(tuns[to], line.popleft()[1])
                except OSError:
                    pass  # its queue is full, or the machine is gone: a lost packet


main()
