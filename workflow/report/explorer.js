// The reader chooses stratum, analysis, reference and important difference; forest plot, network,
// ranking and league table follow. Data come as JSON; text only ever becomes text nodes.

const DATA = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const points = (tenths) => (tenths / 10).toFixed(1).replace(/^-0\.0$/, "0.0").replace("-", "\u2212");
const span = (e) => `${points(e[0])} (${points(e[1])} to ${points(e[2])})`;
// p of 100,000, as the tables of the page print it: a half goes to the even number.
function percent(p) {
  if (p > 99500) return ">99.5%";
  if (p < 500) return "<0.5%";
  const [whole, rest] = [Math.floor(p / 1000), p % 1000];
  return `${rest > 500 || (rest === 500 && whole % 2) ? whole + 1 : whole}%`;
}
const people = (n) => (n ? `${Math.round(n).toLocaleString("en")} people` : "number of people not stated");

// Effect of j against i and its tails, whichever way round the pair is stored.
function pair(fit, j, i) {
  const k = fit.names.length;
  const [low, high] = [Math.min(i, j), Math.max(i, j)];
  const row = low * k - (low * (low + 1)) / 2 + (high - low - 1);
  const effect = fit.pairs.effect[row];
  const [below, above] = [fit.pairs.below[row], fit.pairs.above[row]];
  if (j > i) return { effect, better: below[0], important: below.slice(1) };
  return { effect: [-effect[0], -effect[2], -effect[1]], better: above[0], important: above.slice(1) };
}

const state = { stratum: "", analysis: "main", reference: "", mid: DATA.mid, order: "effect" };
const fitNow = () => DATA.fits[`${state.stratum}/${state.analysis}`];
const stratumNow = () => DATA.strata.find((s) => s.name === state.stratum);

function options(select, entries, chosen) {
  select.replaceChildren(...entries.map(([value, text]) => make("option", { value, text })));
  select.value = chosen;
}

// What is not there falls back to main, its reference, and the MID of the config.
function settle() {
  if (!stratumNow()) state.stratum = DATA.strata[0].name;
  if (!fitNow()) state.analysis = "main";
  const fit = fitNow();
  if (!fit.names.includes(state.reference)) state.reference = fit.reference;
  if (!DATA.grid.includes(state.mid)) state.mid = DATA.mid;
  if (!["effect", "rank", "name"].includes(state.order)) state.order = "effect";
}

function choices() {
  options(at("x-stratum"), DATA.strata.map((s) => [s.name, s.label]), state.stratum);
  const known = Object.keys(DATA.fits).filter((key) => key.startsWith(`${state.stratum}/`));
  options(at("x-analysis"), known.map((key) => [key.split("/")[1], key.split("/")[1].replaceAll("_", " ")]), state.analysis);
  options(at("x-reference"), [...fitNow().names].sort((a, b) => a.localeCompare(b)).map((n) => [n, n]), state.reference);
  options(at("x-mid"), DATA.grid.map((t) => [t, `${t} points`]), state.mid);
  at("x-order").value = state.order;
}

// Rows of the forest plot and the ranking: every treatment but the reference.
function rowsNow() {
  const fit = fitNow();
  const own = fit.names.indexOf(state.reference);
  const tail = DATA.grid.indexOf(state.mid);
  const rows = fit.names.map((name, j) => {
    if (j === own) return { name, own: true, rank: fit.ranks[j], effect: [0, 0, 0] };
    const found = pair(fit, j, own);
    const fresh = state.reference === fit.reference ? fit.new[j] : null;
    return { name, rank: fit.ranks[j], effect: found.effect, better: found.better, important: found.important[tail], fresh };
  });
  const keys = { effect: (r) => r.effect[0], rank: (r) => r.rank[1] };
  const by = keys[state.order];
  return rows.sort((a, b) => (by ? by(a) - by(b) : 0) || a.name.localeCompare(b.name));
}

function head(...titles) {
  return make("thead", {}, make("tr", {}, ...titles.map((t) => (t instanceof Node ? t : make("th", { text: t, scope: "col" })))));
}

