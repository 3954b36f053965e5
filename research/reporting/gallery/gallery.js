"use strict";
// Finds, filters and orders what the page already holds. Without it everything is listed.
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const fields = ["search", "fund", "notebook", "status", "sort"];
  const items = all("[data-search]").map((node) => ({ node, ...node.dataset, row: node.tagName === "TR" }));
  const sections = all("main section").map((node) => ({
    node,
    count: node.querySelector(".count"),
    own: items.filter((item) => node.contains(item.node)),
  }));
  const tables = all("table").map((node) => ({
    body: node.tBodies[0],
    heads: all("thead th", node),
    rows: Array.from(node.tBodies[0].rows),
  }));
  const rows = items.filter((item) => item.row).length;
  const compare = new Intl.Collator("en", { numeric: true }).compare;
  let down = false;

  function filter() {
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = ["fund", "notebook", "status"].map((name) => [name, $(name).value]).filter(([, value]) => value);
    let shown = 0;
    for (const item of items) {
      const fits = wanted.every(([name, value]) => item[name] === value) && words.every((w) => item.search.includes(w));
      item.node.hidden = !fits;
      shown += fits && item.row ? 1 : 0;
    }
    for (const section of sections) {
      const fit = section.own.filter((item) => !item.node.hidden).length;
      section.node.hidden = fit === 0;
      section.count.textContent = fit === section.own.length ? `${fit}` : `${fit} of ${section.own.length}`;
    }
    $("nothing").hidden = shown > 0;
    $("found").textContent = shown === rows ? `All ${rows} reports` : `${shown} of ${rows} reports`;
  }

  function order() {
    const key = $("sort").value;
    $("direction").disabled = !key;
    $("direction").setAttribute("aria-pressed", String(down));
    for (const table of tables) {
      const at = key ? table.heads.findIndex((head) => head.dataset.key === key) : -1;
      for (const head of table.heads) {
        if (head.dataset.key) head.setAttribute("aria-sort", "none");
      }
      if (at >= 0) table.heads[at].setAttribute("aria-sort", down ? "descending" : "ascending");
      const wanted = at >= 0 ? ordered(table, at) : table.rows;
      if (wanted.some((row, place) => row !== table.body.rows[place])) table.body.append(...wanted);
    }
  }

  function ordered(table, at) {
    const numeric = table.heads[at].dataset.kind === "number";
    const keyed = table.rows.map((row, place) => {
      const text = row.cells[at].dataset.value ?? row.cells[at].textContent.trim();
      return { row, place, text, value: numeric ? Number(text) : text };
    });
    // What has no value stands last in both directions; equals keep the order of the batch.
    return keyed
      .sort((a, b) => {
        if (!a.text || !b.text) return Number(!a.text) - Number(!b.text) || a.place - b.place;
        const sign = numeric ? a.value - b.value : compare(a.text, b.text);
        return (down ? -sign : sign) || a.place - b.place;
      })
      .map((entry) => entry.row);
  }

  // The state stands in the address, so that a view can be kept, sent and come back to.
  function remember() {
    const state = new URLSearchParams();
    for (const name of fields) {
      if ($(name).value) state.set(name, $(name).value);
    }
    if (down && $("sort").value) state.set("order", "down");
    history.replaceState(null, "", `#${state}`);
  }

  function recall() {
    const state = new URLSearchParams(location.hash.slice(1));
    for (const name of fields) {
      const field = $(name);
      const value = state.get(name) ?? "";
      const known = field.tagName !== "SELECT" || Array.from(field.options).some((option) => option.value === value);
      field.value = known ? value : "";
    }
    down = state.get("order") === "down";
    filter();
    order();
  }

  function clear() {
    for (const name of fields) $(name).value = "";
    down = false;
    filter();
    order();
    remember();
    $("search").focus();
  }

  function sortBy(key) {
    down = $("sort").value === key && !down;
    $("sort").value = key;
    order();
    remember();
  }

  // A jump inside the page must not cost the state.
  function jump(event) {
    const link = event.target.closest('a[href^="#"]');
    const target = link && $(link.getAttribute("href").slice(1));
    if (!target) return;
    event.preventDefault();
    target.scrollIntoView();
    target.focus();
  }

  function press(event) {
    const inField = event.target.closest("input, select, textarea");
    if (event.key === "/" && !inField && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      $("search").focus();
      $("search").select();
    } else if (event.key === "Escape" && event.target === $("search") && $("search").value) {
      event.preventDefault();
      $("search").value = "";
      filter();
      remember();
    }
  }

  for (const head of tables.flatMap((table) => table.heads)) {
    if (!head.dataset.key) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(head.dataset.key));
    head.append(button);
  }
  for (const name of ["search", "fund", "notebook", "status"]) {
    $(name).addEventListener("input", () => {
      filter();
      remember();
    });
  }
  $("sort").addEventListener("input", () => {
    order();
    remember();
  });
  $("direction").addEventListener("click", () => {
    down = !down;
    order();
    remember();
  });
  $("clear").addEventListener("click", clear);
  document.addEventListener("click", jump);
  document.addEventListener("keydown", press);
  addEventListener("hashchange", recall);
  $("controls").hidden = false;
  recall();
})();
