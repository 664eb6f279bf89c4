"""What a Python program needs to live with Zurg: where other services are, and when it is to stop. Standard library only.

    solver = zurg.Service("solver")         # follows the service from now on
    with solver.endpoint() as (host, port): # one request: Zurg stops no instance that it may still go to
        ...

    me = zurg.Self()                        # counts requests, and hears when this instance is to be stopped
    with me.request():
        ...

Outside of Zurg (no ZURG_SOCKET in the environment) both say so when they are made.
"""
import contextlib, http.client, json, os, random, socket, threading, time

AGAIN_AFTER_S = 0.2  # a stream broke, because the agent is restarted: what was heard last stays true meanwhile


class NoEndpoint(Exception):
    """Nothing of the service is ready."""


class _Agent(http.client.HTTPConnection):
    """HTTP over the Unix socket of this host's agent."""

    def __init__(self):
        super().__init__("zurg")

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ["ZURG_SOCKET"])


def _post(path, word):
    agent = _Agent()
    try:
        agent.request("POST", path, json.dumps(word), {"Content-Type": "application/json"})
        return agent.getresponse().status
    finally:
        agent.close()


def _follow(path, take):
    """Gives each line of a stream to a function, for ever."""
    while True:
        agent = _Agent()
        try:
            agent.request("GET", path)
            for line in agent.getresponse():
                if line.startswith(b"{"):
                    take(json.loads(line))
        except (OSError, http.client.HTTPException):
            pass
        finally:
            agent.close()
        time.sleep(AGAIN_AFTER_S)


def _start(path, take):
    threading.Thread(target=_follow, args=(path, take), daemon=True).start()


class Service:
    """The endpoints of another service. A revision is confirmed once no request goes to an endpoint that it does not have."""

    def __init__(self, name, port="http"):
        self._name, self._port = name, port
        self._changed = threading.Condition()
        self._ready = []     # (host, port)
        self._under_way = {}  # (host, port): requests
        _start(f"/v1/services/{name}?watch=true&confirm=true", self._take)

    @contextlib.contextmanager
    def endpoint(self, wait_s=5.0):
        """One of the ready endpoints, for one request; waits for one to become ready."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._ready, wait_s):
                raise NoEndpoint(self._name)
            # The less loaded of two picked by chance.
            picked = min(random.choices(self._ready, k=2), key=lambda e: self._under_way.get(e, 0))
            self._under_way[picked] = self._under_way.get(picked, 0) + 1
        try:
            yield picked
        finally:
            with self._changed:
                self._under_way[picked] -= 1
                if self._under_way[picked] == 0:
                    del self._under_way[picked]
                self._changed.notify_all()

    def _take(self, endpoints):
        listed = [(e["address"], e["ports"].get(self._port), e["state"]) for e in endpoints["endpoints"]]
        ready = [(host, port) for host, port, state in listed if state == "ready" and port]
        listed = [(host, port) for host, port, _ in listed if port]
        with self._changed:
            self._ready = ready or listed  # others than ready ones only when there is nothing else
            self._changed.notify_all()
            self._changed.wait_for(lambda: all(e in listed for e in self._under_way))
        _post("/v1/confirm", {"service": self._name, "revision": endpoints["revision"]})


class Self:
    """This instance: requests under way in it, and what Zurg wants of it (running, draining or refusing)."""

    def __init__(self):
        self._lock = threading.Lock()
        self._count = 0
        self.ends = False  # this instance is being stopped, whatever its state
        # One that starts while its side is to refuse is told so in its environment: the stream says it a moment later.
        self.state, self._epoch = os.environ.get("ZURG_STATE", "running"), 0
        self._before = "running", 0
        self._say()
        _start("/v1/self?watch=true", self._take)

    @property
    def draining(self):
        """Answers should say `Connection: close`."""
        return self.state != "running"

    @property
    def refusing(self):
        """New requests should be answered with 503."""
        return self.state == "refusing"

    @contextlib.contextmanager
    def request(self):
        """Counts one, and says whether it may be answered: one that is refused is not under way."""
        with self._lock:
            accepted = not self.refusing
            self._add(1 if accepted else 0)
        try:
            yield accepted
        finally:
            with self._lock:
                self._add(-1 if accepted else 0)

    def _add(self, some):
        self._count += some
        if some and self.draining:
            self._say()

    def _take(self, word):
        # Also what a restarted agent says, which does not know yet that this process counts.
        with self._lock:
            if word["state"] != self.state:
                self._before = self.state, self._epoch
            self.state, self._epoch, self.ends = word["state"], word.get("epoch", 0), word.get("ends", False)
            self._say()

    def _say(self):
        # "refusing" is said once nothing that was accepted before is under way: the other side answers from then on.
        state, epoch = self._before if self.refusing and self._count else (self.state, self._epoch)
        try:
            _post("/v1/self/in_flight", {"count": self._count, "state": state, "epoch": epoch})
        except OSError:
            pass  # the agent is restarted: it is told again when the stream comes back
