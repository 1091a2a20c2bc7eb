"""What a simulation showed: its figures as JSON, and tables of them.

F1 and shares are in [0, 1] in the JSON and in per cent in the tables.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from activelearning.domain.forecast import past_errors
from activelearning.domain.learning_curve import Measured
from activelearning.domain.selection import RANDOM
from activelearning.engine import curves
from activelearning.engine.simulation import Corpus, Plan, Results, Round

GOALS = (90, 95, 98, 99)
"""Per cent of the F1 that a model reaches with the whole pool."""
GOAL = "95"
"""The one that tables show."""
HOUR = 3600


def summary(corpus: Corpus, plan: Plan, results: Results) -> dict[str, Any]:
    """The figures of all strategies, those of `random` being what the others are held against."""
    full = statistics.fmean(results.reference)
    strategies = {
        name: _strategy(runs, results.rounds.get(RANDOM, []), full, corpus.words, not plan.starts_apart(name))
        for name, runs in results.rounds.items()
    }
    probe = _probe([r for runs in results.rounds.values() for run in runs for r in run])
    return {"full": {"f1": full, "tokens": corpus.words}, "strategies": strategies, "probe": probe}


def _strategy(
    runs: Sequence[Sequence[Round]],
    chance: Sequence[Sequence[Round]],
    full: float,
    words: int,
    common_start: bool,
) -> dict[str, Any]:
    areas = [curves.aulc([r.tokens for r in run], [r.f1 for r in run]) for run in runs]
    tokens, hours = _reaches(runs, full, "tokens", words), _reaches(runs, full, "seconds", HOUR)
    figures: dict[str, Any] = {
        "curve": [[r.as_dict() for r in run] for run in runs],
        "aulc": {"mean": statistics.fmean(areas), "sd": statistics.stdev(areas) if len(areas) > 1 else 0.0},
        "tokens_to": {goal: _mean(found) for goal, found in tokens.items()},
        "hours_to": {goal: _mean(found) for goal, found in hours.items()},
        "seeds_reached": {goal: sum(f is not None for f in found) for goal, found in tokens.items()},
    }
    pairs = [
        (seed, number, *pair)
        for seed, (run, other) in enumerate(zip(runs, chance, strict=False))
        for number, pair in enumerate(zip(run, other, strict=True))
        if number or not common_start
    ]
    figures["rounds_won"] = [sum(ours.f1 > theirs.f1 for _, _, ours, theirs in pairs), len(pairs)]
    figures["never_worse"] = {"worse_cells": list(_worse(pairs)), "cells": len(pairs)}
    figures["probe"] = _probe([r for run in runs for r in run])
    figures["forecast"] = _forecasts(figures["curve"])
    return figures


def _probe(rounds: Sequence[Round]) -> dict[str, Any]:
    """How often the probe's interval held; `redrawn`: the share of other probes' that did, None without a probe."""
    estimates = [r.probe for r in rounds if r.probe]
    return {
        "rounds": len(estimates),
        "covered": sum(estimate.covers for estimate in estimates),
        "redrawn": _mean([estimate.redrawn for estimate in estimates]),
    }


def _forecasts(curve: Sequence[Sequence[Mapping[str, Any]]]) -> dict[str, int]:
    """How many forecasts the product would have made along the curves, and how often its 95 % interval held."""
    runs = [[Measured(r["sentences"], r["f1"], words=r["tokens"]) for r in run] for run in curve]
    past = [one for points in runs for one in past_errors(points)]
    return {"made": len(past), "held": sum(one.held for one in past)}


def _reaches(runs: Sequence[Sequence[Round]], full: float, cost: str, unit: float) -> dict[str, list[float | None]]:
    """For each goal what each seed needs to reach it, in units."""
    found: dict[str, list[float | None]] = {}
    for goal in GOALS:
        reached = [
            curves.reach([getattr(r, cost) for r in run], [r.f1 for r in run], goal / 100 * full) for run in runs
        ]
        found[str(goal)] = [None if cost is None else cost / unit for cost in reached]
    return found


def _mean(found: Sequence[float | None]) -> float | None:
    """None unless every seed has got there."""
    reached = [cost for cost in found if cost is not None]
    return statistics.fmean(reached) if reached and len(reached) == len(found) else None


def _worse(pairs: Sequence[tuple[int, int, Round, Round]]) -> Iterator[dict[str, float]]:
    """Rounds in which the whole interval of F1(ours) − F1(random), over samples of test documents, lies below 0."""
    for seed, number, ours, theirs in pairs:
        if ours.f1 >= theirs.f1:
            continue
        low, high = curves.difference_interval(ours.counts, theirs.counts)
        if high < 0:
            yield {
                "seed": seed,
                "round": number,
                "tokens": ours.tokens,
                "f1": ours.f1,
                "random": theirs.f1,
                "low": low,
                "high": high,
            }


def table(figures: Mapping[str, Any]) -> str:
    """The figures of one simulation, a strategy a line."""
    full = figures["full"]
    lines = [f"Whole pool: F1 {100 * full['f1']:.1f} with {full['tokens']:,} words"]
    goals = "".join(f"{f'to {goal} %':>10}" for goal in GOALS)
    lines.append(f"{'strategy':20}{'AULC':>12}{'won':>9}{'worse':>9}{goals}   hours to {GOAL} %   F1 by round")
    for name, of in figures["strategies"].items():
        worse, area = of["never_worse"], of["aulc"]
        shares = "".join(f"{_percent(of['tokens_to'][str(goal)]):>10}" for goal in GOALS)
        means = " ".join(
            f"{100 * statistics.fmean(r['f1'] for r in rounds):.1f}" for rounds in zip(*of["curve"], strict=True)
        )
        lines.append(
            f"{name:20}{100 * area['mean']:>6.1f} ±{100 * area['sd']:4.1f}{_of(*of['rounds_won']):>9}"
            f"{_of(len(worse['worse_cells']), worse['cells']):>9}{shares}{_number(of['hours_to'][GOAL]):>18}   {means}"
        )
    if figures["probe"]["rounds"]:
        probe = figures["probe"]
        covered, redrawn = _of(probe["covered"], probe["rounds"]), _percent(probe["redrawn"])
        lines.append(f"The probe's interval held the F1 of the unlabelled pool in {covered} rounds, and")
        lines.append(f"that of other probes of as many documents, drawn anew for every round, in {redrawn}.")
    return "\n".join([*lines, *_track([figures])])


def _track(all_figures: Iterable[Mapping[str, Any]]) -> list[str]:
    counts = [_forecasts(of["curve"]) for figures in all_figures for of in figures["strategies"].values()]
    made, held = (sum(count[key] for count in counts) for key in ("made", "held"))
    return [f"The forecast's interval held what was measured later {_of(held, made)} times."] if made else []


def comparison(named: Mapping[str, Mapping[str, Any]]) -> str:
    """Several simulations side by side: each strategy against `random`, corpus by corpus and on average.

    Costs are those of reaching 95 % of the whole pool's F1, as a ratio to random's. A seed that
    never gets there counts with its last round, so `<` marks a ratio that is smaller in truth
    (random fell short) and `>` one that is larger.
    """
    names = list(dict.fromkeys(name for figures in named.values() for name in figures["strategies"]))
    lines = []
    for name in names:
        lines.append(f"{name}\n{'':22}{'AULC':>8}{'random':>8}{'won':>10}{'worse':>10}{'tokens':>9}{'hours':>9}")
        rows = [(corpus, *_against_random(f, name)) for corpus, f in named.items() if name in f["strategies"]]
        for corpus, area, chance, won, worse, tokens, hours in rows:
            lines.append(
                f"{corpus:22}{100 * area:8.1f}{100 * chance:8.1f}{_of(*won):>10}{_of(*worse):>10}"
                f"{_ratio(tokens):>9}{_ratio(hours):>9}"
            )
        lines.append(_average(rows))
    return "\n".join([*lines, *_track(named.values())])


def _against_random(figures: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    ours, chance = figures["strategies"][name], figures["strategies"][RANDOM]
    goal = int(GOAL) / 100 * figures["full"]["f1"]
    worse = len(ours["never_worse"]["worse_cells"]), ours["never_worse"]["cells"]
    return (
        ours["aulc"]["mean"],
        chance["aulc"]["mean"],
        ours["rounds_won"],
        worse,
        _cost_ratio(ours, chance, goal, "tokens"),
        _cost_ratio(ours, chance, goal, "seconds"),
    )


def _cost_ratio(ours: Mapping[str, Any], chance: Mapping[str, Any], goal: float, cost: str) -> tuple[float, str]:
    """Ratio of the mean costs, and which way the truth lies from it."""
    mine, short = _censored(ours, goal, cost)
    theirs, random_short = _censored(chance, goal, cost)
    marks = {(False, True): "<", (True, False): ">", (True, True): "?"}
    return mine / theirs, marks.get((short, random_short), "")


def _censored(of: Mapping[str, Any], goal: float, cost: str) -> tuple[float, bool]:
    """Mean cost of reaching `goal`, and whether a seed fell short and counts with its last round."""
    found = [curves.reach([r[cost] for r in run], [r["f1"] for r in run], goal) for run in of["curve"]]
    lasts = [run[-1][cost] for run in of["curve"]]
    return statistics.fmean(last if f is None else f for f, last in zip(found, lasts, strict=True)), None in found


def _average(rows: Sequence[tuple[Any, ...]]) -> str:
    area, chance = (100 * statistics.fmean(row[column] for row in rows) for column in (1, 2))
    won, worse = ([sum(row[column][place] for row in rows) for place in (0, 1)] for column in (3, 4))
    ratios = []
    for column in (5, 6):
        marks = {mark for row in rows for mark in row[column][1]}
        ratios.append(
            _ratio(
                (
                    statistics.fmean(row[column][0] for row in rows),
                    marks.pop() if len(marks) == 1 else "?" * bool(marks),
                )
            )
        )
    return f"{'all':22}{area:8.1f}{chance:8.1f}{_of(*won):>10}{_of(*worse):>10}{ratios[0]:>9}{ratios[1]:>9}\n"


def _of(part: int, whole: int) -> str:
    return f"{part}/{whole}"


def _ratio(ratio: tuple[float, str]) -> str:
    return f"{ratio[1]}{ratio[0]:.2f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
