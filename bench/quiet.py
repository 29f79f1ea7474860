"""Whether anything but the bench works on this machine: what is timed beside another job says nothing."""

import os
import time

LIMIT = 0.10  # of a core, by all others together
SAMPLE_SECONDS = 1
KERNEL_THREAD = 0x00200000  # PF_KTHREAD; what the kernel writes to the disk for us is ours


class Busy(Exception):
    pass


class Processor:
    """Seconds of processor time since the machine started, by whom, as /proc has them."""

    def __init__(self, proc="/proc", own=lambda: sum(os.times()[:4]), clock=time.monotonic):
        self._proc, self._own, self._clock = proc, own, clock
        self._tick = os.sysconf("SC_CLK_TCK")

    def _all(self):
        with open(f"{self._proc}/stat", encoding="ascii") as stream:
            user, nice, system, idle, waiting, _, _, stolen = map(int, stream.readline().split()[1:9])
        return (user + nice + system + stolen) / self._tick, (idle + waiting) / self._tick

    def by_process(self):
        """pid -> (name, whether it is the kernel's, seconds)."""
        found = {}
        for pid in filter(str.isdigit, os.listdir(self._proc)):
            try:
                with open(f"{self._proc}/{pid}/stat", encoding="utf-8", errors="replace") as stream:
                    before, after = stream.read().rsplit(")", 1)  # a name may hold anything
            except OSError:
                continue  # it has ended
            fields = after.split()  # from the third of proc(5) on
            seconds = (int(fields[11]) + int(fields[12])) / self._tick
            found[int(pid)] = before.split("(", 1)[1], bool(int(fields[6]) & KERNEL_THREAD), seconds
        return found

    def look(self):
        busy, idle = self._all()
        processes = self.by_process()
        kernel = sum(seconds for _, is_kernel, seconds in processes.values() if is_kernel)
        return {"time": self._clock(), "all": busy, "idle": idle, "ours": self._own() + kernel, "processes": processes}


def others(before, after):
    """The share of a core that was not ours between two looks. Children of ours count once they have ended."""
    seconds = after["time"] - before["time"]
    if seconds >= SAMPLE_SECONDS and after["all"] + after["idle"] == before["all"] + before["idle"]:
        raise Busy("/proc/stat stands still: whether the machine is quiet cannot be told")
    used = (after["all"] - before["all"]) - (after["ours"] - before["ours"])
    return max(0, used / seconds)


def busiest(before, after):
    """The process that used most between two looks, as a text; "" where none can be named."""
    used = {
        pid: seconds - before["processes"].get(pid, (name, False, 0))[2]
        for pid, (name, is_kernel, seconds) in after["processes"].items()
        if not is_kernel and pid != os.getpid()
    }
    pid = max(used, key=used.get, default=None)
    if pid is None or used[pid] <= 0:
        return ""
    share = used[pid] / (after["time"] - before["time"])
    return f"; most by {after['processes'][pid][0]} (process {pid}), {share:.0%}"


class Watch:
    """begin() waits until the machine is quiet; undisturbed() says whether it has stayed so since. Where it is not,
    Busy is raised, once `wait_seconds` have been waited in all."""

    def __init__(self, wait_seconds, processor=None, sleep=time.sleep, say=lambda text: None):
        self._left, self._processor, self._sleep, self._say = wait_seconds, processor or Processor(), sleep, say
        self._before = None

    def begin(self):
        while True:
            before = self._processor.look()
            self._sleep(SAMPLE_SECONDS)
            self._before = self._processor.look()
            share = others(before, self._before)
            if share <= LIMIT:
                return
            self._not_quiet(f"other jobs use {share:.0%} of a core{busiest(before, self._before)}")

    def undisturbed(self):
        after = self._processor.look()
        share = others(self._before, after)
        if share <= LIMIT:
            return True
        self._not_quiet(f"other jobs used {share:.0%} of a core meanwhile{busiest(self._before, after)}")
        return False

    def _not_quiet(self, what):
        if self._left <= 0:
            raise Busy(f"{what}: must be at most {LIMIT:.0%}; stop them, or --wait MINUTES")
        self._say(f"{what}; waiting")
        pause = min(self._left, 10)
        self._sleep(pause)
        self._left -= pause
