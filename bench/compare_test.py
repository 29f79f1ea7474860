#!/usr/bin/env python3
"""What compare.py concludes: from /proc whether other jobs work here, and from medians which claims held."""

import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import compare
import quiet

TICK = os.sysconf("SC_CLK_TCK")


class Machine:
    """A /proc of our own and a clock that goes when it is slept. Seconds of processor time are set by hand."""

    def __init__(self, folder):
        self.proc, self.now, self.ours, self.idle, self.used = folder, 100.0, 0.0, 0.0, {}
        self.load = {}  # pid -> (name, flags, share of a core)
        self.own_share = 0.0
        self.slept = []
        self.processor = quiet.Processor(folder, lambda: self.ours, lambda: self.now)
        self.go(0)

    def go(self, seconds):
        self.now += seconds
        self.ours += seconds * self.own_share
        self.idle += seconds
        for pid, (_, _, share) in self.load.items():
            self.used[pid] = self.used.get(pid, 0) + seconds * share
        with open(f"{self.proc}/stat", "w", encoding="ascii") as stream:
            busy = round((self.ours + sum(self.used.values())) * TICK)
            stream.write(f"cpu  {busy // 2} 0 {busy - busy // 2} {round(self.idle * TICK)} 0 7 7 0 0 0\n")
        for pid, (name, flags, _) in self.load.items():
            os.makedirs(f"{self.proc}/{pid}", exist_ok=True)
            with open(f"{self.proc}/{pid}/stat", "w", encoding="ascii") as stream:
                ticks = round(self.used[pid] * TICK)
                stream.write(f"{pid} ({name}) R 1 1 1 0 -1 {flags} 0 0 0 0 {ticks} 0 0 0 20 0 1 0\n")

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.go(seconds)

    def watch(self, wait_seconds=0):
        return quiet.Watch(wait_seconds, self.processor, self.sleep)


