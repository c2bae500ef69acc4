"""How everything on the page is decided and computed: shown on the page, and named by origins."""

from __future__ import annotations

from bakeoff_report.bands import TOO_NOISY, TWICE
from bakeoff_report.collect.alive import LOOKED_UP_DAYS
from bakeoff_report.collect.costs import TAUGHT_SINCE
from bakeoff_report.model import Rule

WORST_NAMED = 3
"""How many workarounds a verdict names."""

RULES = [
    Rule(
        id="executed",
        title="Executed, not declared",
        text="A cell counts tests that ran against a real server. A test with parameters counts "
        "once for each. A skipped test did not run. The place in the file is the module of tests.",
    ),
    Rule(
        id="counted",
        title="Counted by the suite",
        text="Passed, failed and expected failures as the suite counted them, where there is no "
        "file with the names of the tests.",
    ),
    Rule(
        id="mark",
        title="Marks",
        text="A cell has failed if a test failed, and has a gap if a test was expected to fail. "
        "Otherwise it is worked around if a workaround of the layer or its driver bears on the "
        "database (of a part of the contract: if one of the traps that it answers is tested "
        "there), and executed if not. A row is as bad as its worst cell; without the contract it "
        "was not run.",
    ),
    Rule(
        id="where-it-bears",
        title="Where a workaround bears",
        text="On the database of the driver that needs it; else on the databases that the marked "
        "files, or else its own name, are called after; else on all.",
    ),
    Rule(
        id="band",
        title="Bands",
        text="A cost is compared with that of raw in the same rounds. It is the same unless its "
        "95 % interval leaves out 1 and it is farther from 1 than the noise, which is what raw "
        f"came to when it was measured against itself. It is {TWICE:g} times and more only if the "
        "whole interval is, by more than the noise. Inside a band there is no order but that of "
        "names, and there is no overall score.",
    ),
    Rule(
        id="can-tell",
        title="What a run can tell",
        text="Without a twin of raw a run tells nothing. Where the twin is off by more than "
        f"{TOO_NOISY:.0%}, nothing is called the same, or less. CPU time, statements and round "
        "trips depend less on what else the machine does, so they come first.",
    ),
    Rule(
        id="faster",
        title="Nothing is faster than raw without a reason",
        text="A figure that is below that of raw beyond the noise needs a note that explains it.",
    ),
    Rule(
        id="failed",
        title="No time for a failure",
        text="An operation that failed has no time. The bench compares every kind of answer with "
        "that of raw before it takes any time.",
    ),
    Rule(
        id="taught",
        title="As shipped and as taught",
        text="The adapter's own way stands beside the way that the layer's documentation teaches. "
        f"A committed run from {TAUGHT_SINCE.date()} on is not shown without the latter.",
    ),
    Rule(
        id="stale",
        title="Stale",
        text="A figure is stale when the version that it was made with is older than the last "
        "release that was known when the releases were last looked up; what was looked up is stale "
        f"after {LOOKED_UP_DAYS} days.",
    ),
    Rule(id="baseline", title="Baseline", text="raw is compared with itself, which is 1."),
    Rule(
        id="cpu-ratio",
        title="Ratio of CPU times",
        text="CPU time for one operation by that of raw in the same rounds: the interquartile mean "
        "of the rounds, with an interval bootstrapped over restarts. The bench's own estimator, "
        "applied to the slices at the place that is named and to those of raw beside it.",
    ),
    Rule(
        id="time-ratio",
        title="Ratio of times",
        text="As the ratio of CPU times, of the time on the clock.",
    ),
    Rule(
        id="inverse",
        title="Time from rate",
        text="The bench writes rates relative to raw; a time is 1 by the rate, and the ends of its "
        "interval change places.",
    ),
    Rule(
        id="cpu-time",
        title="CPU time of an operation",
        text="CPU time of the process over all slices by their operations, in microseconds.",
    ),
    Rule(
        id="server-cpu-time",
        title="CPU time in the database",
        text="The same of the processes of the database server.",
    ),
    Rule(id="milliseconds", title="Milliseconds", text="Nanoseconds by a million."),
    Rule(
        id="installed",
        title="Installed size",
        text="The backend's distribution and all that it requires, each once, by the bytes of "
        "their files without bytecode. Read in an environment of the checkout where no run of the "
        "bench has measured it.",
    ),
    Rule(id="count", title="Count", text="How many entries the list has."),
    Rule(
        id="lines-team",
        title="Lines that a team would write",
        text="Lines with code (no blank lines, comments and docstrings) of the tables and of the "
        "files of the port: authors, books, users, tokens, orders, reports, outbox.",
    ),
    Rule(
        id="lines-engine",
        title="Lines of the engine",
        text="Lines with code of the rest of the adapter: what makes the layer keep the contract.",
    ),
    Rule(
        id="lines-taught",
        title="Lines as taught",
        text="Lines with code of the tutorial arm, which has four operations.",
    ),
    Rule(
        id="faults",
        title="On the worst day",
        text="A service under a steady mix of requests meets a fault. Afterwards everything is "
        "read back, over a fresh connection and through the API. The run of the faults judges: "
        "all is kept if no acknowledged write is lost, no refused one is there, no answer is "
        "older than what was acknowledged, each status is one of the contract, no answer takes "
        "longer than the limit in the file, and the service works again by itself with no more "
        "sessions than its pool may have. n/m are the faults after which all was kept, of those "
        "that were made; what does not apply or was not run is not in m. Of several runs yours is "
        "shown before a reference, and a newer reference before an older one.",
    ),
    Rule(
        id="growth",
        title="Growth",
        text="An operation or an export is above what is allowed as the bench decides it: a "
        "slowdown if its whole interval is, memory if the peak is.",
    ),
    Rule(
        id="choice",
        title="Which layers have all of it",
        text="A layer has what is asked for if the contract and all tests of the capability ran "
        "on each of the databases with the usual Python and driver, and passed, with workarounds "
        "or without. Migrations of its own and types are as looked up: a tool by the same people, "
        "and `py.typed`.",
    ),
    Rule(
        id="verdict-runs",
        title="Does it run on my database?",
        text="The databases on which the tests of the contract passed on the usual Python, those "
        "on which one failed, those on which nobody has run them, and those that the layer does "
        "not support.",
    ),
    Rule(
        id="verdict-alive",
        title="Is it alive?",
        text="The last release with its day, the licence and who keeps it, as looked up; nothing "
        "is concluded from them.",
    ),
    Rule(
        id="verdict-right",
        title="Does it do the hard parts right?",
        text="All executed cells but those of the contract as a whole, over all databases: tests "
        "that passed of those that ran, and the capabilities with a failure or a gap by name.",
    ),
    Rule(
        id="verdict-bites",
        title="Where will it bite?",
        text=f"The number of workarounds, and {WORST_NAMED} of them: those that were reported "
        "upstream most often, by their own links and those of the traps they answer; "
        "among equals by name.",
    ),
    Rule(
        id="verdict-migrations",
        title="How do I migrate?",
        text="What users of the layer migrate a schema with, as looked up.",
    ),
    Rule(
        id="verdict-reads",
        title="How does the code read?",
        text="Lines that a team would write, lines of the engine, and how the layer is typed.",
    ),
    Rule(
        id="verdict-costs",
        title="What does it cost?",
        text="How many operations fall into each band of CPU time of the process, on one database "
        "with one task in process, in your run or else the newest reference that has them.",
    ),
    Rule(
        id="verdict-leaving",
        title="How do I leave?",
        text="Pairs of this layer and another, either way round, in which one read, changed and "
        "deleted what the other had written.",
    ),
]
