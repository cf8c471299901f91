"""The style sheet of reports."""

STYLE = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #dfe4ea; --ground: #f6f7f9; --answer: #2b59c3; --truth: #e9b23f;
  --truth-ink: #4d3a10; --pale: #dbe5fb; color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink);
  font: 15px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
main { max-width: 66rem; margin: 0 auto; padding: 1.6rem 1rem 4rem; }
header { margin: .4rem 0 1.4rem; }
h1 { font-size: 1.55rem; line-height: 1.2; margin: 0 0 .35rem; overflow-wrap: anywhere; }
h2 { font-size: 1.12rem; margin: 0 0 .7rem; }
h3 { font-size: .95rem; margin: 1.1rem 0 .35rem; }
h3:first-child { margin-top: 0; }
.soft { color: var(--soft); } small { color: var(--soft); }
section { background: #fff; border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.2rem;
  margin: 1rem 0; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem .5rem; }
.facts span { background: #fff; border: 1px solid var(--line); border-radius: 99px; padding: .05rem .7rem;
  font-size: .86rem; }
.facts .warning { background: #fff4d9; border-color: #e6c575; color: var(--truth-ink); }
.hero { display: flex; flex-wrap: wrap; align-items: baseline; gap: .2rem 1rem; margin-bottom: .9rem; }
.hero b { font-size: 2.6rem; line-height: 1.1; font-weight: 650; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } .scroll + .charts { margin-top: 1.2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; font-size: .82rem; color: var(--soft); }
th, td { padding: .28rem .8rem .28rem 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tbody tr:last-child td { border-bottom: 0; }
.settings td { vertical-align: top; overflow-wrap: anywhere; font-size: .88rem; }
.settings td:first-child { width: 34%; color: var(--soft); }
.numbers td:not(:first-child), .numbers th:not(:first-child) { text-align: right; white-space: nowrap; }
.numbers td:first-child { white-space: nowrap; }
.gauge { position: relative; height: .72rem; min-width: 9rem; background: #eef1f5; border-radius: 3px; }
.gauge i { position: absolute; inset: 0 auto 0 0; background: var(--answer); border-radius: 3px; }
.gauge u { position: absolute; top: 50%; height: 2px; margin-top: -1px; background: var(--ink); min-width: 2px; }
.gauge u::before, .gauge u::after { content: ""; position: absolute; top: -4px; width: 2px; height: 10px;
  background: var(--ink); }
.gauge u::before { left: 0; } .gauge u::after { right: 0; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(19rem, 100%), 1fr)); gap: 1.2rem 2rem; }
figure { margin: 0; } figcaption { font-size: .85rem; font-weight: 600; margin-bottom: .4rem; }
.bars { display: flex; align-items: flex-end; gap: 3px; height: 7.2rem; border-bottom: 1px solid var(--soft); }
.bars div { flex: 1; height: 100%; display: flex; align-items: flex-end; gap: 1px; }
.bars i { flex: 1; background: var(--answer); border-radius: 2px 2px 0 0; min-height: 1px; }
.bars i.truth { background: var(--truth); }
.ticks { display: flex; gap: 3px; font-size: .74rem; color: var(--soft); margin-top: .15rem; }
.ticks span { flex: 1; text-align: center; overflow: hidden; }
.key { font-size: .78rem; color: var(--soft); margin-top: .2rem; }
.key::before { content: ""; display: inline-block; width: .7rem; height: .7rem; border-radius: 2px;
  margin-right: .35rem;
  vertical-align: -1px; background: var(--answer); }
.key.truth::before { background: var(--truth); } .key { display: inline-block; margin-right: 1rem; }
.card { border-top: 1px solid var(--line); padding: 1rem 0; }
.card:last-child { padding-bottom: 0; }
.card h4 { display: flex; flex-wrap: wrap; justify-content: space-between; gap: .1rem 1rem; margin: 0 0 .5rem;
  font-size: .9rem;
  overflow-wrap: anywhere; }
.score { font-variant-numeric: tabular-nums; background: var(--pale); color: #17357d; border-radius: 99px;
  padding: 0 .6rem; }
.strip { display: flex; align-items: flex-start; gap: 2px; margin-left: 4rem; overflow: hidden; border-radius: 4px; }
.strip img { flex: 1 1 0; min-width: 0; width: 100%; height: auto; max-height: 9rem; object-fit: contain;
  display: block; }
.lane { display: flex; align-items: center; gap: .5rem; margin-top: 4px; }
.lane > span { width: 3.5rem; flex: none; text-align: right; font-size: .78rem; color: var(--soft); }
.lane > div { position: relative; flex: 1; height: 1.05rem; background: #eef1f5; border-radius: 3px;
  overflow: hidden; }
.lane i { position: absolute; top: 0; bottom: 0; min-width: 3px; background: var(--answer); border-radius: 2px; }
.lane.truth i { background: repeating-linear-gradient(115deg, var(--truth) 0 6px, #f4cd7b 6px 10px); }
.lane em { position: absolute; inset: 0; text-align: center; font-size: .74rem; line-height: 1.05rem;
  color: var(--soft);
  font-style: normal; }
.axis { display: flex; justify-content: space-between; margin-left: 4rem; font-size: .74rem; color: var(--soft); }
.texts { display: grid; grid-template-columns: 3.5rem 1fr; gap: .15rem .5rem; margin: .55rem 0 0; }
.texts dt { text-align: right; font-size: .78rem; color: var(--soft); line-height: 1.45rem; }
.texts dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
.options { list-style: none; margin: 0; padding: 0; } .options .right { font-weight: 600; }
details summary { cursor: pointer; } details ul { overflow-wrap: anywhere; font-size: .88rem; padding-left: 1.1rem; }
@media (max-width: 40rem) {
  main { padding: 1rem .6rem 3rem; } section { padding: .9rem .8rem; }
  .strip, .axis { margin-left: 0; } .lane > span { width: 2.7rem; } .axis { margin-left: 3.2rem; }
  .strip img:nth-child(even) { display: none; }
  .gauge { min-width: 5rem; }
}
@media print { body { background: #fff; } section { break-inside: avoid-page; } }
"""
