"""Exploring a million rows, side by side with pandas, and what a figure costs to serialise.

`python -m benchmarks.explore [--rows 1000000]`. Peers run in the same process on the same rows;
each figure is the median of five runs. Bars: aggregated and drawn in under 1.5 s; a figure of
100,000 points serialised in under 50 ms.
"""

import argparse

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import polars as pl

from benchmarks.timing import median
from quorum import charts, explore
from quorum.definitions.datasets import datasets
from quorum.explore import Measure, Question

BAR_DRAWN = 1_500  # ms
BAR_SERIALISED = 50  # ms


def rows(count: int) -> pl.DataFrame:
    """Spend lines of 5,000 suppliers and 200 buyers over ten years, in two currencies."""
    chance = np.random.default_rng(20251)
    suppliers = pl.Series([f"Supplier {n:05d}" for n in range(5_000)])
    buyers = pl.Series([f"Buyer {n:03d}" for n in range(200)])
    supplier = pl.Series(chance.integers(0, 5_000, count))
    buyer = pl.Series(chance.integers(0, 200, count))
    return pl.DataFrame(
        {
            "supplier_id": suppliers.gather(supplier),
            "supplier": suppliers.gather(supplier),
            "organisation_id": buyers.gather(buyer),
            "organisation": buyers.gather(buyer),
            "year": chance.integers(2015, 2025, count),
            "amount": np.round(chance.lognormal(8, 2, count), 2),
            "currency": pl.Series(["EUR", "SEK"]).gather(
                pl.Series((chance.random(count) < 0.3).astype(int))
            ),
        }
    )


def ours(frame: pl.DataFrame, question: Question) -> str:
    dataset = datasets()["spend"]
    assert explore.check(question, dataset) == []
    found = explore.answer(frame, question, dataset)
    figure = explore.figure(found.frame, question, dataset)
    assert figure is not None
    return str(charts.themed(figure).to_json())


def pandas_groupby(frame: pd.DataFrame, by: list[str], measure: str) -> pd.DataFrame:
    """The same figures the usual way: filter, group, aggregate, sort; not drawn."""
    chosen = frame[frame["currency"] == "EUR"].groupby(by, sort=False)
    made = chosen["amount"].sum() if measure == "sum" else chosen["supplier_id"].nunique()
    return made.reset_index().sort_values(by)


def aggregated(count: int) -> bool:
    frame = rows(count)
    other = frame.to_pandas()
    eur = (("currency", ("EUR",)),)
    total, suppliers = Measure("amount", "sum"), Measure("supplier", "distinct")
    questions = {
        "spend by supplier (bars)": (Question("spend", ("supplier",), (total,), only=eur), "sum"),
        "spend by year and buyer (lines)": (
            Question("spend", ("year", "organisation"), (total,), only=eur), "sum",
        ),
        "spend by supplier and year (heatmap)": (
            Question("spend", ("supplier", "year"), (total,), only=eur, chart="heatmap"), "sum",
        ),
        "different suppliers by buyer (bars)": (
            Question("spend", ("organisation",), (suppliers,), only=eur), "distinct",
        ),
    }  # fmt: skip
    print(f"{count:,} rows                            ours, drawn   pandas, not drawn   ratio")
    kept = True
    for name, (question, measure) in questions.items():
        mine = median(lambda question=question: ours(frame, question))
        theirs = median(
            lambda question=question, measure=measure: pandas_groupby(
                other, list(question.by), measure
            )
        )
        kept = kept and mine < BAR_DRAWN
        print(f"{name:38} {mine:8.0f} ms {theirs:15.0f} ms {theirs / mine:9.1f}")
    return kept


def serialised(points: int = 100_000) -> bool:
    chance = np.random.default_rng(1)
    x, y = chance.random(points), chance.random(points)
    frame = pl.DataFrame({"by1": pl.repeat("", points, eager=True), "show1": x, "show2": y})
    figure = charts.dots(frame, "Along", "Up", "Unit.", "Source.")
    as_lists = go.Figure(go.Scattergl(x=x.tolist(), y=y.tolist(), mode="markers"))
    mine = median(lambda: figure.to_json(validate=False, engine="json"))
    theirs = median(lambda: as_lists.to_json(validate=False, engine="json"))
    print(f"{points:,} points as json: arrays {mine:.1f} ms, lists {theirs:.1f} ms")
    return mine < BAR_SERIALISED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    kept = [aggregated(parser.parse_args().rows), serialised()]
    print("bars kept" if all(kept) else "a bar was missed")
    return 0 if all(kept) else 1


if __name__ == "__main__":
    raise SystemExit(main())
