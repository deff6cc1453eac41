"""Turns a run's figures into tables: plain text, one table per question the figures answer."""

import math
import re

RATIO_CAP = 100.0
MODES = ("count", "fetch", "limit")


def geometric_mean(values):
    values = [v for v in values if v]
    return math.exp(sum(math.log(v) for v in values) / len(values)) if values else None


def number(value, digits=2):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:,.0f}"
    if value >= 100:
        return f"{value:.1f}"
    return f"{value:.{digits}f}"


def megabytes(value):
    return "-" if value is None else f"{value / 1e6:,.1f}"


def table(title, head, rows):
    widths = [max(len(str(r[i])) for r in [head] + rows) for i in range(len(head))]
    numeric = [
        all(re.fullmatch(r"-?[0-9.,]*|-", str(r[i])) for r in rows) for i in range(len(head))
    ]

    def line(row):
        cells = (
            str(c).rjust(w) if n else str(c).ljust(w) for c, w, n in zip(row, widths, numeric)
        )
        return "  ".join(cells).rstrip()

    return "\n".join(["", title, line(head), "  ".join("-" * w for w in widths)] + [line(r) for r in rows])


def best_other(cell, ours="namedex"):
    """(rival, milliseconds) of the fastest of the others in {rival: {'ms': ...}}."""
    others = {r: v["ms"] for r, v in cell.items() if r != ours and v and v.get("ms") is not None}
    return min(others.items(), key=lambda item: item[1]) if others else (None, None)


def ratio(cell, ours="namedex"):
    mine = (cell.get(ours) or {}).get("ms")
    _, other = best_other(cell, ours)
    return min(other / mine, RATIO_CAP) if mine and other else None


def class_means(run):
    """{class: {mode or 'all': ratio of the best of the others to namedex}}"""
    means = {}
    for entry in run["patterns"]:
        for mode in MODES:
            means.setdefault(entry["class"], {}).setdefault(mode, []).append(
                ratio(entry["modes"].get(mode, {}))
            )
    for modes in means.values():
        everything = [r for ratios in modes.values() for r in ratios]
        for mode in MODES:
            modes[mode] = geometric_mean(modes[mode])
        modes["all"] = geometric_mean(everything)
    return means


def overall_mean(run):
    means = class_means(run)
    return geometric_mean([m["all"] for name, m in means.items() if name in run["pinned_classes"]])


def render(run):
    rivals = run["rivals"]
    out = [
        f"{run['rows']:,} rows, population {run['population']}, seed {run['seed']}; "
        f"{run['server']}; locale {run['locale']}",
        "; ".join(f"{k} = {v}" for k, v in run["settings"].items()),
    ]
    out.append(
        table(
            "Builds",
            ["rival", "index", "maintenance_work_mem", "workers", "seconds", "MB", "peak private MB"],
            [
                [b["rival"], b["index"], b["memory"], b["workers"], number(b["seconds"]),
                 megabytes(b["bytes"]), megabytes(b["peak_memory"])]
                for b in run["builds"]
            ],
        )
    )
    for mode, what in zip(
        MODES,
        ("count(*)", "row fetch of id, name and birth date", "row fetch, LIMIT 20"),
    ):
        rows = []
        for entry in run["patterns"]:
            cell = entry["modes"].get(mode, {})
            if not cell:
                continue
            plans = ", ".join(f"{r}: {cell[r]['plan']}" for r in rivals if cell.get(r))
            rows.append(
                [entry["class"], entry["pattern"], f"{entry['found']}"]
                + [number((cell.get(r) or {}).get("ms")) for r in rivals]
                + [number(ratio(cell)), plans]
            )
        out.append(
            table(
                f"Planner free, milliseconds, {what}; x = best of the others / namedex, capped at 100",
                ["class", "pattern", "rows"] + rivals + ["x", "plans"],
                rows,
            )
        )
    out.append(
        table(
            "namedex, milliseconds: asked again in the same session, and anew, after other questions",
            ["class", "pattern", "count again", "anew", "screen, LIMIT 20 again", "anew"],
            [[e["class"], e["pattern"], number(e["modes"]["count"].get("namedex", {}).get("ms")),
              number(e["count_anew_ms"]), number(e["screen_ms"]), number(e["screen_anew_ms"])]
             for e in run["patterns"] if "count_anew_ms" in e],
        )
    )
    rows = []
    for entry in run["patterns"]:
        cell = entry.get("forced", {})
        if cell:
            rows.append(
                [entry["class"], entry["pattern"], entry["found"]]
                + [number((cell.get(r) or {}).get("ms")) for r in rivals if r != "seq scan"]
                + [number(ratio(cell))]
            )
    out.append(
        table(
            "Forced index (enable_seqscan = off), milliseconds, count(*)",
            ["class", "pattern", "rows"] + [r for r in rivals if r != "seq scan"] + ["x"],
            rows,
        )
    )
    rows = []
    for entry in run["patterns"]:
        node = entry.get("node")
        if not node:
            continue
        ours, theirs = node.get("namedex"), node.get("pg_trgm")
        btree = node.get("btree_query_ms")
        rows.append(
            [entry["class"], entry["pattern"], entry["found"], number(ours, 3), number(theirs, 3),
             number(node.get("btree"), 3), number(theirs / ours if ours and theirs else None),
             number(node.get("namedex_query_ms"), 3), number(node.get("pg_trgm_query_ms"), 3),
             number(btree, 3),
             number(btree / node["namedex_query_ms"] if btree and node.get("namedex_query_ms") else None)]
        )
    out.append(
        table(
            "The index part: Bitmap Index Scan node, milliseconds; and the bitmap query. The btree's scan is "
            "of as many scattered rows: what the server's bitmap of row pointers costs whoever fills it",
            ["class", "pattern", "rows", "namedex", "pg_trgm", "btree", "x", "namedex query",
             "pg_trgm query", "btree query", "of btree's ratio"],
            rows,
        )
    )
    out.append(
        table(
            "Private memory of a searching backend, less an idle one's",
            ["rival", "MB"],
            [[r, megabytes(m)] for r, m in run["memory"].items()],
        )
    )
    means = class_means(run)
    out.append(
        table(
            "Means: geometric, ratios of the best of the others to namedex, each capped at 100",
            ["class", "count", "fetch", "limit", "all", "in the overall mean"],
            [
                [name] + [number(m[k]) for k in MODES + ("all",)]
                + ["yes" if name in run["pinned_classes"] else "no"]
                for name, m in means.items()
            ]
            + [["overall", "", "", "", number(overall_mean(run)), ""]],
        )
    )
    if run["targets"]:
        out.append(
            table(
                "Targets",
                ["target", "figure", "wanted", ""],
                [[t["name"], t["figure"], t["wanted"], "ok" if t["met"] else "MISSED"]
                 for t in run["targets"]],
            )
        )
    for error in run["errors"]:
        out.append(f"\nERROR: {error}")
    return "\n".join(out) + "\n"
