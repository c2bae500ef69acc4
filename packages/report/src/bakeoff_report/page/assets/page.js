"use strict";
// The state is the fragment of the address: `#anchor?name=value&…`. The anchor is the id of a view or
// of anything in one, so that every link works without this script as well. Texts of the data are only
// ever set as text.
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const usual = { python: document.getElementById("data").dataset.python };
  const made = new Date(document.getElementById("data").dataset.made);
  const evidence = document.getElementById("evidence");
  for (const cell of data.costs) {
    cell.run = `${cell.source} ${cell.books}`;
    for (const [name, found] of Object.entries(cell.measures ?? {})) {
      Object.assign(found, data.signs[name === "time" ? "time" : "cpu"][found.sign]);
      if (found.origin) found.origin.file ??= cell.source;
    }
  }
  const byId = new Map(data.costs.map((cell) => [cell.id, cell]));
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // ---- elements -------------------------------------------------------------------------------
  /** An element with attributes and children; strings become text. */
  function make(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== undefined && value !== null) element.setAttribute(key, value);
    }
    element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return element;
  }
  /** A text in which code stands between backticks. */
  const coded = (text) => text.split(/`([^`]+)`/).map((part, index) => index % 2 ? make("code", {}, part) : part);
  const web = (address) => typeof address === "string" && /^https?:\/\//.test(address);
  const linked = (address, text) => web(address) ? make("a", { href: address, class: "path" }, text) : make("code", { class: "path" }, text);

  // ---- state ----------------------------------------------------------------------------------
  const NAMES = ["db", "python", "kind", "fresh", "measure", "tasks", "run", "op", "left", "right", "fault", "layer", "on", "need"];

  function read() {
    const [anchor, query = ""] = location.hash.slice(1).split(/\?(.*)/s);
    let name = "overview";
    try { name = decodeURIComponent(anchor) || name; } catch { /* not an anchor of ours */ }
    const values = new URLSearchParams(query);
    return { anchor: name, ...Object.fromEntries(NAMES.map((key) => [key, values.get(key) ?? ""])) };
  }

  function address(state) {
    const values = new URLSearchParams();
    for (const key of NAMES) {
      if (state[key] && state[key] !== usual[key]) values.set(key, state[key]);
    }
    const query = values.toString();
    return `#${encodeURIComponent(state.anchor)}${query ? `?${query}` : ""}`;
  }

  let state = read();
  /** Change the address, which shows the page anew. */
  function go(changes) { location.hash = address({ ...state, ...changes }); }

  // ---- what is shown --------------------------------------------------------------------------
  const views = all(".view");
  const databases = Object.keys(data.databases);
  /** The database of views that show one at a time. */
  function oneDatabase() {
    if (databases.includes(state.db)) return state.db;
    return ["postgresql", ...databases].find((name) => name in data.first) ?? databases[0] ?? "";
  }

  function fits(element) {
    const { kind, released } = element.dataset;
    if (state.kind && kind !== state.kind) return false;
    if (!state.fresh) return true;
    const earliest = new Date(made);
    earliest.setFullYear(earliest.getFullYear() - Number(state.fresh));
    return Boolean(released) && new Date(released) >= earliest;
  }

  const layerFits = new Map();
  function filter() {
    const rows = all(".glance tbody tr");
    for (const row of rows) {
      row.hidden = !fits(row) || (databases.includes(state.db) && row.dataset.databases === "");
      layerFits.set(row.dataset.layer, !row.hidden);
    }
    one(".nothing").hidden = rows.length === 0 || rows.some((row) => !row.hidden);
    const scope = databases.includes(state.db) ? state.db : "";
    for (const part of all("[data-scope]")) part.hidden = part.dataset.scope !== scope;
    for (const part of all(".glance [data-only]")) part.hidden = scope !== "" && part.dataset.only !== scope;
    const python = state.python || usual.python;
    for (const body of all(".does tbody")) {
      body.hidden = layerFits.get(body.dataset.layer) === false;
      let first = true;
      for (const row of body.rows) {
        row.hidden = (scope !== "" && row.dataset.db !== scope) || (python !== "all" && row.dataset.python !== python);
        if (!row.hidden) { row.classList.toggle("again", !first); first = false; }
      }
    }
  }

  // ---- table two ------------------------------------------------------------------------------
  const inProcess = data.costs.filter((cell) => !cell.http);
  const runTitle = (run) => {
    const [path, books] = [run.slice(0, run.lastIndexOf(" ")), run.slice(run.lastIndexOf(" ") + 1)];
    const source = data.sources[path] ?? {};
    return `${source.name === "yours" ? "your run" : source.name ?? path}${source.made ? ` of ${source.made.slice(0, 10)}` : ""}, ${books} books`;
  };
  const unique = (values) => [...new Set(values)];

  function choose(select, options, value) {
    select.replaceChildren(...options.map(([id, text]) => make("option", { value: id }, text)));
    select.value = value;
  }

  /** The run, number of tasks and measure of table two, after what is asked for and what there is. */
  function selection() {
    const db = oneDatabase();
    const there = inProcess.filter((cell) => cell.database === db);
    const runs = unique(there.map((cell) => cell.run));
    const run = runs.includes(state.run) ? state.run : runs.includes(data.first[db]?.run) ? data.first[db].run : runs[0] ?? "";
    const tasks = unique(there.filter((cell) => cell.run === run).map((cell) => String(cell.tasks))).sort((a, b) => a - b);
    const usualTasks = String(data.first[db]?.tasks);
    const task = tasks.includes(state.tasks) ? state.tasks : tasks.includes(usualTasks) ? usualTasks : tasks.at(-1) ?? "";
    const measure = state.measure in data.measures ? state.measure : "cpu-process";
    return { db, runs, run, tasks, task, measure, cells: there.filter((cell) => cell.run === run && String(cell.tasks) === task) };
  }

  function bandOf(cell, measure) {
    if (cell.failed) return [make("span", { class: "band bad" }, "✗ failed")];
    if (cell.reference) return [make("span", { class: "band none" }, "1")];
    const found = cell.measures?.[measure];
    if (!found) return [make("span", { class: "band none" }, "○ not measured")];
    return [
      make("span", { class: `band ${found.tone}`, title: found.why }, `${found.glyph} ${found.word}`),
      found.interval ? make("span", { class: "number" }, found.interval) : null,
    ];
  }

  function sourceStamp(path, ...more) {
    const source = data.sources[path] ?? {};
    const parts = [source.made && `of ${source.made}`, source.commit && `commit ${source.commit.slice(0, 9)}`, source.machine, ...more];
    const line = make("p", { class: "stamp" }, source.name === "yours" ? "Your run " : "Reference run ", linked(source.link, path), " ", parts.filter(Boolean).join(", "), ". ");
    if (source.stale) line.append(...source.stale.map((said) => make("strong", { class: "stale" }, `Stale: ${said} `)));
    if (source.untrustworthy) line.append(make("strong", { class: "stale" }, "It ranks nothing."));
    return line;
  }

  function showCosts() {
    const live = one("#costs-live");
    if (!live) return;
    const chosen = selection();
    const form = one("#cost-pickers");
    form.measure.value = chosen.measure;
    choose(form.costs_db, databases.map((name) => [name, data.databases[name]]), chosen.db);
    choose(form.tasks, chosen.tasks.map((count) => [count, count === "1" ? "1 task" : `${count} tasks`]), chosen.task);
    choose(form.run, chosen.runs.map((run) => [run, runTitle(run)]), chosen.run);
    if (!chosen.cells.length) {
      live.replaceChildren(make("p", { class: "missing" }, `Not measured on ${data.databases[chosen.db] ?? "any database"}. `, make("code", { class: "command" }, "python3.11 run.py bench"), " measures on every database that answers."));
      return;
    }
    const columns = data.backends.filter(({ name }) => layerFits.get(name) !== false && chosen.cells.some((cell) => cell.backend === name && cell.style !== "driver"));
    const head = make("tr", {}, make("th", { scope: "col" }, "Operation"), columns.map(({ name }) => make("th", { scope: "col" }, name)));
    const body = data.operations
      .filter(({ id }) => chosen.cells.some((cell) => cell.operation === id))
      .map((operation) => make("tr", {}, operationHead(operation, chosen.db), columns.map(({ name }) => costCell(chosen, operation, name))));
    const noise = unique(chosen.cells.map((cell) => cell.measures?.[chosen.measure]?.noise).filter(Boolean));
    const worst = noise.sort((a, b) => parseFloat(b) - parseFloat(a))[0];
    live.replaceChildren(
      sourceStamp(chosen.cells[0].source, worst && `raw against itself differs by up to ${worst}`),
      make("div", { class: "scroll", role: "group", "aria-label": "Costs by operation and layer", tabindex: "0" },
        make("table", { class: "costs" }, make("caption", { class: "unseen" }, `${data.measures[chosen.measure]} next to raw`), make("thead", {}, head), make("tbody", {}, body))),
      make("p", { class: "legend" }, "= same as far as the run can tell · ▴ measurably more · ▲ twice and more · ▾ less, with a note · the range is the 95 % interval · sent: statements / round trips"));
  }

  function operationHead(operation, db) {
    if (!operation.method) return make("th", { scope: "row" }, operation.title);
    return make("th", { scope: "row" }, make("a", { href: address({ ...state, anchor: "compare", op: operation.method, left: "", right: "", db }) }, operation.title));
  }

  function costCell(chosen, operation, backend) {
    const cells = chosen.cells.filter((cell) => cell.backend === backend && cell.operation === operation.id && cell.style !== "driver");
    const cell = cells.find((found) => found.style === "adapter");
    const td = make("td", { id: cell?.id });
    if (cell) td.append(make("a", { href: `#${cell.id}` }, bandOf(cell, chosen.measure)));
    else td.append(make("small", {}, "not measured"));
    for (const taught of cells.filter((found) => found.style === "taught")) {
      td.append(make("a", { href: `#${taught.id}`, id: taught.id }, make("small", {}, "as taught "), bandOf(taught, chosen.measure)));
    }
    const sent = data.statements[`${backend} ${chosen.db} ${operation.statements}`];
    if (sent) td.append(make("span", { class: "trips" }, `sent ${sent.count} / ${sent.trips}`));
    return td;
  }

  // ---- side by side ---------------------------------------------------------------------------
  function compared() {
    const names = data.backends.map(({ name }) => name);
    const left = names.includes(state.left) ? state.left : "";
    const right = names.includes(state.right) ? state.right : names.find((name) => name !== left) ?? "";
    return { left, right, shown: (name) => left === "" || name === left || name === right };
  }

  function showMethod() {
    const methods = all(".method");
    if (!methods.length) return;
    const form = one("#compare-pickers");
    const named = methods.find((method) => method.id === state.anchor) ?? methods.find((method) => method.dataset.method === state.op)
      ?? methods.find((method) => method.dataset.method === "books.get") ?? methods[0];
    const { left, right, shown } = compared();
    const db = oneDatabase();
    form.op.value = named.dataset.method;
    form.left.value = left;
    form.right.value = right;
    form.right.closest("label").hidden = left === "";
    form.compare_db.value = db;
    named.querySelector(".cards").classList.toggle("two", left !== "");
    for (const method of methods) method.hidden = method !== named;
    const cards = all(".card", named);
    for (const card of cards) {
      card.hidden = !shown(card.dataset.layer) || (left === "" && !fits({ dataset: { ...card.dataset, released: one(`.glance tr[data-layer="${CSS.escape(card.dataset.layer)}"]`)?.dataset.released } }));
      for (const part of all("[data-databases]", card)) part.hidden = !part.dataset.databases.split(" ").includes(db);
      // The columns are in the order of the pickers.
      card.parentElement.append(card);
    }
    if (left) for (const name of [left, right]) for (const card of cards) if (card.dataset.layer === name) card.parentElement.append(card);
    showFigures(named, shown, db);
  }

  function showFigures(method, shown, db) {
    const chosen = selection();
    const there = method.querySelector("[data-figures]");
    const parts = [];
    for (const operation of data.operations.filter((found) => found.method === method.dataset.method)) {
      const cells = chosen.cells.filter((cell) => cell.operation === operation.id && shown(cell.backend) && layerFits.get(cell.backend) !== false)
        .sort((a, b) => (b.arm === "raw") - (a.arm === "raw") || a.arm.localeCompare(b.arm));
      if (!cells.length) continue;
      const absolute = unique(cells.flatMap((cell) => (cell.figures ?? []).map((figure) => figure.unit ?? "")));
      const quantile = unique(cells.flatMap((cell) => Object.values(cell.latency ?? {}).map((figure) => figure.unit)))[0] ?? "ms";
      const columns = ["CPU next to raw", "CPU of the database", "Time", ...absolute.map((unit) => unit || "size"), ...["p50", "p95", "p99"].map((name) => `${name}, ${quantile}`), "Statements / round trips"];
      const rows = cells.map((cell) => {
        const sent = cell.style === "adapter" ? data.statements[`${cell.backend} ${db} ${operation.statements}`] : null;
        const right = (figure) => make("td", { class: "number" }, figure?.text ?? "–");
        return make("tr", {},
          make("th", { scope: "row" }, make("a", { href: `#${cell.id}` }, cell.arm)),
          ["cpu-process", "cpu-server", "time"].map((name) => make("td", {}, bandOf(cell, name).flatMap((part) => part ? [part, " "] : []))),
          absolute.map((unit) => right((cell.figures ?? []).find((figure) => (figure.unit ?? "") === unit))),
          ["p50", "p95", "p99"].map((name) => right(cell.latency?.[name])),
          make("td", { class: "number" }, sent ? `${sent.count} / ${sent.trips}` : "–"));
      });
      parts.push(make("h3", {}, operation.title), make("p", { class: "about" }, operation.description), make("div", { class: "scroll", role: "group", "aria-label": `Figures of ${operation.title}`, tabindex: "0" },
        make("table", { class: "figures-table" }, make("caption", { class: "unseen" }, `Figures of ${operation.title}`),
          make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Layer"), columns.map((title, index) => make("th", { scope: "col", class: index > 2 ? "number" : null }, title)))), make("tbody", {}, rows))));
    }
    if (parts.length) parts.push(sourceStamp(chosen.cells[0].source, `${chosen.task} task${chosen.task === "1" ? "" : "s"}`, "latencies are of this machine alone"));
    else parts.push(make("p", { class: "missing" }, `No figures on ${data.databases[db] ?? db}: the bench does not time this operation, or has not run there. `, make("code", { class: "command" }, "python3.11 run.py bench")));
    there.replaceChildren(...parts);
  }

  /** Further cases of an operation are written when somebody opens them. */
  function fillCases(details) {
    const list = details.closest("[data-databases]");
    const start = `${details.dataset.cases} ${list.dataset.databases.split(" ")[0]} ${details.closest(".method").dataset.method}`;
    const shown = list.querySelector(".sent");
    const cases = Object.entries(data.statements).filter(([key]) => key === start || key.startsWith(`${start}[`));
    details.replaceChildren(details.querySelector("summary"), ...cases.filter(([key]) => key.slice(start.length + 1, -1) !== (shown.dataset.case ?? "")).flatMap(([key, found]) => [
      make("p", { class: "sent" }, make("code", {}, key.slice(start.length + 1, -1) || "plain"), `: ${found.count} statement${found.count === "1" ? "" : "s"}, ${found.trips} round trip${found.trips === "1" ? "" : "s"}`),
      make("ol", { class: "statements" }, found.sent.map((number) => make("li", {}, make("code", {}, data.texts[number])))),
    ]));
  }

  // ---- faults ---------------------------------------------------------------------------------
  const faultRows = all(".injected tr[data-fault]");
  /** After one fault all layers, or in one layer all faults; a permalink shows its row in any case. */
  function showFaults(target) {
    const form = one("#fault-pickers");
    if (!form) return;
    const asked = faultRows.includes(target) ? target : null;
    const has = (key, value) => faultRows.some((row) => row.dataset[key] === value);
    const layer = asked || !has("layer", state.layer) ? "" : state.layer;
    const wanted = asked?.dataset.fault ?? (state.fault || (layer ? "all" : form.dataset.first));
    const fault = wanted === "all" || has("fault", wanted) ? wanted : form.dataset.first;
    form.fault.value = fault;
    form.layer.value = layer;
    const fitting = (row) => layerFits.get(row.dataset.layer) !== false && (!databases.includes(state.db) || row.dataset.db === state.db);
    for (const row of faultRows) {
      row.hidden = row !== asked && !((fault === "all" || row.dataset.fault === fault) && (!layer || row.dataset.layer === layer) && fitting(row));
    }
    for (const row of all(".worst tbody tr")) row.hidden = !fitting(row);
    one(".injected").classList.toggle("one-fault", fault !== "all");
    one(".injected").classList.toggle("one-layer", layer !== "");
    one("#no-fault").hidden = faultRows.some((row) => !row.hidden);
  }

  // ---- which have all that is needed ----------------------------------------------------------
  const listed = (text) => text.split(",").filter(Boolean);
  function showChoice() {
    const form = one("#choose-form");
    const boxes = (name) => all(`input[name=${name}]`, form);
    const picked = {};
    for (const name of ["on", "need"]) {
      const wanted = listed(state[name]);
      for (const box of boxes(name)) box.checked = wanted.includes(box.value);
      picked[name] = boxes(name).filter((box) => box.checked);
    }
    const answer = one("#choose-answer");
    one("#choose").classList.toggle("unasked", !picked.on.length);
    if (!picked.on.length) {
      answer.replaceChildren(make("p", { class: "about" }, "Pick at least one database."));
      return;
    }
    const titles = new Map(picked.need.map((box) => [box.value, box.closest("label").textContent.trim()]));
    const layers = data.backends.filter(({ name }) => name in data.choice && layerFits.get(name) !== false).map(({ name }) => {
      const asked = [["contract", "the contract"], ...titles].flatMap(([need, title]) => {
        const found = data.choice[name][need];
        if ("" in found) return [{ title, ...found[""] }];
        return picked.on.map(({ value }) => ({ title: `${title} on ${data.databases[value]}`, ...found[value] }));
      });
      return { name, page: data.choice[name].typed[""].link, no: asked.filter(({ has }) => !has), yes: asked.filter(({ has }) => has) };
    });
    const because = (found) => [make("a", { href: `#${found.link}` }, found.title), found.said ? ": " : "", coded(found.said ?? "")].flat();
    const list = (found, parts) => make("ul", {}, found.map((layer) => make("li", {}, make("a", { href: `#${layer.page}` }, make("strong", {}, layer.name)),
      make("ul", {}, parts(layer).map((part) => make("li", {}, because(part)))))));
    const having = layers.filter(({ no }) => !no.length);
    const lacking = layers.filter(({ no }) => no.length);
    answer.replaceChildren(
      make("p", {}, make("strong", {}, `${having.length} of ${layers.length} layers ${having.length === 1 ? "has" : "have"} all of it.`)),
      make("div", { class: "choices" },
        having.length ? make("div", {}, make("h3", {}, "All of it"), list(having, ({ yes }) => yes)) : null,
        lacking.length ? make("div", {}, make("h3", {}, "Not all of it"), list(lacking, ({ no }) => no)) : null));
  }

  // ---- evidence -------------------------------------------------------------------------------
  function facts(pairs) {
    return make("dl", {}, pairs.filter(([, value]) => value !== undefined && value !== null && value !== "")
      .flatMap(([title, value]) => [make("dt", {}, title), make("dd", {}, value)]));
  }
  function section(title, items) { return items?.length ? [make("h3", {}, title), make("ul", {}, items.map((item) => make("li", {}, item)))] : []; }

  function origin(found) {
    if (!found) return [];
    const source = data.sources[found.file] ?? {};
    const rule = data.rules[found.rule];
    return [facts([
      ["File", linked(source.link, found.file)],
      ["Place in it", make("code", {}, found.pointer)],
      ["Rule", rule && make("span", {}, `${rule.title}: `, coded(rule.text))],
      ["Made", source.made], ["Commit", source.commit], ["Machine", source.machine],
      ["Versions", source.versions && Object.entries(source.versions).map((pair) => pair.join(" ")).join(", ")],
      ["Stale", source.stale?.join(" ")],
      ["Trust", source.untrustworthy && `This run ranks nothing: ${source.untrustworthy.length} reasons, in the notice at the top.`],
    ])];
  }

  function ofTest(cell) {
    const capability = data.capabilities[cell.capability];
    const failed = new Set((cell.failures ?? []).map((failure) => failure.test.split("[")[0]));
    const tests = (cell.tests ?? []).map((number) => data.tests[number]).filter(Boolean);
    return [
      make("h2", { id: "evidence-title" }, `${capability.title}: ${cell.backend} on ${data.databases[cell.database] ?? cell.database}`),
      make("p", { class: "about" }, capability.question),
      make("p", {}, make("strong", { class: cell.tone }, `${cell.glyph} ${cell.word}`), cell.passed ? `, ${cell.passed} tests passed.` : "."),
      facts([["Python", cell.python], ["Driver", cell.driver], ["Layer", cell.version], ["Server", cell.server], ["Note", cell.note]]),
      ...section("Not passed", (cell.failures ?? []).map((failure) => [make("code", {}, `${failure.test} `), failure.outcome, make("pre", {}, failure.message)]).map((parts) => make("div", {}, ...parts))),
      ...section("Missing", cell.missing),
      ...section("Declared gaps", (cell.gaps ?? []).map((gap) => make("span", {}, `${gap.test}: `, web(gap.link) ? make("a", { href: gap.link }, gap.reason) : gap.reason))),
      ...section("Workarounds", (cell.workarounds ?? []).map((id) => make("a", { href: `#${data.workarounds[id]?.anchor ?? "layers"}` }, coded(data.workarounds[id]?.what ?? id)))),
      ...section(failed.size ? "Tests that ran" : "Tests that passed", tests.map((test) => make("span", {}, `${test.sentence} `, linked(test.link, test.place)))),
      ...(cell.origins?.length ? [make("h3", {}, "Where this comes from"), ...cell.origins.flatMap(origin)] : []),
      ...(cell.command ? [make("h3", {}, "Run it"), make("p", {}, make("code", { class: "command" }, cell.command))] : []),
    ];
  }

  function ofCost(cell) {
    const operation = data.operations.find(({ id }) => id === cell.operation);
    const measured = Object.entries(cell.measures ?? {});
    const source = data.sources[cell.source] ?? {};
    const settings = { ...source.settings?.run, ...source.settings?.[cell.database] };
    return [
      make("h2", { id: "evidence-title" }, `${operation?.title ?? cell.operation}: ${cell.arm} on ${data.databases[cell.database] ?? cell.database}`),
      make("p", { class: "about" }, `Next to raw in the same minutes; less is better. ${cell.rounds ?? 0} rounds in ${cell.restarts ?? 0} fresh sets of processes, ${cell.tasks} at once, ${cell.books} books${cell.http ? ", over HTTP" : ""}.`),
      cell.failed ? make("p", { class: "bad" }, `✗ It failed, and has no time: ${cell.failed}`) : null,
      cell.note ? make("p", {}, coded(cell.note)) : null,
      ...measured.flatMap(([name, found]) => [make("h3", {}, data.measures[name] ?? name),
        make("p", {}, make("strong", { class: found.tone }, `${found.glyph} ${found.word}`), found.ratio ? ` ${found.ratio}, 95 % interval ${found.interval}` : "", found.noise ? `; raw against itself differs by ${found.noise}` : "", found.why ? `. ${found.why}` : "", found.note ? ". " : "", found.note ? coded(found.note) : "")]),
      make("h3", {}, "In figures of this machine"),
      facts([...(cell.figures ?? []).map((figure) => [figure.unit || "size", figure.text]), ...Object.entries(cell.latency ?? {}).map(([name, figure]) => [name, `${figure.text} ${figure.unit}`])]),
      make("h3", {}, "Where this comes from"),
      ...origin(measured.find(([, found]) => found.origin)?.[1].origin ?? { file: cell.source, pointer: "" }),
      Object.keys(settings).length ? make("details", {}, make("summary", {}, "Settings of the run"), facts(Object.entries(settings))) : null,
    ];
  }

  function showEvidence() {
    const parts = state.anchor in data.does ? ofTest(data.does[state.anchor]) : byId.has(state.anchor) ? ofCost(byId.get(state.anchor)) : null;
    if (!parts) { if (evidence.open) evidence.close(); return; }
    const close = make("button", { type: "button", class: "close" }, "Close");
    close.addEventListener("click", () => evidence.close());
    evidence.replaceChildren(close, ...parts.filter(Boolean));
    if (!evidence.open) evidence.showModal();
    evidence.scrollTop = 0;
  }
  evidence.addEventListener("click", (event) => { if (event.target === evidence) evidence.close(); });
  evidence.addEventListener("close", () => {
    // The cell stays marked; its address names the view again.
    if (state.anchor in data.does || byId.has(state.anchor)) {
      const cell = document.getElementById(state.anchor);
      history.length && (closing = cell);
      go({ anchor: (cell?.closest(".view") ?? views[0]).id });
    }
  });
  let closing = null;
  let stay = false;

  // ---- all together ---------------------------------------------------------------------------
  /** A permalink to a figure shows the run that it is from. */
  function follow(cell) {
    if (!cell || cell.http) return;
    Object.assign(state, { db: cell.database, run: cell.run, tasks: String(cell.tasks) });
  }

  function show() {
    const before = state.anchor;
    state = read();
    follow(byId.get(state.anchor));
    filter();
    showCosts();
    let target = document.getElementById(state.anchor);
    if (!target && byId.get(state.anchor)) target = one("#costs") ?? views[0];
    target ??= views[0];
    const view = target.closest(".view") ?? (target.id === "main" ? views.find((found) => !found.hidden) : null) ?? views[0];
    for (const found of views) found.hidden = found !== view;
    for (const link of all(".top nav a")) current(link, link.hash.slice(1) === view.id);
    one("#filters").hidden = !["overview", "compare", "faults", "charts"].includes(view.id);
    showMethod();
    showFaults(target);
    showChoice();
    showOnly(".layer", target.closest(".layer"), "layers");
    showOnly(".charts", target.closest(".charts") ?? one(`.charts[data-charts="${CSS.escape(oneDatabase())}"]`), "charts");
    for (const form of [one("#filters")]) {
      form.db.value = databases.includes(state.db) ? state.db : "";
      form.python.value = state.python || usual.python;
      form.kind.value = state.kind;
      form.fresh.value = state.fresh;
    }
    for (const found of all(".found")) found.classList.remove("found");
    showEvidence();
    if (closing) {
      closing.classList.add("found");
      (document.getElementById(closing.id)?.querySelector("a") ?? closing).focus({ preventScroll: true });
      closing = null;
    } else if (stay) {
      stay = false;
    } else if (!target.matches(".view, .layer, .charts, .method, #main")) {
      if (target.matches("td, tr, .workaround, .chart")) target.classList.add("found");
      target.scrollIntoView({ block: target.matches("td, tr") ? "center" : "start", behavior: "instant" });
    } else if (before !== state.anchor) {
      window.scrollTo({ top: 0, behavior: "instant" });
    }
  }

  function current(link, is) {
    if (is) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }

  /** Of several sections show one, and mark its link. */
  function showOnly(selector, wanted, view) {
    const sections = all(selector);
    const shown = sections.includes(wanted) ? wanted : sections[0];
    for (const section of sections) section.hidden = section !== shown;
    for (const link of all(`#${view} .pick-layer a`)) current(link, link.hash.slice(1).split("?")[0] === shown?.id);
  }

  // ---- controls -------------------------------------------------------------------------------
  document.documentElement.classList.add("js");
  one("#costs-plain")?.remove();
  for (const part of all("#costs-live, #cost-pickers, #compare-pickers, #fault-pickers, #choose, #theme")) part.hidden = false;
  const checked = (form, name) => all(`input[name=${name}]:checked`, form).map((box) => box.value).join(",");
  const changes = {
    db: (value) => ({ db: value, run: "", tasks: "" }),
    costs_db: (value) => ({ db: value, run: "", tasks: "" }),
    compare_db: (value) => ({ db: value, run: "", tasks: "" }),
    run: (value) => ({ run: value, tasks: "" }),
    op: (value) => ({ op: value, anchor: "compare" }),
    layer: (value) => ({ layer: value, fault: value ? "all" : "" }),
    on: (_, form) => ({ on: checked(form, "on"), need: checked(form, "need") }),
    need: (_, form) => changes.on(_, form),
  };
  for (const form of all("form")) {
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("change", ({ target }) => {
      const anchor = views.find((found) => !found.hidden).id;
      const changed = (changes[target.name] ?? ((value) => ({ [target.name]: value })))(target.value, form);
      // What is chosen must not move away under the reader's hand.
      stay = address({ ...state, anchor, ...changed }) !== location.hash;
      go({ anchor, ...changed });
    });
  }
  // Links to places in the page keep the filters.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#"]');
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.classList.contains("skip")) return;
    event.preventDefault();
    if (link.closest(".nothing") || link.id === "no-filters") {
      go({ anchor: views.find((found) => !found.hidden).id, db: "", python: "", kind: "", fresh: "", run: "", tasks: "", fault: "", layer: "" });
      return;
    }
    const [anchor, query = ""] = link.getAttribute("href").slice(1).split(/\?(.*)/s);
    const next = address({ ...state, anchor: decodeURIComponent(anchor), ...Object.fromEntries(new URLSearchParams(query)) });
    if (next === location.hash) show();
    else location.hash = next;
  });

  document.addEventListener("toggle", ({ target }) => {
    if (target.open && target.dataset.cases !== undefined) fillCases(target);
  }, true);

  const THEMES = { "": "as the system", light: "light", dark: "dark" };
  const themeButton = one("#theme");
  function theme(value, keep) {
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
    themeButton.textContent = `Theme: ${THEMES[value]}`;
    try { if (keep) localStorage.setItem("bakeoff-theme", value); } catch { /* no storage here: it lasts as long as the page */ }
  }
  let remembered = "";
  try { remembered = localStorage.getItem("bakeoff-theme") ?? ""; } catch { /* the system's, then */ }
  theme(remembered in THEMES ? remembered : "", false);
  themeButton.addEventListener("click", () => {
    const order = Object.keys(THEMES);
    theme(order[(order.indexOf(document.documentElement.dataset.theme ?? "") + 1) % order.length], true);
  });

  if (matchMedia("(max-width: 760px)").matches) one("#filters details").open = false;
  window.addEventListener("hashchange", show);
  show();
}