function forest(rows) {
  const shown = rows.filter((r) => !r.own);
  const ends = shown.flatMap((r) => [r.effect[1], r.effect[2], ...(r.fresh || [])]);
  const reach = Math.max(50, 10 * state.mid, ...ends.map(Math.abs)) * 1.05;
  const x = (v) => `${50 + (50 * Math.max(-reach, Math.min(reach, v))) / reach}%`;
  const width = (a, b) => `${(50 * (Math.min(reach, b) - Math.max(-reach, a))) / reach}%`;
  const piece = (kind, left, wide) => {
    const div = make("div", { class: kind });
    div.style.left = left;
    if (wide) div.style.width = wide;
    return div;
  };
  const frame = () => [piece("band", x(-10 * state.mid), width(-10 * state.mid, 10 * state.mid)), piece("zero", x(0))];
  const step = [5, 10, 20, 50, 100].find((s) => (20 * reach) / (s * 100) <= 5) || 200;
  const axis = make("th", { class: "plot", scope: "col" });
  axis.style.position = "relative";
  axis.append(make("span", { text: `less ${DATA.outcome} \u2190 \u2192 more` }));
  const ticks = make("td", { class: "plot" });
  ticks.style.height = "1.5rem";
  for (let t = -step * Math.floor(reach / 10 / step); t <= reach / 10; t += step) {
    const tick = piece("tick", x(10 * t));
    tick.textContent = points(10 * t).replace(".0", "");
    ticks.append(tick);
  }
  const lines = shown.map((r) => {
    const name = make("button", { type: "button", class: "plain", text: r.name });
    const tell = () => explain(r.name);
    for (const event of ["focus", "mouseenter", "click"]) name.addEventListener(event, tell);
    const plot = make("td", { class: "plot", "aria-hidden": "true" }, ...frame());
    if (r.fresh) plot.append(piece("new", x(r.fresh[0]), width(...r.fresh)));
    plot.append(piece("ci", x(r.effect[1]), width(r.effect[1], r.effect[2])), piece("dot", x(r.effect[0])));
    return make("tr", {}, make("th", { scope: "row" }, name, make("span", { class: "narrow", text: span(r.effect) })), plot,
      make("td", { class: "n wide", text: span(r.effect) }),
      make("td", { class: "n wide", text: percent(r.better) }),
      make("td", { class: "n", text: percent(r.important) }));
  });
  const foot = make("tr", {}, make("td"), ticks, make("td", { class: "wide" }), make("td", { class: "wide" }), make("td"));
  const wide = ["difference (95% CrI)", "P(better)"].map((text) => make("th", { class: "n wide", scope: "col", text }));
  const titles = head("treatment", axis, ...wide, `P(>${state.mid} better)`);
  at("x-forest").replaceChildren(titles, make("tbody", {}, ...lines, foot));
}

// The trials that compare a treatment with the reference, and all its trials.
function explain(name) {
  const graph = stratumNow();
  const place = (n) => graph.nodes.findIndex((node) => node.name === n);
  const node = graph.nodes[place(name)];
  const mine = graph.edges.filter((e) => e[0] === place(name) || e[1] === place(name));
  const direct = mine.find((e) => e[0] === place(state.reference) || e[1] === place(state.reference));
  const told = direct
    ? `directly compared with ${state.reference} in ${direct[2]} ${direct[2] === 1 ? "study" : "studies"}: ${direct[4].join("; ")}`
    : `no trial compares it with ${state.reference} directly`;
  const all = [...new Set(mine.flatMap((e) => e[4]))].sort();
  at("x-detail").textContent = node
    ? `${name}: ${node.studies} ${node.studies === 1 ? "study" : "studies"}, ${people(node.n)}; ${told}. All its studies: ${all.join("; ")}.`
    : `${name}: a node of this analysis only; its trials are in the table of studies.`;
}

function ranking(rows) {
  const titles = ["treatment", "mean rank (95%)", "SUCRA", "P(best)", `P(better than ${state.reference})`, `P(>${state.mid} better)`];
  const lines = rows.map((r) => make("tr", r.own ? { class: "own" } : {},
    make("th", { scope: "row", text: r.name }),
    make("td", { class: "n", text: `${points(r.rank[1])} (${r.rank[2]} to ${r.rank[3]})` }),
    make("td", { class: "n", text: percent(r.rank[0]) }),
    make("td", { class: "n", text: percent(r.rank[4]) }),
    make("td", { class: "n", text: r.own ? "" : percent(r.better) }),
    make("td", { class: "n", text: r.own ? "" : percent(r.important) })));
  at("x-ranking").replaceChildren(head(...titles), make("tbody", {}, ...lines));
  sortable(at("x-ranking"));
}

// A league of 33 is a thousand cells: made when it is opened.
function league(rows) {
  const fit = fitNow();
  const order = rows.map((r) => fit.names.indexOf(r.name));
  const own = fit.names.indexOf(state.reference);
  const mark = (k) => (k === own ? { class: "own" } : {});
  const lines = order.map((j) => make("tr", {}, make("th", { scope: "row", text: fit.names[j], ...mark(j) }),
    ...order.map((i) => {
      if (i === j) return make("td", { class: "self", text: "\u2013" });
      const [{ effect, better }, back] = [pair(fit, j, i), pair(fit, i, j)];
      const sure = better >= 100000 * DATA.beats ? "better" : back.better >= 100000 * DATA.beats ? "worse" : "";
      return make("td", { class: sure, text: span(effect) });
    })));
  const titles = order.map((i) => make("th", { scope: "col", text: fit.names[i], ...mark(i) }));
  at("x-league").replaceChildren(head("row against column", ...titles), make("tbody", {}, ...lines));
}

const RADIUS = 310; // of the network; the names need the rest of its box
let edges = [];
let current = -1;

