// The filter over all events: its state stands in the address, and the numbers are those of the events' own pages.
(function () {
  "use strict";
  var entries = window.AFTERSHOCK_EVENTS || [];
  var form = document.getElementById("event-filter"), list = document.getElementById("event-list");
  var found = document.getElementById("events-found"), SHOWN = 100;
  var NAMES = ["words", "token", "kind", "provider", "relevance", "from", "to", "size", "only", "sort"];
  if (!form || !list) return;

  function fold(text) { return text.toLowerCase().normalize("NFD").replace(/[\u0300-\u036f]/g, ""); }

  // Text nodes only: a title is never parsed as markup.
  function add(parent, name, text) {
    var node = document.createElement(name);
    node.textContent = text;
    parent.appendChild(node);
    return node;
  }

  function percent(value) {
    var text = (Math.abs(value) * 100).toFixed(1);
    return (text === "0.0" ? "" : value < 0 ? "\u2212" : "+") + (text === "0.0" ? "0" : text + "%");
  }

  function state() {
    var chosen = {};
    NAMES.forEach(function (name) { if (form.elements[name].value) chosen[name] = form.elements[name].value; });
    return chosen;
  }

  // With a token chosen, its own return counts; else that of the token the event's page leads with.
  function sizeOf(entry, token) {
    if (!token) return entry.size;
    return entry.sizes[token] === undefined ? null : entry.sizes[token];
  }

  function passes(entry, chosen, words) {
    var size = sizeOf(entry, chosen.token);
    if (chosen.token && size === null) return false;
    if (chosen.kind && entry.kind !== chosen.kind) return false;
    if (chosen.provider && entry.provider !== chosen.provider) return false;
    // Until another choice is made, what matters little to the tokens waits.
    if (!chosen.relevance && entry.relevance === "low") return false;
    if (chosen.relevance && chosen.relevance !== "all" && entry.relevance !== chosen.relevance) return false;
    if (chosen.from && entry.date < chosen.from) return false;
    if (chosen.to && entry.date > chosen.to) return false;
    if (chosen.size && !(size !== null && Math.abs(size) * 100 >= Number(chosen.size))) return false;
    if (chosen.only === "measured" && size === null) return false;
    if (chosen.only === "outside" && !(chosen.token ? entry.outside.indexOf(chosen.token) >= 0 : entry.outside.length)) return false;
    var text = fold([entry.title, entry.kind, entry.provider].join(" "));
    return words.every(function (word) { return text.indexOf(word) >= 0; });
  }

  function order(chosen) {
    return function (a, b) {
      if (chosen.sort === "oldest") return a.date < b.date ? -1 : a.date > b.date ? 1 : 0;
      if (chosen.sort === "title") return a.title.localeCompare(b.title);
      if (chosen.sort === "size") return Math.abs(sizeOf(b, chosen.token) || 0) - Math.abs(sizeOf(a, chosen.token) || 0);
      return a.date < b.date ? 1 : a.date > b.date ? -1 : 0;
    };
  }

  function line(entry, chosen) {
    var size = sizeOf(entry, chosen.token), token = chosen.token || entry.token;
    var measured = size === null ? "not measured" : token + " " + percent(size) + " beyond the benchmark in 24 h";
    var outside = entry.outside.length ? "outside: " + entry.outside.join(", ") : "";
    return [entry.date, entry.kind, entry.provider, measured, outside].filter(Boolean).join(" \u00b7 ");
  }

  function show() {
    var chosen = state(), words = fold(chosen.words || "").split(/\s+/).filter(Boolean);
    var hits = entries.filter(function (entry) { return passes(entry, chosen, words); }).sort(order(chosen));
    list.textContent = "";
    hits.slice(0, SHOWN).forEach(function (entry) {
      var item = add(list, "li", ""), link = add(item, "a", entry.title);
      link.href = entry.path;
      add(item, "br", "");
      add(item, "span", line(entry, chosen)).className = "why";
    });
    found.textContent = !hits.length ? "No event passes. Take a condition away."
      : hits.length > SHOWN ? "The first " + SHOWN + " of " + hits.length + " events." : hits.length + (hits.length === 1 ? " event." : " events.");
    var query = new URLSearchParams(chosen).toString();
    history.replaceState(null, "", query ? "?" + query : location.pathname);
  }

  new URLSearchParams(location.search).forEach(function (value, name) {
    if (NAMES.indexOf(name) >= 0) form.elements[name].value = value;
  });
  form.hidden = false;
  form.addEventListener("input", show);
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  show();
})();