class Quiet(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.machine = Machine(folder.name)

    def test_a_machine_of_our_own_is_quiet(self):
        watch = self.machine.watch()
        watch.begin()
        self.machine.own_share = 2.0
        self.machine.go(5)
        self.assertTrue(watch.undisturbed())

    def test_a_tenth_of_a_core_is_the_limit(self):
        for share, good in [(0.09, True), (0.12, False)]:
            self.machine.load = {7: ("make", 0, share)}
            if good:
                self.machine.watch().begin()
            else:
                with self.assertRaisesRegex(quiet.Busy, r"use 12% of a core; most by make \(process 7\), 12%: must be at most 10%"):
                    self.machine.watch().begin()

    def test_many_small_jobs_are_one_large_one(self):
        self.machine.load = {pid: ("cron", 0, 0.05) for pid in (7, 8, 9)}
        with self.assertRaisesRegex(quiet.Busy, "use 15% of a core"):
            self.machine.watch().begin()

    def test_what_the_kernel_does_is_ours(self):
        self.machine.load = {3: ("kworker/u4:2", quiet.KERNEL_THREAD | 0x40, 0.5)}
        self.machine.watch().begin()

    def test_a_name_may_hold_anything(self):
        self.machine.load = {7: (") R (a b", 0, 0.5)}
        with self.assertRaisesRegex(quiet.Busy, r"most by \) R \(a b \(process 7\), 50%"):
            self.machine.watch().begin()

    def test_a_job_that_came_and_went_is_seen(self):
        watch = self.machine.watch()
        watch.begin()
        self.machine.used[99] = 1.0  # no process is left to name
        self.machine.go(4)
        with self.assertRaisesRegex(quiet.Busy, "used 25% of a core meanwhile: must"):
            watch.undisturbed()

    def test_a_disturbed_round_is_run_again_while_there_is_time(self):
        watch = self.machine.watch(15)
        watch.begin()
        for waited in (10, 5):
            self.machine.load = {7: ("make", 0, 1.0)}
            self.machine.go(4)
            self.assertFalse(watch.undisturbed())
            self.assertEqual(self.machine.slept[-1], waited)
            self.machine.load = {}
            watch.begin()
        self.machine.load = {7: ("make", 0, 1.0)}
        self.machine.go(4)
        with self.assertRaises(quiet.Busy):
            watch.undisturbed()

    def test_where_nothing_can_be_told_nothing_is_said_to_be_quiet(self):
        with self.assertRaisesRegex(quiet.Busy, "stands still"):
            quiet.Watch(0, quiet.Processor(self.machine.proc, lambda: 0, lambda: self.machine.now), self.pass_time).begin()

    def pass_time(self, seconds):
        self.machine.now += seconds

    def test_this_machine_has_what_is_looked_at(self):
        processor = quiet.Processor()
        before = processor.look()
        end = before["time"] + 1
        while processor.look()["time"] < end:
            pass
        after = processor.look()
        self.assertGreater(after["ours"] - before["ours"], 0.05)
        self.assertGreaterEqual(after["all"] - before["all"], 0.05)
        self.assertIn(os.getpid(), after["processes"])


def values(**changed):
    return dict.fromkeys(compare.ROWS, 1.0) | changed


class Claims(unittest.TestCase):
    medians = {
        ("danggol", None): values(import_seconds=2.0, analyse_seconds=1.2, process_seconds=3.2),
        ("duckdb", 1): values(import_seconds=3.0, analyse_seconds=1.0, read_seconds=None),
        ("duckdb", 2): values(import_seconds=2.5, analyse_seconds=1.5, read_seconds=None),
        ("pandas", 1): values(process_seconds=5.0, peak_rss_mb=3.0),
        ("pandas", 2): values(process_seconds=6.0, peak_rss_mb=3.0),
        ("pandas-pyarrow", 1): values(process_seconds=9.0, peak_rss_mb=0.5),
        ("pandas-pyarrow", 2): values(process_seconds=4.0, peak_rss_mb=0.8),
    }

    def verdicts(self, medians):
        best = compare.faster(medians)
        return {verdict["row"]: verdict for verdict in (compare.judge(claim, best) for claim in compare.CLAIMS)}

    def test_the_faster_number_of_threads_counts_step_by_step(self):
        best = compare.faster(self.medians)
        self.assertEqual((best["duckdb"]["import_seconds"], best["duckdb"]["analyse_seconds"]), (2.5, 1.0))
        self.assertIsNone(best["duckdb"]["read_seconds"])
        self.assertEqual(list(best), ["danggol", "duckdb", "pandas", "pandas-pyarrow"])

    def test_a_claim_is_danggol_over_the_best_of_its_peers(self):
        found = self.verdicts(self.medians)
        for row, against, ratio, held in [
            ("import_seconds", "duckdb", 2.0 / 2.5, True),
            ("analyse_seconds", "duckdb", 1.2, True),
            ("process_seconds", "pandas-pyarrow", 3.2 / 4.0, True),
            ("peak_rss_mb", "pandas-pyarrow", 2.0, False),
        ]:
            verdict = found[row]
            self.assertEqual((verdict["against"], verdict["held"]), (against, held), row)
            self.assertAlmostEqual(verdict["measured"], ratio)

    def test_what_is_asked(self):
        limits = {(claim.row, *claim.against): claim.most for claim in compare.CLAIMS}
        self.assertEqual(limits["analyse_seconds", "duckdb"], 1.3)
        self.assertEqual(limits["import_seconds", "duckdb"], 1)
        self.assertEqual(limits["process_seconds", "pandas", "pandas-pyarrow"], 1)

    def test_just_beyond_is_not_held(self):
        for seconds, held in [(1.3, True), (1.301, False)]:
            slower = self.medians | {("danggol", None): values(analyse_seconds=seconds)}
            self.assertEqual(self.verdicts(slower)["analyse_seconds"]["held"], held)

    def test_without_danggol_no_claim_is_judged(self):
        peers = {program: row for program, row in self.medians.items() if program[0] != "danggol"}
        self.assertEqual({verdict["held"] for verdict in self.verdicts(peers).values()}, {None})

    def test_medians_are_of_rounds(self):
        rounds = [{("duckdb", 1): values(import_seconds=seconds)} for seconds in (3.0, 1.0, 2.0)]
        self.assertEqual(compare.medians_of(rounds)["duckdb", 1]["import_seconds"], 2.0)


if __name__ == "__main__":
    unittest.main()