function network() {
  const graph = stratumNow();
  const draw = (tag, attributes) => {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    return node;
  };
  const svg = draw("svg", { tabindex: "0", role: "group",
    "aria-label": `Network of ${graph.nodes.length} treatments and ${graph.edges.length} direct comparisons. Arrow keys walk through them.` });
  edges = graph.edges.map(([a, b, studies], k) => {
    const [p, q] = [graph.nodes[a], graph.nodes[b]];
    const line = draw("line", { x1: RADIUS * p.x, y1: RADIUS * p.y, x2: RADIUS * q.x, y2: RADIUS * q.y,
      "stroke-width": 3 + 1.5 * Math.min(studies, 12), "stroke-opacity": 0.8 });
    for (const event of ["mouseenter", "click"]) line.addEventListener(event, () => show(k));
    return line;
  });
  const most = Math.max(1, ...graph.nodes.map((n) => n.n || 0));
  const dots = graph.nodes.flatMap((n) => {
    const dot = draw("circle", { cx: RADIUS * n.x, cy: RADIUS * n.y, r: 6 + 20 * Math.sqrt((n.n || 0) / most), fill: n.colour });
    const turn = (Math.atan2(n.y, n.x) * 180) / Math.PI;
    const left = Math.abs(turn) > 90;
    const text = draw("text", { transform: `translate(${(RADIUS + 32) * n.x} ${(RADIUS + 32) * n.y}) rotate(${left ? turn + 180 : turn})`,
      "text-anchor": left ? "end" : "start", "dominant-baseline": "central" });
    text.textContent = n.name;
    return [dot, text];
  });
  svg.append(...edges, ...dots);
  svg.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    // Before the first step none is shown: back from there is the last.
    show((Math.max(current, step < 0 ? 0 : -1) + step + edges.length) % edges.length);
  });
  current = -1;
  at("x-edge").textContent = `${graph.edges.length} direct comparisons between ${graph.nodes.length} treatments.`;
  at("x-network").replaceChildren(svg);
  const box = svg.getBBox(); // names differ in length: the box follows them
  svg.setAttribute("viewBox", [box.x - 8, box.y - 8, box.width + 16, box.height + 16].join(" "));
}

function show(k) {
  const graph = stratumNow();
  const [a, b, studies, n, labels] = graph.edges[k];
  edges.forEach((line, i) => line.classList.toggle("on", i === k));
  [...at("x-network").querySelectorAll("text")].forEach((text, i) => text.classList.toggle("on", i === a || i === b));
  current = k;
  at("x-edge").textContent = `${k + 1} of ${edges.length}. ${graph.nodes[a].name} and ${graph.nodes[b].name}: ${studies} ${studies === 1 ? "study" : "studies"}, ${people(n)}: ${labels.join("; ")}.`;
}

function render() {
  settle();
  choices();
  const [fit, rows] = [fitNow(), rowsNow()];
  const others = rows.filter((r) => !r.own);
  const better = others.filter((r) => r.better >= 100000 * DATA.beats).length;
  const important = others.filter((r) => r.important >= 100000 * DATA.worthwhile).length;
  const changes = DATA.changes[state.analysis];
  at("x-state").textContent =
    `${stratumNow().label}, analysis ${state.analysis.replaceAll("_", " ")}${changes ? ` (${changes})` : ""}: of ${others.length} treatments, usual care and the like included, ` +
    `${better} do better than ${state.reference} with a probability of at least ${DATA.beats}, ${important} by more than ${state.mid} points with one of at least ${DATA.worthwhile}.`;
  at("x-note").textContent = state.reference === fit.reference
    ? "Dot: median; thick: 95% credible interval; thin: 95% prediction interval, the effect in a new study; band: less than the important difference."
    : `Dot: median; thick: 95% credible interval; band: less than the important difference. Prediction intervals are given against ${fit.reference} only.`;
  forest(rows);
  ranking(rows);
  at("x-beats").textContent = DATA.beats;
  if (at("x-league-box").open) league(rows);
  else at("x-league").replaceChildren();
}

function remember() {
  const told = new URLSearchParams({ view: "1", ...state });
  history.replaceState(null, "", `#${told}`);
}

function recall() {
  const told = new URLSearchParams(location.hash.slice(1));
  if (told.get("view") !== "1") return false;
  for (const key of Object.keys(state)) if (told.has(key)) state[key] = told.get(key);
  state.mid = Number(state.mid);
  return true;
}

if (DATA.strata.length) {
  const linked = recall();
  at("explorer").hidden = false;
  render();
  network();
  for (const key of ["stratum", "analysis", "reference", "mid", "order"]) {
    at(`x-${key}`).addEventListener("change", (event) => {
      state[key] = key === "mid" ? Number(event.target.value) : event.target.value;
      render();
      if (key === "stratum") network();
      remember();
    });
  }
  at("x-league-box").addEventListener("toggle", render);
  at("x-left").textContent = DATA.leftOut.length ? `Too large for this page: ${DATA.leftOut.join(", ")}; their tables are in results/.` : "";
  if (linked) at("explorer").scrollIntoView();
  // A link to another view of the page that is open.
  window.addEventListener("hashchange", () => {
    if (!recall()) return;
    render();
    network();
  });
}
